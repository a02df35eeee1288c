"""The web page on AWS: a private bucket that nobody but its CloudFront distribution reads, and the files in it.

Two components, because the APIs come between them: they let in the origin of the distribution, and the files name the
hosts of the APIs (docs/adr/0030-the-page-carries-its-own-policy.md).
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict, cast

import pulumi
import pulumi_aws as aws

from shared.contract.page import (
    ASSETS,
    CONFIGURATION,
    HEADERS,
    INDEX,
    NoPage,
    cache_control,
    configuration,
    with_policy,
)
from stacks.arguments import Domain
from stacks.distribution import CACHING_DISABLED, distribution
from stacks.errors import PackageError
from stacks.private_bucket import Values, keep_private

ORIGIN: Final = "bucket"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHING_OPTIMIZED: Final = "658327ea-f89d-4fab-a63d-7e88639e58f6"
HTTPS_ALONE_SECONDS: Final = 63_072_000
"""Two years in which a browser asks for the page over TLS alone: what https://hstspreload.org recommends."""
READING: Final = ("GET", "HEAD")
CONTENT_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""By the ending of a file; what a machine believes of endings is another matter on each."""


class WebPageArgs(TypedDict):
    """Arguments of `WebPage`."""

    domain: NotRequired[Domain]
    """A domain name for the page; its certificate is in us-east-1. By default CloudFront's own."""


class WebPage(pulumi.ComponentResource):
    """A private bucket, and a CloudFront distribution that shows it with security headers."""

    origin: pulumi.Output[str]
    """What a browser calls the page in `Origin`: scheme and host, which the APIs have to let in."""
    url: pulumi.Output[str]
    """The `https://` address of the page, with a trailing slash."""
    target: pulumi.Output[str]
    """The distribution's own host: what a record of the domain has to name."""
    bucket_name: pulumi.Output[str]
    """The bucket that gets the files."""

    def __init__(self, name: str, args: WebPageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:WebPage", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        # Nothing in it is anybody's data: all of it can be written again.
        bucket = aws.s3.Bucket(f"{name}-files", force_destroy=True, opts=child)
        aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        access = aws.cloudfront.OriginAccessControl(
            f"{name}-access",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=child,
        )
        headers = _headers(f"{name}-headers", child)
        domain = args.get("domain")
        made = distribution(
            name,
            origin=aws.cloudfront.DistributionOriginArgs(
                origin_id=ORIGIN,
                domain_name=bucket.bucket_regional_domain_name,
                origin_access_control_id=access.id,
            ),
            behavior=aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
                target_origin_id=ORIGIN,
                viewer_protocol_policy="redirect-to-https",
                allowed_methods=READING,
                cached_methods=READING,
                # A page that is a minute old names files and addresses of before.
                cache_policy_id=CACHING_DISABLED,
                response_headers_policy_id=headers.id,
            ),
            other_behaviors=[
                aws.cloudfront.DistributionOrderedCacheBehaviorArgs(
                    path_pattern=f"/{ASSETS}*",
                    target_origin_id=ORIGIN,
                    viewer_protocol_policy="redirect-to-https",
                    allowed_methods=READING,
                    cached_methods=READING,
                    cache_policy_id=CACHING_OPTIMIZED,
                    response_headers_policy_id=headers.id,
                    compress=True,
                )
            ],
            root=INDEX,
            domain=domain,
            # Its host is known at once, and the APIs wait for nothing else.
            wait=False,
            opts=child,
        )
        keep_private(name, bucket, child, allowed=[pulumi.Output.all(bucket.arn, made.arn).apply(_read_by)])
        self.origin = pulumi.Output.concat("https://", made.domain_name if domain is None else domain["name"])
        self.url = pulumi.Output.concat(self.origin, "/")
        self.target = made.domain_name
        self.bucket_name = bucket.bucket
        self.register_outputs(
            {"origin": self.origin, "url": self.url, "target": self.target, "bucket_name": self.bucket_name}
        )


class WebPageFilesArgs(TypedDict):
    """Arguments of `WebPageFiles`."""

    bucket_name: pulumi.Input[str]
    """The bucket of a `WebPage`."""
    folder: str
    """The folder with the page, as `stacks.packages.page` builds it. A plain value: Pulumi needs the names of the files
    before any resource is made."""
    outputs: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """The outputs of the stack that the page is for. What its users need of them is public."""


class WebPageFiles(pulumi.ComponentResource):
    """The files of a page, what it has to know of its stack, and last of all the page that names them.

    A file that is named after its content stays in the bucket when the program names it no longer: a browser may still
    have the page of before.
    """

    def __init__(self, name: str, args: WebPageFilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:WebPageFiles", name, {}, opts)
        folder, bucket_name = Path(args["folder"]), args["bucket_name"]
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        index = files.pop(INDEX, None)
        if index is None:
            raise PackageError(f"{folder} has no {INDEX}; give the folder of a page that was built.")
        page, outputs = index.read_text(encoding="utf-8"), pulumi.Output.from_input(args["outputs"])
        try:
            with_policy(page, {})
        except NoPage as error:
            raise PackageError(f"{error}; the page in {folder} would go out without one.") from None

        def put(path: str, opts: pulumi.ResourceOptions, **of: Any) -> pulumi.Resource:
            return aws.s3.BucketObjectv2(
                f"{name}-{path}",
                bucket=bucket_name,
                key=path,
                content_type=_content_type(path),
                cache_control=cache_control(path),
                opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(parent=self), opts),
                **of,
            )

        stays = pulumi.ResourceOptions(retain_on_delete=True)
        others = [
            put(
                path, stays if path.startswith(ASSETS) else pulumi.ResourceOptions(), source=pulumi.FileAsset(str(file))
            )
            for path, file in files.items()
        ]
        told = outputs.apply(lambda known: configuration(cast("Mapping[str, str]", known)))
        others.append(put(CONFIGURATION, pulumi.ResourceOptions(), content=pulumi.Output.json_dumps(told)))
        put(
            INDEX,
            pulumi.ResourceOptions(depends_on=others),
            content=outputs.apply(lambda known: with_policy(page, cast("Mapping[str, str]", known))),
        )
        self.register_outputs({})


def _headers(name: str, opts: pulumi.ResourceOptions) -> aws.cloudfront.ResponseHeadersPolicy:
    """What `shared.contract.page` says for every server of the page, and that it is asked for over TLS alone."""
    others = dict(HEADERS)
    security = aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs(
        content_security_policy=aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicyArgs(
            content_security_policy=others.pop("content-security-policy"), override=True
        ),
        referrer_policy=aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs(
            referrer_policy=others.pop("referrer-policy"), override=True
        ),
        content_type_options=aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs(
            override=bool(others.pop("x-content-type-options"))
        ),
        strict_transport_security=aws.cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs(
            access_control_max_age_sec=HTTPS_ALONE_SECONDS, override=True
        ),
    )
    return aws.cloudfront.ResponseHeadersPolicy(
        name,
        security_headers_config=security,
        custom_headers_config=aws.cloudfront.ResponseHeadersPolicyCustomHeadersConfigArgs(
            items=[
                aws.cloudfront.ResponseHeadersPolicyCustomHeadersConfigItemArgs(
                    header=header, value=value, override=True
                )
                for header, value in others.items()
            ]
        ),
        opts=opts,
    )


def _read_by(arns: list[str]) -> Values:
    bucket_arn, distribution_arn = arns
    return {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"{bucket_arn}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
    }


def _content_type(path: str) -> str:
    ending = Path(path).suffix
    try:
        return CONTENT_TYPES[ending]
    except KeyError:
        raise PackageError(
            f"The page has a file {path}, and nobody has said what {ending or 'that'} is: add it to CONTENT_TYPES in "
            "stacks/web_page.py."
        ) from None
