"""Reads an operation: parsed, checked against the schema, its limits kept; with AppSync's words for what is wrong.

The texts are graphql-java's, on which AppSync is built: `Validation error of type FieldUndefined: …` (seen in public
issues). Where the path or the detail differs, the type of the error is right and the rest is graphql-core's.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
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
MAX_FIELDS = 10_000
"""Fields of an operation, those of a fragment counted wherever it is spread. Ours: AWS names no figure."""
AT_ONCE_CHARACTERS = 2_000
"""A longer document is read on a thread: it can take seconds, and nobody else is to wait for it."""
MAX_TOKENS = 15_000
"""Tokens of a document: the default of graphql-java, on which AppSync is built; AWS names no figure."""

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


async def load(sdl: str, query: str, operation_name: str | None) -> Operation:
    """The operation that the caller means. Raises RequestRefused, or OperationInvalid with one entry per error."""
    document = (
        _valid_document(sdl, query)
        if len(query) <= AT_ONCE_CHARACTERS
        else await asyncio.to_thread(_valid_document, sdl, query)
    )
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
        document = parse(query, max_tokens=MAX_TOKENS)
        errors = list(_validation_errors(compile_schema(sdl), document))
        if errors:
            raise OperationInvalid(errors)
        _check_size(document)
    except (GraphQLSyntaxError, RecursionError) as error:
        raise RequestRefused(400, "MalformedHttpRequestException", "Unable to parse GraphQL query.") from error
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


@dataclass(frozen=True)
class _Size:
    """Of a selection set with its fragments: levels of fields, and how many fields."""

    depth: int
    fields: int


def _check_size(document: DocumentNode) -> None:
    """Refuses what would take too long to walk through: a few nested fragments stand for millions of fields."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    known: dict[str, _Size] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            size = _size(definition.selection_set, fragments, known)
            if size.depth > MAX_DEPTH:
                raise RequestRefused(400, "BadRequestException", f"The query is deeper than {MAX_DEPTH} levels.")
            if size.fields > MAX_FIELDS:
                raise RequestRefused(400, "BadRequestException", f"The query has more than {MAX_FIELDS} fields.")


def _size(selections: SelectionSetNode, fragments: Fragments, known: dict[str, _Size]) -> _Size:
    """`known` are the sizes of fragments by name, each reckoned once."""
    depth, fields = 0, 0
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            below = _size(selection.selection_set, fragments, known) if selection.selection_set else _Size(0, 0)
            below = _Size(1 + below.depth, 1 + below.fields)
        elif isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            below = known.get(name) or _size(fragments[name].selection_set, fragments, known)
            known[name] = below
        else:
            below = _size(fragment_of(selection, fragments).selection_set, fragments, known)
        depth, fields = max(depth, below.depth), fields + below.fields
    return _Size(depth, fields)
