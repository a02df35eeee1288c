"""Which routes a stage of a WebSocket API serves, and to which of them a message goes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html#apigateway-websocket-api-route-selection-expressions
"""

import json
import re
from collections.abc import Set
from dataclasses import dataclass
from typing import cast

from sandbox.world import RouteSettings, WebSocketApi

VARIABLE = re.compile(
    r"\$\{request\.body\.(?P<wrapped>[\w-]+(?:\.[\w-]+)*)\}|\$request\.body\.(?P<plain>[\w-]+(?:\.[\w-]+)*)"
)
"""A member of the message, by names joined with dots: of JSONPath, only this much."""


@dataclass(frozen=True)
class ServedRoutes:
    """What a stage serves: the routes of its deployment, with the stage's throttling."""

    route_keys: frozenset[str]
    settings: RouteSettings


def served_routes(api: WebSocketApi, stage: str) -> ServedRoutes | None:
    """The routes of a stage; None when the stage, or its deployment, does not exist."""
    if stage not in api.stages:
        return None
    deployment_id, settings = api.stages[stage]
    if deployment_id not in api.deployments:
        return None
    return ServedRoutes(api.deployments[deployment_id] & api.routes.keys(), settings)


def selected_route(expression: str, body: str, route_keys: Set[str]) -> str | None:
    """The route key for a message: the one that the expression evaluates to, else `$default`, else None."""
    try:
        message: object = json.loads(body)
    except (ValueError, RecursionError):
        return _default(route_keys)
    value = VARIABLE.sub(lambda found: _text_at(message, found["wrapped"] or found["plain"]), expression)
    # A client must not reach $connect or $disconnect by naming them.
    if value in route_keys and not value.startswith("$"):
        return value
    return _default(route_keys)


def is_supported(expression: str) -> bool:
    """Whether an expression has no variable but `$request.body.NAME…` and `${request.body.NAME…}`."""
    return "$" not in VARIABLE.sub("", expression).replace(r"\$", "")


def _text_at(message: object, path: str) -> str:
    value = message
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return ""
        value = cast("dict[str, object]", value)[name]
    return value if isinstance(value, str) else json.dumps(value)


def _default(route_keys: Set[str]) -> str | None:
    return "$default" if "$default" in route_keys else None
