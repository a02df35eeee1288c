"""What rules look at: resources as Pulumi's engine shows them to a policy pack, and as the tests have recorded them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

Values = Mapping[str, Any]
"""Properties of a resource by Pulumi's names: of one resource its inputs, of a whole stack its outputs."""

PERMISSION = "aws:lambda/permission:Permission"
ROLE = "aws:iam/role:Role"
FUNCTION = "aws:lambda/function:Function"
FUNCTION_URL = "aws:lambda/functionUrl:FunctionUrl"
EVENT_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
STAGE = "aws:apigatewayv2/stage:Stage"
ROUTE = "aws:apigatewayv2/route:Route"
GRAPHQL_API = "aws:appsync/graphQLApi:GraphQLApi"
TABLE = "aws:dynamodb/table:Table"
IDENTITY_POOL = "aws:cognito/identityPool:IdentityPool"
BUCKET = "aws:s3/bucket:Bucket"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PRIVACY = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
HEADERS_POLICY = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"


@dataclass(frozen=True)
class Provider:
    """The provider that makes a resource."""

    name: str
    props: Values


@dataclass(frozen=True)
class Resource:
    """One resource; `name` is the program's own name for it."""

    urn: str
    type: str
    name: str
    props: Values
    provider: Provider | None
    """None for a component, and for a provider itself."""

    def at(self, *path: str) -> Any:
        """The property at this path; None where it, or a block around it, is not set."""
        return _at(self.props, path)

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables of a function."""
        return self.at("environment", "variables") or {}


@dataclass(frozen=True)
class Statement:
    """A statement of an IAM document, or the one that a `Permission` adds to a function's own policy."""

    elements: Values

    @property
    def allows(self) -> bool:
        """Whether it grants something; a `Deny` takes away."""
        return self.elements.get("Effect") == "Allow"

    def texts(self, element: str) -> tuple[str, ...]:
        """The values of `Action`, `Resource` or `Principal`, whatever they are wrapped in."""
        return tuple(_texts(self.elements.get(element)))

    def condition(self, operator: str, key: str) -> tuple[str, ...]:
        """The values that a condition compares a key with; none when there is no such condition."""
        return tuple(_texts(_at(self.elements, ("Condition", operator, key))))


def statements(resource: Resource) -> tuple[Statement, ...]:
    """What the IAM documents of a resource say: trust, inline and managed policies, and permissions of functions."""
    if resource.type == PERMISSION:
        props = resource.props
        added = {
            "Effect": "Allow",
            "Action": props["action"],
            "Resource": "the function",
            "Principal": props["principal"],
        }
        return (Statement(added),)
    documents = [resource.props[key] for key in _DOCUMENTS.get(resource.type, ()) if resource.props.get(key)]
    parsed = [cast("Values", json.loads(document)) for document in documents]
    return tuple(Statement(statement) for document in parsed for statement in _listed(document["Statement"]))


_DOCUMENTS: Mapping[str, Sequence[str]] = {
    ROLE: ("assumeRolePolicy",),
    ROLE_POLICY: ("policy",),
    "aws:iam/policy:Policy": ("policy",),
}
WITH_STATEMENTS = frozenset({PERMISSION, *_DOCUMENTS})
"""The types that `statements` reads."""
IDENTITY_POLICIES = WITH_STATEMENTS - {PERMISSION, ROLE}
"""Those that say what a role may do."""


def _at(value: object, path: Sequence[str]) -> object:
    if not path:
        return value
    return _at(cast("Values", value).get(path[0]), path[1:]) if isinstance(value, Mapping) else None


def _listed(value: object) -> Sequence[Values]:
    return cast("Sequence[Values]", value if isinstance(value, list) else [value])


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in cast("Values", value).values():
            yield from _texts(each)
    elif isinstance(value, Sequence):
        for each in cast("Sequence[object]", value):
            yield from _texts(each)
