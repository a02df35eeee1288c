"""Who calls, and which fields they may use: authorization modes, groups, IAM permissions.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

from graphql import GraphQLField, GraphQLObjectType

from sandbox.edge.appsync.errors import not_authorized
from sandbox.edge.appsync.schema import compile_schema, directives
from sandbox.graphql import GraphqlApi

Mode = Literal["AMAZON_COGNITO_USER_POOLS", "OPENID_CONNECT", "AWS_IAM"]
"""The modes that are emulated. API keys and Lambda authorizers are not."""

_DIRECTIVES: Mapping[str, str] = {
    "aws_cognito_user_pools": "AMAZON_COGNITO_USER_POOLS",
    "aws_iam": "AWS_IAM",
    "aws_api_key": "API_KEY",
    "aws_oidc": "OPENID_CONNECT",
    "aws_lambda": "AWS_LAMBDA",
}


@dataclass(frozen=True)
class Caller:
    """An authenticated caller of one API."""

    mode: Mode
    identity: Mapping[str, object]
    """`ctx.identity`."""
    groups: frozenset[str] = frozenset()
    allowed: Callable[[str], bool] = lambda _: True
    """For IAM: whether the role's policies allow `appsync:GraphQL` on this resource."""


def modes(api: GraphqlApi) -> frozenset[str]:
    """The API's default mode and its additional ones."""
    return frozenset([api.authentication_type, *api.additional_authentication_types])


def field_arn(api: GraphqlApi, type_name: str, field_name: str) -> str:
    """The resource of `appsync:GraphQL` for a top-level field."""
    return f"{api.arn}/types/{type_name}/fields/{field_name}"


def authorize(caller: Caller, api: GraphqlApi, parent: GraphQLObjectType, name: str) -> None:
    """That the caller may use this field. Raises FieldFailed (`Unauthorized`).

    A directive on the field decides; without one, that on its type; without any, the API's default mode and, for a
    user pool, its default action. IAM policies are asked for the fields of Query, Mutation and Subscription.
    """
    rules = _rules(api.schema, parent.name, name, not api.additional_authentication_types)
    allowed = any(_matches(caller, mode, groups) for mode, groups in rules) if rules else _default(caller, api)
    if allowed and caller.mode == "AWS_IAM" and parent.name in _roots(api.schema):
        allowed = caller.allowed(field_arn(api, parent.name, name))
    if not allowed:
        raise not_authorized(parent.name, name)


Rule = tuple[str, frozenset[str] | None]
"""A mode, and the groups of which a user must be in one."""


@lru_cache(maxsize=1024)
def _rules(sdl: str, type_name: str, field_name: str, users_alone: bool) -> tuple[Rule, ...]:
    """`users_alone`: the API has no additional modes; with them AppSync ignores `@aws_auth`."""
    parent = compile_schema(sdl).schema.type_map[type_name]
    assert isinstance(parent, GraphQLObjectType), "only objects have fields that are resolved"
    known = {**_DIRECTIVES, **({"aws_auth": "AMAZON_COGNITO_USER_POOLS"} if users_alone else {})}

    def rules_on(node: GraphQLField | GraphQLObjectType) -> tuple[Rule, ...]:
        return tuple((mode, _groups(arguments)) for name, mode in known.items() for arguments in directives(node, name))

    return rules_on(parent.fields[field_name]) or rules_on(parent)


def _groups(arguments: Mapping[str, object]) -> frozenset[str] | None:
    groups = arguments.get("cognito_groups")
    if groups is None:
        return None
    return frozenset(cast("list[str]", groups) if isinstance(groups, list) else [str(groups)])


def _matches(caller: Caller, mode: str, groups: frozenset[str] | None) -> bool:
    return caller.mode == mode and (groups is None or bool(groups & caller.groups))


def _default(caller: Caller, api: GraphqlApi) -> bool:
    if caller.mode != api.authentication_type:
        return False
    return caller.mode != "AMAZON_COGNITO_USER_POOLS" or api.user_pool_default_action != "DENY"


def _roots(sdl: str) -> tuple[str, ...]:
    schema = compile_schema(sdl).schema
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return tuple(root.name for root in roots if root)
