"""What a stack shows to browsers: from buckets that nobody else reads, over TLS, with security headers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from stacks.policies.graph import BUCKET, BUCKET_POLICY, DISTRIBUTION, HEADERS_POLICY, PRIVACY, Resource
from stacks.policies.rule import ResourceRule, StackRule

BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
ENCRYPTED: Final = frozenset({"https-only", "redirect-to-https"})
LEAST_HSTS_SECONDS: Final = 31_536_000
"""A year: https://hstspreload.org"""


def buckets_are_private(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Every bucket blocks public access, and refuses what comes in the clear."""
    blocked = [one.props["bucket"] for one in resources if one.type == PRIVACY and all(map(one.props.get, BLOCKS))]
    encrypted = [one.props["bucket"] for one in resources if one.type == BUCKET_POLICY and _refuses_clear_text(one)]
    for bucket in resources:
        if bucket.type == BUCKET:
            names = {bucket.props.get("id"), bucket.props.get("bucket")}
            if names.isdisjoint(blocked):
                yield bucket, "it may become public; give it a BucketPublicAccessBlock with all four switches"
            if names.isdisjoint(encrypted):
                yield bucket, "it answers in the clear; give it a policy that denies all without aws:SecureTransport"


def readers_are_named(resource: Resource) -> Iterator[str]:
    """A bucket lets in one resource of a service, and never everybody."""
    for statement in _statements(resource):
        principal = statement.get("Principal")
        conditions: Mapping[str, Any] = statement.get("Condition", {}).get("StringEquals", {})
        named = any(key.lower() == "aws:sourcearn" for key in conditions)
        if statement.get("Effect") == "Allow" and not (isinstance(principal, dict) and named):
            yield f"{json.dumps(principal)} may read it; let in one resource of a service, by its AWS:SourceArn"


def pages_are_guarded(resource: Resource) -> Iterator[str]:
    """A distribution shows nothing in the clear, and a bucket only signed for and with headers."""
    buckets: set[str] = set()
    for origin in resource.props.get("origins") or ():
        if not origin.get("customOriginConfig"):
            buckets.add(origin["originId"])
            if not origin.get("originAccessControlId"):
                yield f"it reads {origin['originId']} as anybody does; give the origin an access control"
    first = resource.props.get("defaultCacheBehavior")
    for behavior in (*([first] if first else []), *(resource.props.get("orderedCacheBehaviors") or ())):
        where = behavior.get("pathPattern", "everything else")
        if behavior.get("viewerProtocolPolicy") not in ENCRYPTED:
            yield f"it shows {where} in the clear; set viewerProtocolPolicy to redirect-to-https"
        if behavior.get("targetOriginId") in buckets and not behavior.get("responseHeadersPolicyId"):
            yield f"it shows {where} without security headers; give the behavior a ResponseHeadersPolicy"


def headers_are_strict(resource: Resource) -> Iterator[str]:
    """Headers allow a page no code but its own, and no way but TLS."""
    policy = resource.at("securityHeadersConfig", "contentSecurityPolicy", "contentSecurityPolicy") or ""
    if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy or "unsafe" in policy:
        yield f"its policy is {policy!r}; begin with default-src 'none', add frame-ancestors 'none' and nothing unsafe"
    if (resource.at("securityHeadersConfig", "strictTransportSecurity", "accessControlMaxAgeSec") or 0) < (
        LEAST_HSTS_SECONDS
    ):
        yield f"a browser may ask in the clear; set strictTransportSecurity to {LEAST_HSTS_SECONDS} seconds or more"


def _refuses_clear_text(policy: Resource) -> bool:
    return any(
        one.get("Effect") == "Deny"
        and one.get("Principal") == "*"
        and one.get("Action") == "s3:*"
        and one.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for one in _statements(policy)
    )


def _statements(policy: Resource) -> Sequence[Mapping[str, Any]]:
    return json.loads(policy.props["policy"])["Statement"]


_CLOUDFRONT = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide"
RULES: Final = (
    StackRule(
        "private-buckets",
        "No bucket is public, and none answers in the clear.",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
        buckets_are_private,
    ),
    ResourceRule(
        "named-readers",
        "A bucket is read by one resource of a service.",
        f"{_CLOUDFRONT}/private-content-restricting-access-to-s3.html",
        frozenset({BUCKET_POLICY}),
        readers_are_named,
    ),
    ResourceRule(
        "guarded-pages",
        "A distribution shows pages over TLS, with security headers.",
        f"{_CLOUDFRONT}/using-https-viewers-to-cloudfront.html",
        frozenset({DISTRIBUTION}),
        pages_are_guarded,
    ),
    ResourceRule(
        "strict-headers",
        "The headers of a page allow no foreign code.",
        f"{_CLOUDFRONT}/understanding-response-headers-policies.html",
        frozenset({HEADERS_POLICY}),
        headers_are_strict,
    ),
)
