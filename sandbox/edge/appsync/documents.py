"""Reads an operation: parsed, checked against the schema, its limits kept; with AppSync's words for what is wrong.

The texts are graphql-java's, on which AppSync is built: `Validation error of type FieldUndefined: …` (seen in public
issues). Where the path or the detail differs, the type of the error is right and the rest is graphql-core's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
    parse,
    validate,
)
from graphql.validation import specified_rules

from sandbox.edge.appsync.errors import ErrorEntry, OperationInvalid, RequestRefused
from sandbox.edge.appsync.schema import CompiledSchema, compile_schema
from sandbox.edge.appsync.selections import Fragments, fragment_of

MAX_DEPTH = 75
"""The highest query depth limit that AppSync can be given
(https://docs.aws.amazon.com/appsync/latest/devguide/configuration-limits.html)."""

_JAVA_NAMES: Mapping[str, str] = {
    "FieldsOnCorrectTypeRule": "FieldUndefined",
    "KnownArgumentNamesRule": "UnknownArgument",
    "KnownTypeNamesRule": "UnknownType",
    "NoUndefinedVariablesRule": "UndefinedVariable",
    "NoUnusedVariablesRule": "UnusedVariable",
    "ProvidedRequiredArgumentsRule": "MissingFieldArgument",
    "ScalarLeafsRule": "SubSelectionRequired",
    "ValuesOfCorrectTypeRule": "WrongType",
    "VariablesInAllowedPositionRule": "VariableTypeMismatch",
}


@dataclass(frozen=True)
class Operation:
    """A valid operation and the document it is in."""

    document: DocumentNode
    definition: OperationDefinitionNode
    name: str | None
    fragments: Fragments

    @property
    def kind(self) -> str:
        """`query`, `mutation` or `subscription`."""
        return self.definition.operation.value


def load(sdl: str, query: str, operation_name: str | None) -> Operation:
    """The operation that the caller means. Raises RequestRefused, or OperationInvalid with one entry per error."""
    document = _valid_document(sdl, query)
    definition = get_operation_ast(document, operation_name)
    if definition is None:
        message = f"Unknown operation named '{operation_name}'." if operation_name else "Missing operation name."
        raise RequestRefused(400, "BadRequestException", message)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return Operation(document, definition, operation_name, fragments)


def locations(error: GraphQLError) -> list[Mapping[str, object]]:
    """An error's places in the query, as AppSync writes them."""
    return [{"line": at.line, "column": at.column, "sourceName": None} for at in error.locations or ()]


@lru_cache(maxsize=256)
def _valid_document(sdl: str, query: str) -> DocumentNode:
    try:
        document = parse(query)
    except (GraphQLSyntaxError, RecursionError) as error:
        raise RequestRefused(400, "MalformedHttpRequestException", "Unable to parse GraphQL query.") from error
    errors = list(_validation_errors(compile_schema(sdl), document))
    if errors:
        raise OperationInvalid(errors)
    _check_depth(document)
    return document


def _validation_errors(compiled: CompiledSchema, document: DocumentNode) -> Iterator[ErrorEntry]:
    for rule in specified_rules:
        for error in validate(compiled.schema, document, [rule]):
            name = _JAVA_NAMES.get(rule.__name__, rule.__name__.removesuffix("Rule"))
            yield {
                "path": None,
                "locations": locations(error),
                "message": f"Validation error of type {name}: {error.message}",
            }


def _check_depth(document: DocumentNode) -> None:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and _depth(definition.selection_set, fragments) > MAX_DEPTH:
            raise RequestRefused(400, "BadRequestException", f"The query is deeper than {MAX_DEPTH} levels.")


def _depth(selections: SelectionSetNode, fragments: Fragments) -> int:
    depths = [0]
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            depths.append(1 + (_depth(selection.selection_set, fragments) if selection.selection_set else 0))
        else:
            depths.append(_depth(fragment_of(selection, fragments).selection_set, fragments))
    return max(depths)
