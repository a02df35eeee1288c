"""What a stack keeps: encrypted, for a time that somebody has chosen, and without what was said."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from stacks.policies.graph import BUCKET, FUNCTION, GRAPHQL_API, LOG_GROUP, STAGE, TABLE, Resource
from stacks.policies.rule import ResourceRule

ENCRYPTION_SWITCHES: Final[Mapping[str, tuple[str, ...]]] = {
    TABLE: (),
    LOG_GROUP: (),
    FUNCTION: (),
    "aws:cognito/userPool:UserPool": (),
    "aws:secretsmanager/secret:Secret": (),
    BUCKET: (),
    # With AWS's key for SNS, CloudWatch cannot publish; the topic has SNS's own disk encryption:
    # https://docs.aws.amazon.com/sns/latest/dg/sns-data-encryption.html
    "aws:sns/topic:Topic": (),
    "aws:sqs/queue:Queue": ("sqsManagedSseEnabled", "kmsMasterKeyId"),
    "aws:efs/fileSystem:FileSystem": ("encrypted",),
    "aws:rds/instance:Instance": ("storageEncrypted",),
    "aws:rds/cluster:Cluster": ("storageEncrypted",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("atRestEncryptionEnabled",),
    "aws:kinesis/stream:Stream": ("encryptionType",),
}
"""A type that keeps data → the inputs of which one has to be set; none where AWS always encrypts."""
VALUES_OF_SECRETS: Final = frozenset(
    {
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:cloudfront/keyvaluestoreKey:KeyvaluestoreKey",
        "aws:cloudfront/keyvaluestoreKeysExclusive:KeyvaluestoreKeysExclusive",
    }
)
"""The types of which one would hold the value of a secret."""
SECRET_NAME: Final = re.compile(r"(^|_)(SECRET|SECRET_KEY|PASSWORD|API_KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS|TOKEN)$")
SAFE_SCHEMES: Final = frozenset({"", "https", "wss", "arn"})


def encrypted_at_rest(resource: Resource) -> Iterator[str]:
    """What AWS encrypts only when it is told to is told so."""
    switches = ENCRYPTION_SWITCHES[resource.type]
    if switches and all(resource.props.get(switch) in (None, False, "", "NONE") for switch in switches):
        yield f"it keeps data that is not encrypted; set {' or '.join(switches)}"


def encrypted_in_transit(resource: Resource) -> Iterator[str]:
    """A function is told no address that it would speak to in the clear."""
    for name, value in resource.variables.items():
        if "://" in value and urlsplit(value).scheme not in SAFE_SCHEMES and name not in _NAMES_OF_OTHERS:
            yield f"{name} is {value}; give an https:// address"


def logs_expire(resource: Resource) -> Iterator[str]:
    """CloudWatch keeps logs for ever unless it is told otherwise; 0 is for ever, too."""
    if not resource.props.get("retentionInDays"):
        yield "its logs are kept for ever; set retentionInDays"


def items_expire(resource: Resource) -> Iterator[str]:
    """DynamoDB deletes what has expired."""
    if not resource.at("ttl", "enabled") or not resource.at("ttl", "attributeName"):
        yield "its items never expire; switch ttl on for the attribute expiresAt"


def prompts_stay_out_of_logs(resource: Resource) -> Iterator[str]:
    """No service before the functions logs what users say."""
    if resource.at("defaultRouteSettings", "dataTraceEnabled"):
        yield "data trace logs every frame, with what users say; switch dataTraceEnabled off"
    if resource.at("logConfig") and not resource.at("logConfig", "excludeVerboseContent"):
        yield "field logs have every argument, with what users say; switch excludeVerboseContent on"


def secrets_stay_out_of_environments(resource: Resource) -> Iterator[str]:
    """Whoever may read a function's configuration reads its environment: it holds the ARN of a secret at most."""
    for name, value in resource.variables.items():
        if SECRET_NAME.search(name) and not value.startswith("arn:"):
            yield f"{name} looks like a secret; put the secret into Secrets Manager, and its ARN here"


def secrets_have_no_value(resource: Resource) -> Iterator[str]:
    """What the program writes into a secret is in the state of the stack, and in every backup of it."""
    yield f"the state would hold its value; leave {resource.name} out, and write the value with the AWS CLI"


_NAMES_OF_OTHERS = frozenset({"ALLOWED_ORIGINS", "TOKEN_ISSUER"})
"""Addresses that a function compares and never calls."""
RULES: Final = (
    ResourceRule(
        "encrypted-at-rest",
        "What a stack keeps is encrypted.",
        "https://docs.aws.amazon.com/prescriptive-guidance/latest/encryption-best-practices/welcome.html",
        frozenset(ENCRYPTION_SWITCHES),
        encrypted_at_rest,
    ),
    ResourceRule(
        "encrypted-in-transit",
        "Functions speak to encrypted addresses.",
        "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/protecting-data-in-transit.html",
        frozenset({FUNCTION}),
        encrypted_in_transit,
    ),
    ResourceRule(
        "expiring-logs",
        "Every log group has a retention.",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
        frozenset({LOG_GROUP}),
        logs_expire,
    ),
    ResourceRule(
        "expiring-items",
        "A table forgets what has expired.",
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html",
        frozenset({TABLE}),
        items_expire,
    ),
    ResourceRule(
        "no-prompts-in-logs",
        "No log holds what users say.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html",
        frozenset({STAGE, GRAPHQL_API}),
        prompts_stay_out_of_logs,
    ),
    ResourceRule(
        "no-secrets-in-environments",
        "No environment variable holds a secret.",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
        frozenset({FUNCTION}),
        secrets_stay_out_of_environments,
    ),
    ResourceRule(
        "no-secrets-in-state",
        "The program makes secrets, and writes none.",
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
        VALUES_OF_SECRETS,
        secrets_have_no_value,
    ),
)
