"""A function URL's own domain name: CloudFront in front of it, with a secret that the function asks for.

Lambda has no domain names for function URLs. The distribution keeps nothing, buffers nothing, and changes one header:
see docs/adr/0025-cloudfront-shows-a-secret-to-the-function-url.md.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistS3AndCustomOrigins.html
"""

from pathlib import Path
from typing import Final, NotRequired, TypedDict
from urllib.parse import urlsplit

import pulumi
import pulumi_aws as aws

from stacks.arguments import Domain
from stacks.distribution import CACHING_DISABLED, distribution

CODE: Final = Path(__file__).resolve().parents[1] / "handlers" / "function_url" / "cloudfront" / "origin_secret.js"
RUNTIME: Final = "cloudfront-js-2.0"
"""The first that reads a key value store."""
ORIGIN: Final = "function-url"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
ALL_VIEWER_EXCEPT_HOST_HEADER: Final = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""Lambda finds the function by its own host name."""
ORIGIN_READ_TIMEOUT_SECONDS: Final = 60
"""Longest silence before and within an answer; a stream says at least every 15 seconds that it is alive.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html"""
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""CloudFront takes two, three or all seven."""
KEPT_ERRORS: Final = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
"""Answers that CloudFront keeps for ten seconds unless it is told otherwise, whoever asks next.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html"""


class FunctionUrlDomainArgs(TypedDict):
    """Arguments of `FunctionUrlDomain`."""

    url: pulumi.Input[str]
    """The function URL, of auth type NONE. The function asks for the secret of the key value store."""
    domain: Domain
    """The name; its certificate is in us-east-1."""
    web_acl_arn: NotRequired[pulumi.Input[str]]
    """ARN of a global web ACL of AWS WAF, whose rules each request passes before it reaches the function."""


class FunctionUrlDomain(pulumi.ComponentResource):
    """A CloudFront distribution with a domain name, which shows a secret to the function URL behind it.

    The secret comes from a key value store under the key `origin-secret`, where a person puts it.
    """

    url: pulumi.Output[str]
    """The `https://` URL that clients use, with a trailing slash."""
    target: pulumi.Output[str]
    """The distribution's own host: what a record of the domain has to name."""
    key_value_store_arn: pulumi.Output[str]
    """ARN of the store that gets the secret."""

    def __init__(self, name: str, args: FunctionUrlDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:FunctionUrlDomain", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        domain = args["domain"]
        store = aws.cloudfront.KeyValueStore(f"{name}-store", opts=child)
        add_secret = aws.cloudfront.Function(
            f"{name}-secret",
            runtime=RUNTIME,
            code=CODE.read_text(encoding="utf-8"),
            key_value_store_associations=[store.arn],
            publish=True,
            opts=child,
        )
        made = distribution(
            name,
            origin=aws.cloudfront.DistributionOriginArgs(
                origin_id=ORIGIN,
                domain_name=pulumi.Output.from_input(args["url"]).apply(_host),
                custom_origin_config=aws.cloudfront.DistributionOriginCustomOriginConfigArgs(
                    http_port=80,
                    https_port=443,
                    origin_protocol_policy="https-only",
                    origin_ssl_protocols=["TLSv1.2"],
                    origin_read_timeout=ORIGIN_READ_TIMEOUT_SECONDS,
                ),
            ),
            behavior=aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
                target_origin_id=ORIGIN,
                # A redirect would come after the token has travelled in the clear.
                viewer_protocol_policy="https-only",
                allowed_methods=METHODS,
                cached_methods=["GET", "HEAD"],
                cache_policy_id=CACHING_DISABLED,
                origin_request_policy_id=ALL_VIEWER_EXCEPT_HOST_HEADER,
                # CloudFront would collect what it compresses.
                compress=False,
                function_associations=[
                    aws.cloudfront.DistributionDefaultCacheBehaviorFunctionAssociationArgs(
                        event_type="viewer-request", function_arn=add_secret.arn
                    )
                ],
            ),
            error_responses=[
                aws.cloudfront.DistributionCustomErrorResponseArgs(error_code=status, error_caching_min_ttl=0)
                for status in KEPT_ERRORS
            ],
            web_acl_arn=args.get("web_acl_arn"),
            domain=domain,
            opts=child,
        )
        self.url = pulumi.Output.concat("https://", domain["name"], "/")
        self.target = made.domain_name
        self.key_value_store_arn = store.arn
        self.register_outputs({"url": self.url, "target": self.target, "key_value_store_arn": self.key_value_store_arn})


def _host(url: str) -> str:
    return urlsplit(url).netloc
