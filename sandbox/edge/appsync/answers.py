"""What an operation comes to, `{"data", "errors"}`, with errors in AppSync's form and graphql-java's words.

`{"path", "data", "errorType", "errorInfo", "locations", "message"}` for a field that failed; for what the engine itself
finds, `{"path", "locations", "message"}`, e.g. `Cannot return null for non-nullable type: 'String' within parent …`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import ExecutionResult, GraphQLError, GraphQLObjectType, GraphQLSchema

from sandbox.edge.appsync.documents import locations
from sandbox.edge.appsync.errors import ErrorEntry, FieldFailed
from sandbox.edge.appsync.schema import named_type

_NULL = re.compile(r"Cannot return null for non-nullable field (\w+)\.(\w+)\.")
_VARIABLE = re.compile(r"Variable '\$(\w+)' got invalid value .*?; (?:Expected type '\w+'\. )?(.*)", re.DOTALL)
_MISSING_VARIABLE = re.compile(r"Variable '\$(\w+)' of required type '(.*)' was not provided\.")

Path = Sequence[str | int]


@dataclass(frozen=True)
class Answer:
    """Data by response key, or None when it is null as a whole; all errors, those that resolvers appended included."""

    data: Mapping[str, object] | None
    errors: Sequence[ErrorEntry]

    def to_json(self) -> dict[str, object]:
        """The body: without `errors` if there are none."""
        body: dict[str, object] = {"data": self.data}
        return body | {"errors": self.errors} if self.errors else body


def answer(result: ExecutionResult, schema: GraphQLSchema, appended: Sequence[ErrorEntry] = ()) -> Answer:
    """The answer for an execution's result."""
    return Answer(result.data, [*(_entry(error, schema) for error in result.errors or ()), *appended])


def failed(failure: FieldFailed, path: Path | None, places: Sequence[Mapping[str, object]]) -> ErrorEntry:
    """The entry for a field that failed, or for an error that a resolver appended."""
    return {
        "path": path,
        "data": failure.data,
        "errorType": failure.error_type,
        "errorInfo": failure.error_info,
        "locations": places,
        "message": failure.message,
    }


def _entry(error: GraphQLError, schema: GraphQLSchema) -> ErrorEntry:
    if isinstance(error.original_error, FieldFailed):
        return failed(error.original_error, error.path, locations(error))
    if error.path is None:
        return {"path": None, "locations": locations(error), "message": _variable_message(error.message)}
    return {"path": error.path, "locations": None, "message": _completion_message(error, schema)}


def _variable_message(message: str) -> str:
    invalid, missing = _VARIABLE.fullmatch(message), _MISSING_VARIABLE.fullmatch(message)
    if invalid:
        return f"Variable '{invalid.group(1)}' has an invalid value. {invalid.group(2)}"
    if missing:
        return f"Variable '{missing.group(1)}' has coerced Null value for NonNull type '{missing.group(2)}'"
    return message


def _completion_message(error: GraphQLError, schema: GraphQLSchema) -> str:
    place = _place(error.path or ())
    null = _NULL.match(error.message)
    if not null:
        return f"Can't serialize value ({place}) : {error.message}"
    parent = schema.get_type(null.group(1))
    kind = named_type(parent.fields[null.group(2)]) if isinstance(parent, GraphQLObjectType) else ""
    return f"Cannot return null for non-nullable type: '{kind}' within parent '{null.group(1)}' ({place})"


def _place(path: Path) -> str:
    """`["a", 0, "b"]` → `/a[0]/b`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f"/{step}" for step in path)
