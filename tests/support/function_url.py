"""The function URL's app with everything it talks to on real sockets, as the Web Adapter calls it."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.types import Message

from handlers.function_url import app as function_url
from handlers.http import environment
from shared.protocol.cursor import Cursor
from tests.support.aws import Table
from tests.support.bedrock import FakeBedrock
from tests.support.pool import CLIENT_ID, ISSUER, Pool, token
from tests.support.server import WAIT_SECONDS

MODEL = "amazon.nova-lite-v1:0"


@dataclass
class World:
    """The pool whose tokens are taken, and the model."""

    pool: Pool
    bedrock: FakeBedrock


KEPT = (
    environment.verifier,
    environment.admission,
    environment.model,
    environment.repository,
    environment.tail,
    environment.chats,
    environment.members,
    environment.limits,
)


@contextmanager
def function_url_world() -> Iterator[World]:
    """The function's environment, and an app that was started anew in it."""
    with Pool() as pool, FakeBedrock() as bedrock, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHITECTURE", "function-url")
        patch.setenv("TOKEN_ISSUER", ISSUER)
        patch.setenv("TOKEN_JWKS_URL", pool.jwks_url)
        patch.setenv("TOKEN_CLIENT_IDS", CLIENT_ID)
        patch.setenv("MODEL_ID", MODEL)
        patch.setenv("MODEL_MAX_OUTPUT_TOKENS", "300")
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        patch.setattr("shared.models.bedrock.FIRST_WAIT_SECONDS", 0.0)
        for kept in KEPT:
            kept.cache_clear()
        yield World(pool, bedrock)
        for kept in KEPT:
            kept.cache_clear()


def adapter_headers(remaining_seconds: float = 60.0) -> dict[str, str]:
    """What the Web Adapter adds to each request."""
    deadline = int((time.time() + remaining_seconds) * 1000)
    return {
        "x-amzn-lambda-context": json.dumps({"request_id": "invocation-1", "deadline": deadline}),
        "x-amzn-request-context": json.dumps({"requestId": "url-request-1", "http": {"method": "POST"}}),
    }


PROMPT = "Tell me the secret of the sky"
OWNER = "a1b2c3d4"
MALLORY = f"Bearer {token(sub='mallory')}"
"""Another user of the pool."""


def chat(chat_id: str = "chat-1", prompt: str = PROMPT, message_id: str = "m-1") -> dict[str, Any]:
    """What `useChat` sends for a first message."""
    return {
        "id": chat_id,
        "messages": [{"id": message_id, "role": "user", "parts": [{"type": "text", "text": prompt}]}],
        "trigger": "submit-message",
        "messageId": None,
    }


CHAT = chat()


async def send(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    *,
    authorization: str | None = "good",
    body: object = None,
    remaining: float = 60.0,
    **headers: str,
) -> httpx.Response:
    """One request as the Web Adapter forwards it."""
    sent = {**adapter_headers(remaining), **{name.replace("_", "-"): value for name, value in headers.items()}}
    if authorization is not None:
        sent["authorization"] = f"Bearer {token()}" if authorization == "good" else authorization
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    raw = [(name.encode(), value.encode()) for name, value in sent.items()]
    return await client.request(method, path, content=content, headers=raw)


async def ask(client: httpx.AsyncClient, *, body: object = CHAT, query: str = "", **more: Any) -> httpx.Response:
    """A chat request: see `send`."""
    return await send(client, "POST", f"/api/chat{query}", body=body, **more)


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of a response, which must be of this status and code, and of the one shape that refusals have."""
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.headers["content-type"] == "application/json"
    assert response.json().keys() == {"error"}
    error = response.json()["error"]
    assert {"code", "message"} <= error.keys() <= {"code", "message", "retryAfter", "limit"}
    return error


def events(body: str) -> list[tuple[int, dict[str, Any]]]:
    """The numbered parts of a whole answer, which must end with `[DONE]`."""
    *told, done = told_by(body)
    assert done == "data: [DONE]"
    matches = [re.fullmatch(r"id: ([^\n]+)\ndata: ([^\n]+)", block) for block in told]
    assert all(matches), told
    places = [(Cursor.parse(match[1], "id"), json.loads(match[2])) for match in matches if match]
    assert len({place.stream_id for place, _ in places}) <= 1, "parts of several streams"
    return [(place.sequence, part) for place, part in places]


def last_id(block: str) -> str:
    """The id of an event."""
    return block.partition("\n")[0].removeprefix("id: ")


def told_by(body: str) -> list[str]:
    """The events of a body, without comments."""
    *blocks, nothing = body.split("\n\n")
    assert nothing == ""
    return [block for block in blocks if not block.startswith(":")]


def parts(response: httpx.Response, after: int = -1) -> list[dict[str, Any]]:
    """The parts of a whole answer, or of all that followed this sequence."""
    numbered = events(response.text)
    assert [sequence for sequence, _ in numbered] == list(range(after + 1, after + 1 + len(numbered)))
    return [part for _, part in numbered]


def text(told: list[dict[str, Any]]) -> str:
    return "".join(part["delta"] for part in told if part["type"] == "text-delta")


def untouched(world: World, table: Table) -> bool:
    """Whether nothing was held or spent."""
    return world.bedrock.received == [] and table.count() == 0


class Exchange:
    """One request to the app, below HTTP: the test is the server, and sees each message when it comes."""

    def __init__(
        self, authorization: str = "", method: str = "POST", path: str = "/api/chat", body: object = CHAT
    ) -> None:
        self.sent: list[Message] = []
        self.reads = 0
        self.hangs_up = asyncio.Event()
        self._body = json.dumps(body).encode()
        headers = {**adapter_headers(), "authorization": authorization or f"Bearer {token()}"}
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "https",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

    @property
    def stream_id(self) -> str:
        """The stream that the response is about."""
        return dict(self.sent[0]["headers"])[b"x-streamways-stream"].decode()

    @property
    def body(self) -> str:
        """What came of the body so far."""
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    async def receive(self) -> Message:
        self.reads += 1
        if self.reads == 1:
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self.hangs_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self) -> None:
        await function_url.app(self.scope, self.receive, self.send)


class Watching(Exchange):
    """An exchange that can be waited for."""

    def __init__(self, **request: Any) -> None:
        super().__init__(**request)
        self._news = asyncio.Event()

    async def send(self, message: Message) -> None:
        await super().send(message)
        self._news.set()

    async def hears(self, words: str) -> None:
        """Until they have come; sooner than anything that the stream waits for gives up."""
        async with asyncio.timeout(WAIT_SECONDS / 2):
            while words not in self.body:
                self._news.clear()
                await self._news.wait()
