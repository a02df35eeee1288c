"""The services that the functions call: a model at an exact pace, and deliveries that take a set time."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, cast
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.aws.eventstream import CONTENT_TYPE, event
from sandbox.aws.moto_proxy import MotoProxy
from shared.contract.parts import PartType

FIRST_TOKEN_SECONDS = 0.75
"""Long enough for the frames that precede the model's answer, also where each takes 250 ms."""
TOKEN = "{:04d} "
TOKEN_CHARACTERS = 5


@dataclass(frozen=True)
class Load:
    """What one stream is to bear. `call_seconds` is how long each delivery takes."""

    tokens: int
    tokens_per_second: float
    call_seconds: float

    @property
    def text(self) -> str:
        """What the model says: numbers, so that each token can be told from the others."""
        return "".join(TOKEN.format(number) for number in range(self.tokens))


@dataclass
class Recording:
    """What happened during one stream; times are `perf_counter()`s."""

    load: Load
    sent_at: list[float] = field(default_factory=list[float])
    """When the model sent each token."""
    asked_at: float | None = None
    """When the model was asked."""
    delivered: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    """The text of each message, and when its delivery was over; a message without text is `""`."""
    requests: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    """DynamoDB's operations."""
    invoked: "asyncio.Queue[bytes]" = field(default_factory=lambda: asyncio.Queue[bytes]())
    """The events of the workers that were invoked."""


class Endpoints:
    """One application for all services; the functions find it by `AWS_ENDPOINT_URL`."""

    def __init__(self, table: MotoProxy) -> None:
        self._table = table
        self._recording: Recording | None = None
        self.key_set: Mapping[str, object] = {}
        """The public keys of the user pool, for a function that verifies tokens itself."""
        self.application = Starlette(
            routes=[
                Route("/model/{model}/converse-stream", self._converse, methods=["POST"]),
                Route("/@connections/{connection}", self._post_to_connection, methods=["POST"]),
                Route("/graphql", self._publish, methods=["POST"]),
                Route("/2015-03-31/functions/{name}/invocations", self._invoke, methods=["POST"]),
                Route("/jwks", self._keys, methods=["GET"]),
                Route("/", self._dynamodb, methods=["POST"]),
            ]
        )

    def record(self, load: Load) -> Recording:
        """From now on everything belongs to this stream."""
        self._recording = Recording(load)
        return self._recording

    @property
    def _now(self) -> Recording:
        assert self._recording is not None, "a function was called before there was a stream"
        return self._recording

    async def _converse(self, request: Request) -> Response:
        await request.body()
        recording = self._now
        recording.asked_at = perf_counter()
        await asyncio.sleep(FIRST_TOKEN_SECONDS)
        return StreamingResponse(_spoken(recording), media_type=CONTENT_TYPE)

    async def _post_to_connection(self, request: Request) -> Response:
        frame = cast("dict[str, Any]", json.loads(await request.body()))
        part = frame.get("chunk", {})
        return await self._delivered(_text([part]), Response())

    async def _publish(self, request: Request) -> Response:
        variables = json.loads(await request.body())["variables"]
        text = _text([json.loads(part) for part in variables["parts"]])
        return await self._delivered(text, JSONResponse({"data": {"publishParts": None}}))

    async def _delivered(self, text: str, answer: Response) -> Response:
        recording = self._now
        await asyncio.sleep(recording.load.call_seconds)
        recording.delivered.append((perf_counter(), text))
        return answer

    async def _invoke(self, request: Request) -> Response:
        self._now.invoked.put_nowait(await request.body())
        return Response(status_code=202)

    async def _keys(self, _: Request) -> Response:
        return JSONResponse(self.key_set)

    async def _dynamodb(self, request: Request) -> Response:
        operation = unquote(request.headers["x-amz-target"]).rpartition(".")[2]
        if self._recording is not None:
            self._recording.requests.append((perf_counter(), operation))
        return await self._table.forward(await request.body(), request.headers)


async def _spoken(recording: Recording) -> AsyncIterator[bytes]:
    """The model's answer; a token that is late does not delay the next one."""
    load, began = recording.load, perf_counter()
    yield event("messageStart", {"role": "assistant"})
    for number in range(load.tokens):
        if (wait := began + number / load.tokens_per_second - perf_counter()) > 0:
            await asyncio.sleep(wait)
        recording.sent_at.append(perf_counter())
        yield event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": TOKEN.format(number)}})
    usage = {"inputTokens": 5, "outputTokens": load.tokens, "totalTokens": load.tokens + 5}
    yield event("contentBlockStop", {"contentBlockIndex": 0})
    yield event("messageStop", {"stopReason": "end_turn"})
    yield event("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})


def _text(parts: list[dict[str, Any]]) -> str:
    return "".join(part["delta"] for part in parts if part.get("type") == PartType.TEXT_DELTA)
