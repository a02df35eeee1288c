"""The functions of an architecture, each in a process of its own on the real runtime client."""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.environment import without_account
from sandbox.functions.errors import FunctionFailed
from sandbox.functions.process import FunctionProcess, Leash
from sandbox.functions.runtime_api import Event, RuntimeApi
from sandbox.options import PROJECT_ROOT
from sandbox.world import ACCOUNT_ID
from shared.contract.architectures import appsync, websocket
from shared.contract.environment import Variable
from shared.contract.tiers import Tier
from streamways.bench.services import REGION, TABLE
from streamways.errors import CommandError

CLIENT_ID = "bench"
START_SECONDS = 60
TIMEOUT_SECONDS = 120
"""Of the function: far more than any stream of the benchmark takes."""
FUNCTION_NAME = "bench-lag"
CHAT = "bench"
"""Each stream answers the one message of this chat anew: but for the first it finds a history, as most starts do."""


Payload = Mapping[str, object]


def message(message_id: str) -> Mapping[str, object]:
    """What the user says, as a UI message of the AI SDK."""
    return {"id": message_id, "role": "user", "parts": [{"type": "text", "text": "Count."}]}


@dataclass(frozen=True)
class Handlers:
    """The handler that takes a client's requests, the one that its worker runs, and the events of two requests."""

    front: str
    worker: str
    start: Callable[[str, Mapping[str, object]], Payload]
    """What starts the stream of this id with this message."""
    read: Callable[[str], Payload]
    """What another client reads the stream of this id with, from its beginning."""


def _send(stream_id: str, said: Mapping[str, object]) -> Payload:
    return _frame({"type": "send", "requestId": stream_id, "id": CHAT, "messages": [said]})


def _resume(stream_id: str) -> Payload:
    return _frame({"type": "resume", "requestId": f"{stream_id}-again", "id": CHAT})


def _frame(frame: Mapping[str, object]) -> Payload:
    """The event of a frame, as API Gateway makes it."""
    context = {
        "routeKey": "$default",
        "connectionId": "bench",
        "connectedAt": int(time.time() * 1000),
        "requestId": frame["requestId"],
        "authorizer": {"sub": "bench", "tier": Tier.ENTERPRISE.value, "expiresAt": str(int(time.time()) + 3600)},
    }
    return {"requestContext": context, "body": json.dumps(frame)}


def _start_stream(stream_id: str, said: Mapping[str, object]) -> Payload:
    return _field("startStream", {"streamId": stream_id, "chatId": CHAT, "messages": json.dumps([said])})


def _parts(stream_id: str) -> Payload:
    return _field("parts", {"streamId": stream_id})


def _field(name: str, arguments: Mapping[str, object]) -> Payload:
    """The payload of a field's resolver."""
    claims = {
        "sub": "bench",
        "token_use": "access",
        "client_id": CLIENT_ID,
        "cognito:groups": [Tier.ENTERPRISE.value],
        "exp": int(time.time()) + 3600,
    }
    return {"field": name, "claims": claims, "arguments": arguments, "requestId": arguments["streamId"]}


_SOCKETS, _GRAPHQL = websocket.DESCRIPTOR.packages, appsync.DESCRIPTOR.packages
ARCHITECTURES = {
    websocket.NAME: Handlers(_SOCKETS["routes"].handler, _SOCKETS["worker"].handler, _send, _resume),
    appsync.NAME: Handlers(_GRAPHQL["api"].handler, _GRAPHQL["worker"].handler, _start_stream, _parts),
}


class Function:
    """One process that takes one event after the other, from `start` to `stop`."""

    def __init__(self, handler: str, endpoint: str, leash: Leash) -> None:
        self._handler = handler
        self._endpoint = endpoint
        self._leash = leash
        self._api = RuntimeApi()
        self._process: FunctionProcess | None = None
        self._last_lines: list[str] = []

    async def start(self) -> None:
        """Returns when it asks for work. Raises CommandError."""
        await self._api.start()
        self._process = await FunctionProcess.start(
            [sys.executable, "-m", "awslambdaric", self._handler],
            cwd=PROJECT_ROOT,
            environment=environment(self._endpoint) | {"AWS_LAMBDA_RUNTIME_API": self._api.address},
            on_line=self._note,
            leash=self._leash,
        )
        try:
            await asyncio.wait_for(self._api.ready, START_SECONDS)
        except (TimeoutError, FunctionFailed) as error:
            raise CommandError(f"{self._handler} did not start: {self._said}") from error

    async def invoke(self, payload: bytes) -> bytes:
        """What the function answers. Raises CommandError when it fails, or takes too long."""
        event = Event(
            request_id=secrets.token_hex(8),
            payload=payload,
            deadline_ms=int((time.time() + TIMEOUT_SECONDS) * 1000),
            function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{FUNCTION_NAME}",
            trace_id="Root=1-00000000-000000000000000000000000",
        )
        try:
            return await asyncio.wait_for(self._api.invoke(event), TIMEOUT_SECONDS)
        except (TimeoutError, FunctionFailed) as error:
            raise CommandError(f"{self._handler} failed: {self._said}") from error

    @property
    def peak_megabytes(self) -> int | None:
        """The most memory that it had so far; None where the system does not tell."""
        assert self._process is not None, "start() was not called"
        return self._process.peak_memory_megabytes()

    @property
    def processor_seconds(self) -> float | None:
        """How long it has worked so far; None where the system does not tell."""
        assert self._process is not None, "start() was not called"
        return self._process.processor_seconds()

    async def stop(self) -> None:
        """Ends the process."""
        if self._process is not None:
            await self._process.kill()
        await self._api.close()

    def _note(self, line: str) -> None:
        self._last_lines = [*self._last_lines[-4:], line]

    @property
    def _said(self) -> str:
        return " ".join(self._last_lines)[-2000:] or "it said nothing"


def environment(endpoint: str) -> dict[str, str]:
    """What any function of the benchmark is told; all services answer at `endpoint`."""
    return without_account(os.environ) | {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        Variable.ARCHITECTURE: "bench",
        Variable.CALLBACK_URL: endpoint,
        Variable.GRAPHQL_URL: f"{endpoint}/graphql",
        Variable.MIN_INTERVAL_MILLISECONDS: "50",
        Variable.MODEL_ID: "amazon.nova-lite-v1:0",
        Variable.MODEL_MAX_OUTPUT_TOKENS: "10000",
        "POWERTOOLS_METRICS_NAMESPACE": "Streamways",
        "POWERTOOLS_SERVICE_NAME": "bench",
        "PYTHONPATH": str(PROJECT_ROOT),
        Variable.STACK_NAME: "bench",
        Variable.STREAMS_TABLE: TABLE,
        Variable.TOKEN_CLIENT_IDS: CLIENT_ID,
        Variable.WORKER_FUNCTION_ARN: FUNCTION_NAME,
    }
