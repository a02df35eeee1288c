"""Lambda authorizers of WebSocket APIs: who may connect.

Follows https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html and
…/api-gateway-lambda-authorizer-output.html.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any, cast

from sandbox.edge.websocket_events import Document, Handshake
from sandbox.functions.service import Invocation
from sandbox.iam.policies import UnsupportedPolicy, role_allows, validate
from sandbox.world import PolicyDocument, Role, World

RESULT_BYTES = 8_192
"""8 KB of an authorizer's result
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html)."""
INVOKE = "execute-api:Invoke"

log = logging.getLogger(__name__)


class ConnectRefused(Exception):
    """API Gateway's own answer to a handshake: an HTTP status and a JSON body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def demand_identity(identity_sources: tuple[str, ...], handshake: Handshake) -> None:
    """Check that each identity source is present. Raises ConnectRefused: 401, before the function is asked."""
    for source in identity_sources:
        kind, _, name = source.removeprefix("route.request.").partition(".")
        if kind == "header":
            values = [value for header, value in handshake.headers if header.lower() == name.lower()]
        elif kind == "querystring":
            values = [value for parameter, value in handshake.query if parameter == name]
        else:
            log.error("The identity source %r is not understood: route.request.header|querystring.NAME is", source)
            raise ConnectRefused(500, "Internal server error")
        if not any(values):
            raise ConnectRefused(401, "Unauthorized")


def authorizer_context(world: World, invocation: Invocation, method_arn: str) -> Document:
    """What an authorizer's answer leaves in `requestContext.authorizer` of each later event.

    Raises ConnectRefused: 401 when the function raised "Unauthorized", 403 when its policy does not allow
    `execute-api:Invoke` on `method_arn`, 500 for anything that is not an authorizer's answer.
    """
    if invocation.function_error is not None:
        error = _parsed(invocation.payload)
        if error is not None and error.get("errorMessage") == "Unauthorized":
            raise ConnectRefused(401, "Unauthorized")
        raise _failed("the function failed")
    if len(invocation.payload) > RESULT_BYTES:
        raise _failed(f"its result has {len(invocation.payload)} bytes, allowed are {RESULT_BYTES}")
    result = _parsed(invocation.payload)
    if result is None:
        raise _failed("its result is not a JSON object")
    principal_id: object = result.get("principalId")
    if not isinstance(principal_id, str) or not principal_id:
        raise _failed("its result has no principalId")
    policy: object = result.get("policyDocument")
    if not isinstance(policy, Mapping):
        raise _failed("its result has no policyDocument")
    statements: object = cast("PolicyDocument", policy).get("Statement")
    for statement in cast("list[object]", statements if isinstance(statements, list) else [statements]):
        if not isinstance(statement, Mapping):
            raise _failed("its policyDocument has a Statement that is not an object")
    if not _allows(world, cast("PolicyDocument", policy), method_arn):
        raise ConnectRefused(403, "User is not authorized to access this resource")
    return {**_scalars(result.get("context")), "principalId": principal_id}


def _allows(world: World, policy: PolicyDocument, method_arn: str) -> bool:
    """The policy, evaluated as if it were the only one of a role."""
    try:
        validate(policy)
    except UnsupportedPolicy as reason:
        raise _failed(f"its policy is not understood: {reason}") from None
    role = Role("authorizer", "authorizer", trust_policy={}, policies={"policyDocument": policy})
    asked = World(world.region, world.origin, roles={role.arn: role})
    return role_allows(asked, role.arn, INVOKE, method_arn)


def _scalars(context: object) -> Document:
    """The authorizer's `context`, each value as text. Lists and objects are not allowed."""
    if context is None:
        return {}
    if not isinstance(context, Mapping):
        raise _failed("its context is not an object")
    texts: Document = {}
    for name, value in cast("Mapping[str, object]", context).items():
        if isinstance(value, str):
            texts[name] = value
        elif isinstance(value, bool | int | float):
            texts[name] = json.dumps(value)
        elif value is not None:
            raise _failed(f"{name} in its context is not a string, number or boolean")
    return texts


def _failed(reason: str) -> ConnectRefused:
    log.error("The authorizer did not authorize: %s", reason)
    return ConnectRefused(500, "Internal server error")


def _parsed(payload: bytes) -> dict[str, Any] | None:
    try:
        document: object = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", document) if isinstance(document, dict) else None
