"""What keeps a bucket private: no public access by any way, and answers over TLS alone.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
import pulumi_aws as aws

from stacks.iam import POLICY_VERSION

Values = Mapping[str, object]


def keep_private(
    name: str,
    bucket: aws.s3.Bucket,
    opts: pulumi.ResourceOptions,
    *,
    allowed: Sequence[pulumi.Input[Values]] = (),
) -> aws.s3.BucketPolicy:
    """Block public access to `bucket`, and let in encrypted requests alone. `allowed` are statements of its policy."""
    blocked = aws.s3.BucketPublicAccessBlock(
        f"{name}-privacy",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )

    def document(resolved: list[Any]) -> str:
        arn, *statements = resolved
        everyone = [tls_alone(arn), *cast("list[Values]", statements)]
        return json.dumps({"Version": POLICY_VERSION, "Statement": everyone}, separators=(",", ":"))

    return aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.id,
        policy=pulumi.Output.all(bucket.arn, *allowed).apply(document),
        # S3 changes one of the two at a time.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[blocked])),
    )


def tls_alone(bucket_arn: str) -> Values:
    """The statement that a bucket answers encrypted requests alone."""
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
