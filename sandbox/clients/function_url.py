"""The function URL: one POST, the answer as server-sent events in its body, as `useChat` speaks by default."""

import time
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Self

import httpx

from sandbox.clients import refusals
from sandbox.clients.addresses import is_loopback
from sandbox.clients.client import (
    OPEN_SECONDS,
    SILENCE_SECONDS,
    TERMINAL_PARTS,
    Architecture,
    ChatRequest,
    Cut,
    Malformed,
    Received,
    Unreachable,
)
from sandbox.clients.sse import EventParser
from sandbox.clients.wire import json_object

CHAT_PATH = "api/chat"
CONTENT_TYPE = "text/event-stream"
DONE = "[DONE]"
"""Data of the event that closes the body, after the terminal part."""


class FunctionUrlClient:
    """Speaks with a Lambda function URL in response-streaming mode. Opens a connection for each stream."""

    architecture: Architecture = "function-url"

    def __init__(self, function_url: str, token: str | None, *, silence_seconds: float = SILENCE_SECONDS) -> None:
        self._chat_url = function_url.rstrip("/") + "/" + CHAT_PATH
        self._silence_seconds = silence_seconds
        self._http = httpx.AsyncClient(
            headers={"authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(OPEN_SECONDS, read=silence_seconds),
            trust_env=not is_loopback(function_url),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Received]:
        """See `Client.stream`. The stream's id travels as `Idempotency-Key`."""
        body: dict[str, object] = {
            "id": request.chat_id,
            "messages": request.messages,
            "trigger": request.trigger,
        }
        if request.message_id is not None:
            body["messageId"] = request.message_id
        headers = {"accept": CONTENT_TYPE, "accept-encoding": "identity", "idempotency-key": request.stream_id}
        started = time.perf_counter()
        try:
            async with self._http.stream("POST", self._chat_url, json=body, headers=headers) as response:
                await _check(response)
                async for received in _read(response, started):
                    yield received
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(f"nothing answers at {self._chat_url}: {error}") from error
        except httpx.ReadTimeout as error:
            raise Cut(f"the function URL sent nothing for {self._silence_seconds:g} s") from error
        except httpx.TransportError as error:
            raise Cut(f"the connection to the function URL broke: {error}") from error


async def _check(response: httpx.Response) -> None:
    if response.status_code >= 400:
        raise refusals.from_http(response.status_code, response.headers, await response.aread())
    content_type = response.headers.get("content-type", "none")
    if response.status_code != 200 or content_type.partition(";")[0].strip().lower() != CONTENT_TYPE:
        got = f"HTTP {response.status_code} with content type {content_type}"
        raise Malformed(f"the function URL answered {got}, not 200 with {CONTENT_TYPE}")


async def _read(response: httpx.Response, started: float) -> AsyncGenerator[Received]:
    sequence = 0
    ended = False
    async for message, at_ms, data in _events(response, started):
        if data == DONE:
            break
        if ended:
            raise Malformed("the function URL sent a part after the terminal part")
        part = json_object(data, "the function URL")
        ended = part.get("type") in TERMINAL_PARTS
        yield Received(sequence, part, at_ms, message)
        sequence += 1
    if not ended:
        raise Cut(f"the function URL ended the body after {sequence} parts, without a terminal part")


async def _events(response: httpx.Response, started: float) -> AsyncGenerator[tuple[int, float, str]]:
    """The data of each event, with the index of the body's piece that completed it and when that came."""
    parser = EventParser()
    message = 0
    async for piece in response.aiter_raw():
        at_ms = (time.perf_counter() - started) * 1000
        for event in parser.feed(piece):
            yield message, at_ms, event.data
        message += 1
