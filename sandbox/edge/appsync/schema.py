"""A GraphQL schema as AppSync takes it: the program's SDL with AppSync's scalars and directives.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html,
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html and
https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#using-additional-authorization-modes
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from graphql import (
    DirectiveNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    GraphQLType,
    Source,
    build_ast_schema,
    get_named_type,
    parse,
    validate_schema,
    value_from_ast_untyped,
)
from graphql.language import DocumentNode, ScalarTypeDefinitionNode, TypeDefinitionNode
from graphql.validation.validate import validate_sdl

from sandbox.edge.appsync.errors import SchemaRefused
from sandbox.edge.appsync.scalars import SCALAR_NAMES, install

_PRELUDE = parse(
    " ".join(f"scalar {name}" for name in SCALAR_NAMES)
    + """
directive @aws_api_key on FIELD_DEFINITION | OBJECT
directive @aws_iam on FIELD_DEFINITION | OBJECT
directive @aws_oidc on FIELD_DEFINITION | OBJECT
directive @aws_lambda on FIELD_DEFINITION | OBJECT
directive @aws_cognito_user_pools(cognito_groups: [String!]) on FIELD_DEFINITION | OBJECT
directive @aws_auth(cognito_groups: [String!]!) on FIELD_DEFINITION | OBJECT
directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
"""
)


@dataclass(frozen=True)
class CompiledSchema:
    """A checked schema, and what AppSync reads out of it."""

    schema: GraphQLSchema
    """For requests: AWSJSON results become JSON texts."""
    delivery: GraphQLSchema
    """The same types for data that has been through a mutation: AWSJSON texts stay as they are."""
    subscriptions_of: Mapping[str, tuple[str, ...]]
    """Mutation field → the subscription fields that name it in `@aws_subscribe`."""


def check_schema(sdl: str) -> GraphQLSchema:
    """The schema of this SDL. Raises SchemaRefused with the line and what is wrong, as at `StartSchemaCreation`."""
    return compile_schema(sdl).schema


def check_field(schema: GraphQLSchema, type_name: str, field_name: str) -> None:
    """That a resolver can be attached here. Raises SchemaRefused, as `CreateResolver` refuses an unknown field."""
    type_ = schema.get_type(type_name)
    if not isinstance(type_, GraphQLObjectType) or field_name not in type_.fields:
        raise SchemaRefused(f"a resolver is for {type_name}.{field_name}, which the schema does not have")


@lru_cache(maxsize=16)
def compile_schema(sdl: str) -> CompiledSchema:
    """`check_schema` with all that serving needs. Raises SchemaRefused."""
    try:
        document = parse(Source(sdl, "schema"))
    except GraphQLSyntaxError as error:
        raise SchemaRefused(f"the schema is not GraphQL: {_where(error)}{error.message}") from error
    _check_definitions(document)
    schema = _build(document, delivering=False)
    return CompiledSchema(schema, _build(document, delivering=True), _subscriptions_of(schema))


def directives(node: GraphQLField | GraphQLObjectType, name: str) -> Iterator[Mapping[str, object]]:
    """The arguments of each directive of this name on a field or an object type (and its extensions)."""
    extensions = node.extension_ast_nodes if isinstance(node, GraphQLObjectType) else ()
    for definition in (node.ast_node, *(extensions or ())):
        for directive in definition.directives if definition else ():
            if directive.name.value == name:
                yield _arguments(directive)


def named_type(field: GraphQLField) -> GraphQLNamedType:
    """The type of a field without its list and non-null wrappers."""
    return get_named_type(cast(GraphQLType, field.type))  # pyright: ignore[reportUnknownMemberType]


def _arguments(directive: DirectiveNode) -> Mapping[str, object]:
    return {
        argument.name.value: cast(object, value_from_ast_untyped(argument.value)) for argument in directive.arguments
    }


def _where(error: GraphQLError) -> str:
    return f"line {error.locations[0].line}: " if error.locations else ""


def _check_definitions(document: DocumentNode) -> None:
    for definition in document.definitions:
        if isinstance(definition, ScalarTypeDefinitionNode):
            raise SchemaRefused(
                f"the schema defines the scalar {definition.name.value}: AppSync has no custom scalars, "
                f"only GraphQL's own and {', '.join(SCALAR_NAMES)}"
            )
        if isinstance(definition, TypeDefinitionNode) and definition.name.value.startswith("AWS"):
            raise SchemaRefused(f"the type {definition.name.value} begins with AWS, which AppSync keeps for itself")


def _build(document: DocumentNode, *, delivering: bool) -> GraphQLSchema:
    whole = DocumentNode(definitions=(*document.definitions, *_PRELUDE.definitions))
    _raise_first(validate_sdl(whole))
    schema = build_ast_schema(whole, assume_valid_sdl=True)
    _raise_first(validate_schema(schema))
    install(schema.type_map, delivering=delivering)
    return schema


def _raise_first(errors: Sequence[GraphQLError]) -> None:
    if errors:
        raise SchemaRefused(f"the schema is not valid: {_where(errors[0])}{errors[0].message}")


def _subscriptions_of(schema: GraphQLSchema) -> Mapping[str, tuple[str, ...]]:
    mutations: Mapping[str, GraphQLField] = schema.mutation_type.fields if schema.mutation_type else {}
    found: dict[str, tuple[str, ...]] = {}
    for name, field in schema.subscription_type.fields.items() if schema.subscription_type else ():
        for arguments in directives(field, "aws_subscribe"):
            named = arguments["mutations"]
            for mutation in cast("list[str]", named if isinstance(named, list) else [named]):
                _check_subscription(name, field, mutation, mutations)
                found[mutation] = (*found.get(mutation, ()), name)
    return found


def _check_subscription(name: str, field: GraphQLField, mutation: str, mutations: Mapping[str, GraphQLField]) -> None:
    if mutation not in mutations:
        raise SchemaRefused(f"Subscription.{name} names the mutation {mutation}, which the schema does not have")
    own, published = named_type(field), named_type(mutations[mutation])
    if own is not published:
        raise SchemaRefused(
            f"Subscription.{name} returns {own}, but Mutation.{mutation} returns {published}; it must be the same type"
        )
