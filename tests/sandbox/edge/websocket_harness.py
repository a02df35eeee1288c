"""A WebSocket API behind a real socket; the functions behind it are the test's own coroutines."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from botocore.config import Config
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from websockets.asyncio.client import ClientConnection, connect

from sandbox.edge.connection_faults import ConnectionFaults
from sandbox.edge.connections import WebSocketLimits
from sandbox.edge.websocket_api import routes
from sandbox.edge.websocket_protocol import LimitedWebSocketProtocol
from sandbox.functions.service import Invocation
from sandbox.iam.credentials import Credentials, Keys
from sandbox.world import (
    Function,
    ResourcePermission,
    Role,
    RouteSettings,
    WebSocketApi,
    WebSocketAuthorizer,
    WebSocketIntegration,
    WebSocketRoute,
    World,
)

REGION = "us-east-1"
ACCOUNT = "000000000000"
STAGE = "live"
OK = {"statusCode": 200}
PATIENCE = 10.0
"""Seconds that a test waits for what must come."""

Event = dict[str, Any]
Handler = Callable[[Event], Awaitable[object]]
api_numbers = count(1)


class FunctionRaises(Exception):
    """Raised by a handler: the function fails with this message."""


async def accepts(_: Event) -> object:
    """What a function answers when the test does not say."""
    return OK


class FakeFunctions:
    """The part of FunctionService that a WebSocket API uses."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.events: dict[str, asyncio.Queue[Event]] = {}
        self._running: set[asyncio.Task[Any]] = set()

    async def stop(self) -> None:
        """Ends the handlers that a test left waiting."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def invoke(self, arn: str, payload: bytes) -> Invocation:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        event = json.loads(payload)
        name = arn.rpartition(":")[2]
        self.events[name].put_nowait(event)
        try:
            result = await self.handlers[name](event)
        except FunctionRaises as error:
            document = {"errorMessage": str(error), "errorType": "Exception"}
            return Invocation("request", json.dumps(document).encode(), "Unhandled")
        return Invocation("request", result if isinstance(result, bytes) else json.dumps(result).encode(), None)


@dataclass
class Edge:
    """One server with any number of APIs."""

    origin: str
    world: World
    credentials: Credentials
    functions: FakeFunctions = field(default_factory=FakeFunctions)
    faults: ConnectionFaults = field(default_factory=ConnectionFaults)

    def api(
        self,
        *,
        connect: Handler = accepts,
        default: Handler | None = accepts,
        disconnect: Handler = accepts,
        custom: dict[str, Handler] | None = None,
        authorizer: Handler | None = None,
        identity_sources: Iterable[str] = (),
        settings: RouteSettings | None = None,
        timeout_milliseconds: int = 29_000,
        expression: str = "$request.body.type",
    ) -> "Api":
        """A new API with a stage `live` that serves the given routes."""
        api_id = f"api{next(api_numbers)}"
        record = WebSocketApi(api_id, api_id, expression)
        api = Api(self, record)
        handlers = {"$connect": connect, "$disconnect": disconnect, **(custom or {})}
        if default is not None:
            handlers["$default"] = default
        for route_key, handler in handlers.items():
            function = api.function(route_key, f"{STAGE}/{route_key}", handler)
            record.integrations[route_key] = WebSocketIntegration(route_key, function.arn, timeout_milliseconds)
            record.routes[route_key] = WebSocketRoute(route_key, route_key, None)
        if authorizer is not None:
            function = api.function("authorizer", "authorizers/auth", authorizer)
            record.authorizers["auth"] = WebSocketAuthorizer("auth", function.arn, tuple(identity_sources))
            record.routes["$connect"] = WebSocketRoute("$connect", "$connect", "auth")
        record.deployments["d1"] = frozenset(record.routes)
        record.stages[STAGE] = ("d1", settings or RouteSettings())
        self.world.websocket_apis[api_id] = record
        return api


@dataclass
class Api:
    """One API of an edge, seen from both sides: as a client, and as its functions."""

    edge: Edge
    record: WebSocketApi

    @property
    def url(self) -> str:
        """Address of the stage."""
        return f"{self.edge.origin.replace('http', 'ws')}/execute-api/{self.record.api_id}/{STAGE}"

    @property
    def arn(self) -> str:
        """The API's ARN, without a path."""
        return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self.record.api_id}"

    def function(self, name: str, source: str, handler: Handler) -> Function:
        """Add a function that API Gateway may invoke from `source`."""
        name = f"{self.record.api_id}-{name}"
        function = Function(
            name=name,
            arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            role_arn="",
            handler="",
            runtime="",
            package=Path(),
            timeout_seconds=10,
            memory_megabytes=128,
            environment={},
            layers=(),
            log_group="",
        )
        function.permissions["invoke"] = ResourcePermission(
            "invoke", "lambda:InvokeFunction", "apigateway.amazonaws.com", f"{self.arn}/{source}"
        )
        self.edge.world.functions[name] = function
        self.edge.functions.handlers[name] = handler
        self.edge.functions.events[name] = asyncio.Queue()
        return function

    def permissions(self, route_key: str) -> dict[str, ResourcePermission]:
        """The resource policy of the function behind a route (or of the `authorizer`)."""
        return self.edge.world.functions[f"{self.record.api_id}-{route_key}"].permissions

    async def event(self, route_key: str) -> Event:
        """The next event that the function behind a route (or the `authorizer`) was invoked with."""
        async with asyncio.timeout(PATIENCE):
            return await self.edge.functions.events[f"{self.record.api_id}-{route_key}"].get()

    def was_asked(self, route_key: str) -> bool:
        """Whether there is an event that `event` has not given yet."""
        return not self.edge.functions.events[f"{self.record.api_id}-{route_key}"].empty()

    def connect(self, *, path: str = "", **more: Any) -> connect:
        """A connection of the `websockets` library; without compression and pings of its own unless asked for."""
        more = {"compression": None, "ping_interval": None, "open_timeout": PATIENCE, **more}
        return connect(self.url + path, **more)

    async def opened(self, **more: Any) -> tuple[ClientConnection, str]:
        """An open connection and its id."""
        client = await self.connect(**more)
        return client, (await self.event("$connect"))["requestContext"]["connectionId"]

    def management(self, keys: Keys | None = None, *, stage: str = STAGE) -> Any:
        """boto3's client of `@connections`."""
        keys = keys or self.edge.credentials.administrator
        return boto3.client(
            "apigatewaymanagementapi",
            region_name=REGION,
            endpoint_url=f"{self.edge.origin}/execute-api/{self.record.api_id}/{stage}",
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=50),
        )

    def role(self, *resources: str) -> Keys:
        """Keys of a role that may manage connections of these resources (paths below the API's ARN)."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/role-{self.record.api_id}"
        statement = {
            "Effect": "Allow",
            "Action": "execute-api:ManageConnections",
            "Resource": [f"{self.arn}/{resource}" for resource in resources],
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.edge.world.roles[arn] = Role("role", arn, trust_policy={}, policies={"policy": policy})
        return self.edge.credentials.for_role(arn)


@contextlib.asynccontextmanager
async def serving(limits: WebSocketLimits | None = None, others: Iterable[BaseRoute] = ()) -> AsyncIterator[Edge]:
    """An edge on a port of its own, with `others` beside the WebSocket APIs."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    edge = Edge(origin, World(REGION, origin), Credentials())
    app = Starlette(routes=[*routes(edge.world, edge.functions, edge.credentials, limits, edge.faults), *others])  # type: ignore[arg-type]
    config = uvicorn.Config(
        app,
        ws=LimitedWebSocketProtocol,
        proxy_headers=False,
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield edge
    finally:
        server.should_exit = True
        await task
        await edge.functions.stop()


async def closed(client: ClientConnection) -> tuple[int | None, str | None]:
    """Wait until the connection is closed; code and reason as the client sees them."""
    async with asyncio.timeout(PATIENCE):
        await client.wait_closed()
    return client.close_code, client.close_reason


async def received(client: ClientConnection) -> Any:
    """The next message, parsed."""
    async with asyncio.timeout(PATIENCE):
        return json.loads(await client.recv())
