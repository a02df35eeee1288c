"""A GraphQL call as clients send it: the HTTP body, and the `data` of a `start` message.

Refusals are those of https://github.com/graphql/graphql-over-http/issues/81 (by the AppSync team).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sandbox.edge.appsync.errors import RequestRefused
from sandbox.edge.appsync.values import as_object, read_json


@dataclass(frozen=True)
class GraphqlCall:
    """`{"query", "variables"?, "operationName"?}`."""

    query: str
    variables: Mapping[str, object]
    operation_name: str | None


def read_call(text: bytes | str) -> GraphqlCall:
    """Reads a call. Raises RequestRefused (400 MalformedHttpRequestException)."""
    if not text.strip():
        raise _malformed("Request body is empty.")
    try:
        body = as_object(read_json(text))
    except ValueError:
        raise _malformed("Unable to parse GraphQL query.") from None
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str):
        raise _malformed("Unable to parse GraphQL query.")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise _malformed("Unable to parse GraphQL variables: they are a JSON object, operationName a string.")
    return GraphqlCall(query, as_object(cast(object, variables)), name or None)


def _malformed(message: str) -> RequestRefused:
    return RequestRefused(400, "MalformedHttpRequestException", message)
