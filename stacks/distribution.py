"""A CloudFront distribution as this project makes one: TLS alone, HTTP/2 and HTTP/3, everywhere, under a name or none.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-values-specify.html
"""

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_aws as aws

from stacks.arguments import Domain
from stacks.domain_records import alias_records

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_DISABLED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
MINIMUM_TLS: Final = "TLSv1.2_2021"


def distribution(
    name: str,
    *,
    origin: aws.cloudfront.DistributionOriginArgs,
    behavior: aws.cloudfront.DistributionDefaultCacheBehaviorArgs,
    other_behaviors: Sequence[aws.cloudfront.DistributionOrderedCacheBehaviorArgs] = (),
    error_responses: Sequence[aws.cloudfront.DistributionCustomErrorResponseArgs] = (),
    root: str | None = None,
    domain: Domain | None = None,
    web_acl_arn: pulumi.Input[str] | None = None,
    wait: bool = True,
    opts: pulumi.ResourceOptions,
) -> aws.cloudfront.Distribution:
    """A distribution before one origin, with the records of its domain; `root` is the file that `/` stands for.

    Without `wait` a deployment goes on before every edge location has heard of it, which takes some minutes.
    """
    made = aws.cloudfront.Distribution(
        name,
        enabled=True,
        is_ipv6_enabled=True,
        http_version="http2and3",
        web_acl_id=web_acl_arn,
        aliases=None if domain is None else [domain["name"]],
        default_root_object=root,
        origins=[origin],
        default_cache_behavior=behavior,
        ordered_cache_behaviors=other_behaviors or None,
        custom_error_responses=error_responses or None,
        restrictions=aws.cloudfront.DistributionRestrictionsArgs(
            geo_restriction=aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
        ),
        viewer_certificate=_certificate(domain),
        wait_for_deployment=None if wait else False,
        opts=opts,
    )
    if domain is not None:
        alias_records(
            f"{name}-record",
            domain,
            target=made.domain_name,
            target_zone_id=made.hosted_zone_id,
            types=("A", "AAAA"),
            opts=opts,
        )
    return made


def _certificate(domain: Domain | None) -> aws.cloudfront.DistributionViewerCertificateArgs:
    if domain is None:
        # For its own names CloudFront chooses the oldest TLS itself, and takes TLS 1.0.
        return aws.cloudfront.DistributionViewerCertificateArgs(cloudfront_default_certificate=True)
    return aws.cloudfront.DistributionViewerCertificateArgs(
        acm_certificate_arn=domain["certificate_arn"],
        minimum_protocol_version=MINIMUM_TLS,
        ssl_support_method="sni-only",
    )
