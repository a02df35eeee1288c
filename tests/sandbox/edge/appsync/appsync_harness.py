"""AppSync behind a real socket, in front of functions and a user pool that are the test's own."""

import asyncio
import base64
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from sandbox.aws.pool_tokens import TokenRefused
from sandbox.edge.appsync.faults import AppSyncFaults
from sandbox.edge.appsync.realtime import Limits
from sandbox.edge.appsync.service import routes
from sandbox.edge.websocket_protocol import LimitedWebSocketProtocol
from sandbox.functions.service import Invocation
from sandbox.graphql import DataSource, GraphqlApi, UnitResolver
from sandbox.iam.credentials import Credentials, Keys
from sandbox.world import Function, Role, World

REGION = "us-east-1"
ACCOUNT = "000000000000"
POOL = "us-east-1_Pool"
PATIENCE = 5.0
"""Seconds that a test waits for what must come."""
PASS_ON = """
export function request(ctx) { return { payload: ctx.args }; }
export function response(ctx) { return ctx.result; }
"""
"""A resolver for a NONE data source whose result is its arguments."""
INVOKE = """
export function request(ctx) { return { operation: 'Invoke', payload: ctx.args }; }
export function response(ctx) { return ctx.result; }
"""

Json = dict[str, Any]
api_numbers = count(1)


def token(sub: str, **claims: object) -> str:
    """What the pool of the tests takes as a token of this user. It has a JWT's form, and no signature."""
    content = {"sub": sub, "username": sub, "token_use": "access", "exp": int(time.time()) + 3600, **claims}
    return f"e30.{base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip('=')}.pool"


class FakePoolTokens:
    """PoolTokens without signatures: takes what `token` makes."""

    async def claims(self, user_pool_id: str, token: str) -> dict[str, object]:
        head, _, rest = token.partition(".")
        payload, _, seal = rest.partition(".")
        if head != "e30" or seal != "pool" or user_pool_id != POOL:
            raise TokenRefused("not of this pool")
        claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if claims["exp"] < time.time():  # type: ignore[operator]
            raise TokenRefused("expired")
        return {"iss": f"https://cognito-idp.{REGION}.amazonaws.com/{POOL}", **claims}


class FakeFunctions:
    """The part of FunctionService that AppSync uses."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[Any], Awaitable[object]]] = {}
        self.events: list[object] = []

    async def invoke(self, arn: str, payload: bytes) -> Invocation:
        try:
            result = await self.handlers[arn.rpartition(":")[2]](json.loads(payload))
        except ZeroDivisionError as error:
            document = {"errorMessage": str(error), "errorType": "ZeroDivisionError"}
            return Invocation("request", json.dumps(document).encode(), "Unhandled")
        return Invocation("request", json.dumps(result).encode(), None)

    def invoke_event(self, arn: str, payload: bytes) -> str:
        self.events.append((arn.rpartition(":")[2], json.loads(payload)))
        return "request"


@dataclass
class Edge:
    """One server with any number of APIs."""

    origin: str
    world: World
    credentials: Credentials
    http: httpx.AsyncClient
    functions: FakeFunctions = field(default_factory=FakeFunctions)
    faults: AppSyncFaults = field(default_factory=AppSyncFaults)

    def api(
        self,
        schema: str,
        resolvers: Mapping[str, str] | None = None,
        *,
        default: str = "AMAZON_COGNITO_USER_POOLS",
        additional: tuple[str, ...] = ("AWS_IAM",),
        default_action: str = "ALLOW",
        functions: tuple[str, ...] = (),
    ) -> "Api":
        """A new API; `resolvers` is code by `Type.field`, for a NONE data source unless the field is in `functions`."""
        api_id = f"api{next(api_numbers)}"
        record = GraphqlApi(
            api_id=api_id,
            arn=f"arn:aws:appsync:{REGION}:{ACCOUNT}:apis/{api_id}",
            name=api_id,
            schema=schema,
            authentication_type=default,
            user_pool_id=POOL,
            user_pool_default_action=default_action,
            additional_authentication_types=additional,
        )
        record.data_sources["none"] = DataSource("none", "NONE")
        for place, code in (resolvers or {}).items():
            type_name, field_name = place.split(".")
            source = f"{api_id}_{field_name}" if place in functions else "none"
            record.resolvers[type_name, field_name] = UnitResolver(type_name, field_name, source, code)
        self.world.graphql_apis[api_id] = record
        return Api(self, record)


@dataclass
class Api:
    """One API, as its clients see it."""

    edge: Edge
    record: GraphqlApi

    @property
    def url(self) -> str:
        """The GraphQL endpoint."""
        return f"{self.edge.origin}/appsync/{self.record.api_id}/graphql"

    @property
    def host(self) -> str:
        """Host and port."""
        return self.edge.origin.removeprefix("http://")

    def function(self, field_name: str, handler: Callable[[Any], Awaitable[object]]) -> DataSource:
        """A Lambda data source for the resolver of this field, with a role that may invoke it."""
        name = f"{self.record.api_id}_{field_name}"
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        self.edge.world.functions[name] = Function(
            name=name,
            arn=arn,
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
        self.edge.functions.handlers[name] = handler
        role = self.role("lambda:InvokeFunction", arn, service="appsync.amazonaws.com")
        self.record.data_sources[name] = DataSource(name, "AWS_LAMBDA", arn, role.arn)
        return self.record.data_sources[name]

    def role(self, action: str, *resources: str, service: str = "lambda.amazonaws.com") -> Role:
        """A role that may do one thing."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/role{next(api_numbers)}"
        trust = {"Version": "2012-10-17", "Statement": [_allow("sts:AssumeRole", Principal={"Service": service})]}
        policy = {"Version": "2012-10-17", "Statement": [_allow(action, Resource=list(resources))]}
        self.edge.world.roles[arn] = Role(arn.rpartition("/")[2], arn, trust, {"policy": policy})
        return self.edge.world.roles[arn]

    def publisher(self, *fields: str) -> Keys:
        """Keys of a role that may use these fields, e.g. `Mutation.publish`."""
        paths = [f"types/{place.split('.')[0]}/fields/{place.split('.')[1]}" for place in fields]
        role = self.role("appsync:GraphQL", *(f"{self.record.arn}/{path}" for path in paths))
        return self.edge.credentials.for_role(role.arn)

    async def post(
        self, query: str, variables: Json | None = None, *, by: str | Keys | None = None, **more: object
    ) -> httpx.Response:
        """A call by the bearer of a token, by keys, or by nobody."""
        return await self.send(json.dumps({"query": query, "variables": variables or {}, **more}).encode(), by=by)

    async def send(self, body: bytes, *, by: str | Keys | None = None, headers: Json | None = None) -> httpx.Response:
        """A POST of this very body."""
        sent = {"content-type": "application/json", **(headers or {})}
        if isinstance(by, Keys):
            sent = signed(self.url, body, by, sent)
        elif by is not None:
            sent["authorization"] = by
        return await self.edge.http.post(self.url, content=body, headers=sent)

    async def data(self, query: str, variables: Json | None = None, *, by: str | Keys | None = None) -> Any:
        """The data of a call that has no errors."""
        body = (await self.post(query, variables, by=by)).json()
        assert "errors" not in body, body
        return body["data"]

    async def errors(self, query: str, variables: Json | None = None, *, by: str | Keys | None = None) -> list[Json]:
        """The errors of a call that AppSync answers with 200."""
        response = await self.post(query, variables, by=by)
        assert response.status_code == 200, response.text
        return response.json()["errors"]

    def socket(self, protocols: list[str] | None, query: str = "", **more: Any) -> connect:
        """A connection to the real-time endpoint, no message sent."""
        offered = [Subprotocol(name) for name in protocols] if protocols else None
        more = {"compression": None, "ping_interval": None, "open_timeout": PATIENCE, "proxy": None, **more}
        return connect(f"{self.url.replace('http', 'ws', 1)}/realtime{query}", subprotocols=offered, **more)

    async def subscriber(self, by: str, **more: Any) -> "Subscriber":
        """A client with an acknowledged connection."""
        authorization = {"host": self.host, "Authorization": by}
        client = Subscriber(await self.socket(["graphql-ws", header_protocol(authorization)], **more), authorization)
        await client.send({"type": "connection_init"})
        assert await client.receive() == {"type": "connection_ack", "payload": {"connectionTimeoutMs": 300000}}
        return client


@dataclass
class Subscriber:
    """A client of the real-time protocol."""

    socket: ClientConnection
    authorization: Mapping[str, str]

    async def send(self, frame: Json) -> None:
        """One message."""
        await self.socket.send(json.dumps(frame))

    async def receive(self, *, keep_alive: bool = False) -> Json:
        """The next message; keep-alives only when asked for."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: Json = json.loads(await self.socket.recv())
                if keep_alive or frame != {"type": "ka"}:
                    return frame

    async def start(self, subscription_id: str, query: str, variables: Json | None = None) -> Json:
        """Starts a subscription; the answer."""
        data = json.dumps({"query": query, "variables": variables or {}})
        payload = {"data": data, "extensions": {"authorization": self.authorization}}
        await self.send({"id": subscription_id, "type": "start", "payload": payload})
        return await self.receive()

    async def started(self, subscription_id: str, query: str, variables: Json | None = None) -> None:
        """Starts a subscription that is accepted."""
        answer = await self.start(subscription_id, query, variables)
        assert answer == {"type": "start_ack", "id": subscription_id}

    async def data(self, subscription_id: str) -> Any:
        """The payload of the next message, which is data of this subscription."""
        frame = await self.receive()
        assert (frame["type"], frame["id"]) == ("data", subscription_id), frame
        return frame["payload"]


def header_protocol(header: Mapping[str, str]) -> str:
    """The header object as a subprotocol."""
    return "header-" + base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


def signed(url: str, body: bytes, keys: Keys, headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Headers with a Signature Version 4 for AppSync."""
    request = AWSRequest("POST", url, dict(headers or {}), body)
    credentials = BotocoreCredentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
    SigV4Auth(credentials, "appsync", REGION).add_auth(request)
    return dict(request.headers.items())


def _allow(action: str, **more: object) -> Json:
    return {"Effect": "Allow", "Action": action, **more}


@contextlib.asynccontextmanager
async def serving(limits: Limits | None = None) -> AsyncIterator[Edge]:
    """An edge on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does it for sockets of its own only
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    http = httpx.AsyncClient(trust_env=False, timeout=PATIENCE)
    edge = Edge(origin, World(REGION, origin), Credentials(), http)
    services = edge.functions, edge.credentials, FakePoolTokens()
    app = Starlette(routes=routes(edge.world, *services, limits, edge.faults))  # type: ignore[arg-type]
    config = uvicorn.Config(
        app, ws=LimitedWebSocketProtocol, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield edge
    finally:
        await http.aclose()
        server.should_exit = True
        await task
