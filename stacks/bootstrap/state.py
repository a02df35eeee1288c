"""Where Pulumi keeps the state of all stacks, and the keys of the secrets in it.

https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3
"""

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_aws as aws

from stacks.bootstrap.documents import Values, allow
from stacks.bootstrap.named_stacks import PROJECT, Stacks
from stacks.private_bucket import keep_private

DELETED_AFTER_DAYS: Final = 30
"""The longest time that AWS waits before it deletes a key: nothing reads what the key has encrypted afterwards."""
# https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/store.go
OBJECTS: Final = (
    ".pulumi/stacks/{project}/{name}.*",
    ".pulumi/locks/organization/{project}/{name}/*",
    ".pulumi/history/{project}/{name}/*",
    ".pulumi/backups/{project}/{name}/*",
    ".pulumi/journal/{project}/{name}/*",
)
"""What Pulumi writes of a stack."""
CHECKPOINT: Final = OBJECTS[0]
META: Final = ".pulumi/meta.yaml"
"""Which layout the bucket has. Pulumi reads it at each login."""
DECRYPT: Final = ("kms:Decrypt",)


class State(pulumi.ComponentResource):
    """A bucket that keeps every version of every state, encrypted with a key of its own."""

    bucket: pulumi.Output[str]
    """Name of the bucket."""
    key_arn: pulumi.Output[str]
    """The key with which S3 encrypts it."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:bootstrap:State", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = secrets_key(f"{name}-key", "Encrypts the state of Pulumi stacks", child)
        bucket = aws.s3.Bucket(f"{PROJECT}-{name}", opts=pulumi.ResourceOptions(parent=self, protect=True))
        aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.id,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=key.arn
                    ),
                    bucket_key_enabled=True,
                )
            ],
            opts=child,
        )
        keep_private(name, bucket, child)
        self.bucket = bucket.bucket
        self.key_arn = key.arn
        self.register_outputs({"bucket": self.bucket, "key_arn": self.key_arn})


def secrets_key(name: str, description: str, opts: pulumi.ResourceOptions) -> aws.kms.Key:
    """A key that AWS renews each year, and that Pulumi refuses to delete."""
    return aws.kms.Key(
        name,
        description=description,
        enable_key_rotation=True,
        deletion_window_in_days=DELETED_AFTER_DAYS,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=True)),
    )


def using_state(
    stacks: Stacks, bucket: str, bucket_key: str, own_key: str, read: Sequence[str], decrypt: Sequence[str]
) -> list[Values]:
    """What Pulumi needs of the state: all of `stacks`, and to read the checkpoints of the stacks `read`.

    `decrypt` are the keys of their secrets: a stack reference decrypts the whole checkpoint that it reads
    (pulumi/pulumi#11109).
    """
    arn = f"arn:aws:s3:::{bucket}"
    through_s3: Values = {"StringEquals": {"kms:ViaService": f"s3.{stacks.region}.amazonaws.com"}}
    seen = [f"{arn}/{META}", *(f"{arn}/{CHECKPOINT.format(project=PROJECT, name=name)}" for name in read)]
    written = [f"{arn}/{path.format(project=PROJECT, name=stacks.name)}" for path in OBJECTS]
    return [
        allow(["s3:ListBucket"], [arn]),
        allow(["s3:GetObject"], seen),
        allow(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], written),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], [bucket_key], through_s3),
        allow(["kms:Decrypt", "kms:Encrypt"], [own_key]),
        *([allow(DECRYPT, decrypt)] if decrypt else []),
    ]
