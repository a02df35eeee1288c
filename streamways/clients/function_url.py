"""The function URL: answers as server-sent events, as `useChat` speaks by default, and plain HTTP for the rest."""

import time
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import httpx

from shared.contract.architectures import function_url
from shared.contract.parts import TERMINAL
from shared.contract.usage import Rating
from streamways.clients import refusals
from streamways.clients.addresses import is_loopback, trusted
from streamways.clients.chats import Chat, ChatSummary, Invitation, Page, page_of_chats, page_of_invitations
from streamways.clients.client import OPEN_SECONDS, SILENCE_SECONDS, Architecture, ChatRequest, Received
from streamways.clients.errors import Cut, Malformed, NothingActive, Unreachable
from streamways.clients.limits import UserLimits
from streamways.clients.sse import EventParser
from streamways.clients.wire import json_object

CHAT_PATH = "api/chat"
INVITATIONS_PATH = "api/invitations"
LIMITS_PATH = "api/limits"
CONTENT_TYPE = "text/event-stream"
DONE = "[DONE]"
"""Data of the event that closes the body, after the terminal part."""

_SOURCE = "the function URL"
_STREAM_HEADERS = {"accept": CONTENT_TYPE, "accept-encoding": "identity"}


class FunctionUrlClient:
    """Speaks with a Lambda function URL in response-streaming mode. Opens a connection for each stream.

    `signer` signs the requests where the URL asks for that.
    """

    architecture: Architecture = function_url.NAME

    def __init__(
        self,
        function_url: str,
        token: str | None,
        *,
        signer: httpx.Auth | None = None,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._chats_url = function_url.rstrip("/") + "/" + CHAT_PATH
        self._invitations_url = function_url.rstrip("/") + "/" + INVITATIONS_PATH
        self._limits_url = function_url.rstrip("/") + "/" + LIMITS_PATH
        self._silence_seconds = silence_seconds
        self._http = httpx.AsyncClient(
            headers={"authorization": f"Bearer {token}"} if token else {},
            auth=signer,
            timeout=httpx.Timeout(OPEN_SECONDS, read=silence_seconds),
            trust_env=not is_loopback(function_url),
            verify=trusted(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def stream(self, request: ChatRequest) -> AsyncGenerator[Received]:
        """See `Client.stream`. The stream's id travels as `Idempotency-Key`."""
        body: dict[str, object] = {
            "id": request.chat_id,
            "messages": request.messages,
            "trigger": request.trigger,
        }
        if request.message_id is not None:
            body["messageId"] = request.message_id
        post = self._http.build_request(
            "POST", self._chats_url, json=body, headers=_STREAM_HEADERS | {"idempotency-key": request.stream_id}
        )
        return self._parts(post, request.chat_id)

    def resume(self, chat_id: str, after: str | None = None) -> AsyncGenerator[Received]:
        """See `Client.resume`. The cursor, which is the id of an event, travels as `Last-Event-ID`."""
        last = {} if after is None else {"last-event-id": after}
        get = self._http.build_request("GET", f"{self._chat_url(chat_id)}/stream", headers=_STREAM_HEADERS | last)
        return self._parts(get, chat_id)

    async def cancel(self, chat_id: str, stream_id: str) -> None:
        """See `Client.cancel`."""
        await self._ask("DELETE", f"{self._chat_url(chat_id)}/stream/{quote(stream_id, safe='')}")

    async def chats(self, after: str | None = None) -> Page[ChatSummary]:
        """See `Client.chats`."""
        return page_of_chats(json_object(await self._ask("GET", _after(self._chats_url, after)), _SOURCE))

    async def read(self, chat_id: str) -> Chat:
        """See `Client.read`."""
        return Chat.from_json(json_object(await self._ask("GET", self._chat_url(chat_id)), _SOURCE))

    async def update(self, chat_id: str, *, title: str | None = None) -> None:
        """See `Client.update`."""
        await self._ask("PATCH", self._chat_url(chat_id), {} if title is None else {"title": title})

    async def delete(self, chat_id: str) -> None:
        """See `Client.delete`."""
        await self._ask("DELETE", self._chat_url(chat_id))

    async def rate(self, chat_id: str, message_id: str, rating: Rating | None) -> None:
        """See `Client.rate`."""
        message = f"{self._chat_url(chat_id)}/messages/{quote(message_id, safe='')}"
        await self._ask("PUT", f"{message}/rating", {"rating": rating})

    async def invite(self, chat_id: str, sub: str) -> None:
        """See `Client.invite`."""
        await self._ask("POST", f"{self._chat_url(chat_id)}/invitations", {"sub": sub})

    async def remove(self, chat_id: str, sub: str) -> None:
        """See `Client.remove`."""
        await self._ask("DELETE", f"{self._chat_url(chat_id)}/members/{quote(sub, safe='')}")

    async def leave(self, chat_id: str) -> None:
        """See `Client.leave`."""
        await self._ask("DELETE", f"{self._chat_url(chat_id)}/membership")

    async def invitations(self, after: str | None = None) -> Page[Invitation]:
        """See `Client.invitations`."""
        answer = await self._ask("GET", _after(self._invitations_url, after))
        return page_of_invitations(json_object(answer, _SOURCE))

    async def accept(self, chat_id: str) -> None:
        """See `Client.accept`."""
        await self._ask("POST", f"{self._invitations_url}/{quote(chat_id, safe='')}")

    async def decline(self, chat_id: str) -> None:
        """See `Client.decline`."""
        await self._ask("DELETE", f"{self._invitations_url}/{quote(chat_id, safe='')}")

    async def limits(self) -> UserLimits:
        """See `Client.limits`."""
        return UserLimits.from_json(json_object(await self._ask("GET", self._limits_url), _SOURCE))

    def _chat_url(self, chat_id: str) -> str:
        return f"{self._chats_url}/{quote(chat_id, safe='')}"

    async def _ask(self, method: str, url: str, body: Mapping[str, object] | None = None) -> bytes:
        try:
            response = await self._http.request(method, url, json=body, timeout=OPEN_SECONDS)
        except httpx.TransportError as error:
            raise self._failure(error) from error
        if response.status_code >= 400:
            raise refusals.from_http(response.status_code, response.headers, response.content)
        return response.content

    async def _parts(self, request: httpx.Request, chat_id: str) -> AsyncGenerator[Received]:
        started = time.perf_counter()
        try:
            response = await self._http.send(request, stream=True)
            try:
                await _check(response, chat_id)
                async for received in _read(response, started):
                    yield received
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise self._failure(error) from error

    def _failure(self, error: httpx.TransportError) -> Unreachable | Cut:
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout():
                return Unreachable(f"nothing answers at {self._chats_url}: {error}")
            case httpx.ReadTimeout():
                return Cut(f"{_SOURCE} sent nothing for {self._silence_seconds:g} s")
            case _:
                return Cut(f"the connection to {_SOURCE} broke: {error}")


def _after(url: str, cursor: str | None) -> str:
    return url if cursor is None else f"{url}?{urlencode({'after': cursor})}"


async def _check(response: httpx.Response, chat_id: str) -> None:
    if response.status_code == 204:
        raise NothingActive(chat_id)
    if response.status_code >= 400:
        raise refusals.from_http(response.status_code, response.headers, await response.aread())
    content_type = response.headers.get("content-type", "none")
    if response.status_code != 200 or content_type.partition(";")[0].strip().lower() != CONTENT_TYPE:
        got = f"HTTP {response.status_code} with content type {content_type}"
        raise Malformed(f"{_SOURCE} answered {got}, not 200 with {CONTENT_TYPE}")


async def _read(response: httpx.Response, started: float) -> AsyncGenerator[Received]:
    count, ended = 0, False
    async for message, at_ms, cursor, data in _events(response, started):
        if data == DONE:
            break
        if ended:
            raise Malformed(f"{_SOURCE} sent a part after the terminal part")
        part = json_object(data, _SOURCE)
        ended = part.get("type") in TERMINAL
        yield Received(count, part, at_ms, message, cursor or None)
        count += 1
    if not ended:
        raise Cut(f"{_SOURCE} ended the body after {count} parts, without a terminal part")


async def _events(response: httpx.Response, started: float) -> AsyncGenerator[tuple[int, float, str, str]]:
    """The id and data of each event, after the index of the body's piece that completed it and when that came."""
    parser = EventParser()
    message = 0
    async for piece in response.aiter_raw():
        at_ms = (time.perf_counter() - started) * 1000
        for event in parser.feed(piece):
            yield message, at_ms, event.id, event.data
        message += 1
