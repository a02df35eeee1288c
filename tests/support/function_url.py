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
from tests.support.aws import Table
from tests.support.bedrock import FakeBedrock
from tests.support.pool import CLIENT_ID, ISSUER, Pool, token

MODEL = "amazon.nova-lite-v1:0"


@dataclass
class World:
    """The pool whose tokens are taken, and the model."""

    pool: Pool
    bedrock: FakeBedrock


@contextmanager
def function_url_world() -> Iterator[World]:
    """The function's environment, and an app that was started anew in it."""
    with Pool() as pool, FakeBedrock() as bedrock, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN_ISSUER", ISSUER)
        patch.setenv("TOKEN_JWKS_URL", pool.jwks_url)
        patch.setenv("TOKEN_CLIENT_IDS", CLIENT_ID)
        patch.setenv("MODEL_ID", MODEL)
        patch.setenv("MODEL_MAX_OUTPUT_TOKENS", "300")
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        patch.setattr("shared.models.bedrock.FIRST_WAIT_SECONDS", 0.0)
        function_url.core.cache_clear()
        yield World(pool, bedrock)
        function_url.core.cache_clear()


def adapter_headers(remaining_seconds: float = 60.0) -> dict[str, str]:
    """What the Web Adapter adds to each request."""
    deadline = int((time.time() + remaining_seconds) * 1000)
    return {
        "x-amzn-lambda-context": json.dumps({"request_id": "invocation-1", "deadline": deadline}),
        "x-amzn-request-context": json.dumps({"requestId": "url-request-1", "http": {"method": "POST"}}),
    }


PROMPT = "Tell me the secret of the sky"
OWNER = "a1b2c3d4"
CHAT: dict[str, Any] = {
    "id": "chat-1",
    "messages": [{"id": "m-1", "role": "user", "parts": [{"type": "text", "text": PROMPT}]}],
    "trigger": "submit-message",
    "messageId": None,
}


async def ask(
    client: httpx.AsyncClient,
    *,
    authorization: str | None = "good",
    body: object = CHAT,
    remaining: float = 60.0,
    **headers: str,
) -> httpx.Response:
    """One request as the Web Adapter forwards it."""
    sent = {**adapter_headers(remaining), **{name.replace("_", "-"): value for name, value in headers.items()}}
    if authorization is not None:
        sent["authorization"] = f"Bearer {token()}" if authorization == "good" else authorization
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    raw = [(name.encode(), value.encode()) for name, value in sent.items()]
    return await client.post("/api/chat", content=content, headers=raw)


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of a response, which must be of this status and code, and of the one shape that refusals have."""
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.headers["content-type"] == "application/json"
    assert response.json().keys() == {"error"}
    error = response.json()["error"]
    assert {"code", "message"} <= error.keys() <= {"code", "message", "retryAfter"}
    return error


def events(body: str) -> list[tuple[int, dict[str, Any]]]:
    """The numbered parts of a whole answer, which must end with `[DONE]`."""
    *blocks, done, nothing = body.split("\n\n")
    assert (done, nothing) == ("data: [DONE]", "")
    matches = [re.fullmatch(r"id: (\d+)\ndata: ([^\n]+)", block) for block in blocks]
    assert all(matches), blocks
    return [(int(match[1]), json.loads(match[2])) for match in matches if match]


def parts(response: httpx.Response) -> list[dict[str, Any]]:
    numbered = events(response.text)
    assert [sequence for sequence, _ in numbered] == list(range(len(numbered)))
    return [part for _, part in numbered]


def text(told: list[dict[str, Any]]) -> str:
    return "".join(part["delta"] for part in told if part["type"] == "text-delta")


def untouched(world: World, table: Table) -> bool:
    """Whether nothing was held or spent."""
    return world.bedrock.received == [] and table.count() == 0


class Exchange:
    """One request to the app, below HTTP: the test is the server, and sees each message when it comes."""

    def __init__(self, authorization: str = "") -> None:
        self.sent: list[Message] = []
        self.reads = 0
        self.hangs_up = asyncio.Event()
        headers = {**adapter_headers(), "authorization": authorization or f"Bearer {token()}"}
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/api/chat",
            "raw_path": b"/api/chat",
            "root_path": "",
            "scheme": "https",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

    async def receive(self) -> Message:
        self.reads += 1
        if self.reads == 1:
            return {"type": "http.request", "body": json.dumps(CHAT).encode(), "more_body": False}
        await self.hangs_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self) -> None:
        await function_url.app(self.scope, self.receive, self.send)
