"""One bad example for each rule: a resource of the program, and what spoils it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stacks.iam import COGNITO_IDENTITY
from stacks.policies.graph import (
    BUCKET,
    BUCKET_POLICY,
    DISTRIBUTION,
    EVENT_CONFIG,
    FUNCTION,
    FUNCTION_URL,
    GRAPHQL_API,
    HEADERS_POLICY,
    IDENTITY_POOL,
    LOG_GROUP,
    PERMISSION,
    ROLE,
    ROLE_POLICY,
    ROUTE,
    STAGE,
    TABLE,
    Provider,
    Resource,
)

Spoil = Callable[[Resource], Resource]


@dataclass(frozen=True)
class Example:
    """A resource of the program that breaks a rule once it is spoilt; or because of which another breaks it."""

    type: str
    name: str
    spoil: Spoil
    breaks: str = ""
    """The name of the other."""
    breaks_type: str = FUNCTION

    @property
    def broken(self) -> str:
        return self.breaks or self.name

    @property
    def broken_type(self) -> str:
        return self.breaks_type if self.breaks else self.type


def given(**props: object) -> Spoil:
    """Gives it these inputs; those that are None, it has not."""

    def spoil(resource: Resource) -> Resource:
        changed = {**resource.props, **props}
        return replace(resource, props={key: value for key, value in changed.items() if value is not None})

    return spoil


def told(**variables: str) -> Spoil:
    """Gives a function these variables as well."""

    def spoil(resource: Resource) -> Resource:
        known = resource.props["environment"]["variables"]
        return given(environment={"variables": {**known, **variables}})(resource)

    return spoil


def stated(**elements: object) -> Spoil:
    """Gives each statement of a policy these elements."""

    def change(document: str) -> str:
        parsed = json.loads(document)
        return json.dumps({**parsed, "Statement": [{**each, **elements} for each in parsed["Statement"]]})

    def spoil(resource: Resource) -> Resource:
        key = "policy" if "policy" in resource.props else "assumeRolePolicy"
        return given(**{key: change(resource.props[key])})(resource)

    return spoil


def become(type_: str, **props: Any) -> Spoil:
    """Makes it a resource of another type."""
    return lambda resource: replace(resource, type=type_, props=props)


WORKER_POLICY = (ROLE_POLICY, "websocket-worker-policy")
WORKER = (FUNCTION, "websocket-worker")
EXAMPLES: Mapping[str, Example] = {
    "named-actions": Example(*WORKER_POLICY, stated(Action="dynamodb:*")),
    "named-resources": Example(*WORKER_POLICY, stated(Resource=["*"])),
    "no-inversions": Example(*WORKER_POLICY, stated(NotResource="arn:aws:s3:::secrets")),
    "one-trusted-service": Example(ROLE, "websocket-worker-role", stated(Principal={"AWS": "123456789012"})),
    "invoked-from-a-source": Example(PERMISSION, "websocket-connect-permission", given(sourceArn=None)),
    "no-new-log-groups": Example(*WORKER_POLICY, stated(Action=["logs:CreateLogGroup"])),
    "append-only-audit": Example(*WORKER_POLICY, stated(Condition={})),
    "users-call-urls-alone": Example(
        ROLE,
        "websocket-worker-role",
        stated(Principal={"Federated": COGNITO_IDENTITY}),
        "websocket-worker-policy",
        ROLE_POLICY,
    ),
    "own-role": Example(*WORKER, given(role="arn:aws:iam::123456789012:role/websocket-authorizer-role-0a1b2c3")),
    "public-on-purpose": Example(FUNCTION_URL, "function-url-url", lambda one: replace(one, name="my-url")),
    "named-origins": Example(FUNCTION_URL, "function-url-url", given(cors={"allowOrigins": ["https://*.example.com"]})),
    "guarded-entrances": Example(ROUTE, "websocket-connect", given(authorizationType="NONE")),
    "credentials-after-sign-in": Example(
        TABLE, "core-streams", become(IDENTITY_POOL, allowUnauthenticatedIdentities=True)
    ),
    "bounded-frames": Example(STAGE, "websocket-stage", given(defaultRouteSettings={"throttlingRateLimit": 500})),
    "no-network": Example(*WORKER, given(vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": []})),
    "private-buckets": Example(TABLE, "core-streams", become(BUCKET, bucket="b")),
    "named-readers": Example(
        TABLE,
        "core-streams",
        become(BUCKET_POLICY, policy=json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*"}]})),
    ),
    "guarded-pages": Example(
        TABLE,
        "core-streams",
        become(DISTRIBUTION, origins=[{"originId": "bucket"}], defaultCacheBehavior={"targetOriginId": "bucket"}),
    ),
    "strict-headers": Example(TABLE, "core-streams", become(HEADERS_POLICY, securityHeadersConfig={})),
    "encrypted-at-rest": Example(TABLE, "core-streams", become("aws:sqs/queue:Queue", sqsManagedSseEnabled=False)),
    "encrypted-in-transit": Example(*WORKER, told(GRAPHQL_URL="http://gql.example.com")),
    "expiring-logs": Example(LOG_GROUP, "websocket-worker-logs", given(retentionInDays=0)),
    "expiring-items": Example(TABLE, "core-streams", given(ttl={"attributeName": "expiresAt", "enabled": False})),
    "no-prompts-in-logs": Example(
        GRAPHQL_API, "appsync-api", given(logConfig={"fieldLogLevel": "ALL", "excludeVerboseContent": False})
    ),
    "no-secrets-in-environments": Example(*WORKER, told(OPENAI_API_KEY="sk-123")),
    "no-secrets-in-state": Example(
        TABLE, "core-streams", become("aws:secretsmanager/secretVersion:SecretVersion", secretString="sk-123")
    ),
    "no-retries": Example(EVENT_CONFIG, "websocket-worker-events", given(maximumRetryAttempts=2)),
    "bounded-events": Example(
        EVENT_CONFIG, "websocket-worker-events", given(functionName="another"), "websocket-worker"
    ),
    "own-log-group": Example(*WORKER, given(loggingConfig={"logFormat": "Text"})),
    "own-logs": Example(
        *WORKER_POLICY,
        stated(Action=["logs:PutLogEvents"], Resource=["arn:aws:logs:us-east-1:123456789012:log-group:audit:*"]),
        "websocket-worker",
    ),
    "no-fixed-names": Example(TABLE, "core-streams", given(name="streams")),
    "room-for-the-suffix": Example(*WORKER, lambda one: replace(one, name="w" * 57)),
    "own-provider": Example(*WORKER, lambda one: replace(one, provider=Provider("default_7_51_1", {}))),
    "tags": Example(*WORKER, lambda one: replace(one, provider=Provider("aws", {"region": "us-east-1"}))),
    "known-privileges": Example(TABLE, "core-streams", become("aws:mq/broker:Broker")),
}
