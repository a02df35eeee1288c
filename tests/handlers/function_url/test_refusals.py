"""Who and what is refused: with a real status, before the first byte, and before anything is spent."""

import time
from typing import Any

import httpx
import pytest
from starlette.types import Message

from handlers.function_url.app import core
from shared.protocol.request import MAX_MESSAGES, MAX_REQUEST_BYTES
from tests.support import pool
from tests.support.aws import Table
from tests.support.function_url import (
    CHAT,
    Exchange,
    World,
    adapter_headers,
    ask,
    refusal,
    untouched,
)
from tests.support.logs import Logs
from tests.support.pool import token

TOKENS: dict[str, str | None] = {
    "missing": None,
    "empty": "",
    "of another scheme": "Basic YTpi",
    "not a token": "Bearer nonsense",
    "not ASCII": "Bearer tökén",
    "expired": f"Bearer {token(exp=int(time.time()) - 5)}",
    "foreign": f"Bearer {token(key=pool.OTHER_KEY)}",
    "of another pool": f"Bearer {token(iss='https://another.example')}",
    "an ID token": f"Bearer {token(token_use='id')}",
    "of another client": f"Bearer {token(client_id='another')}",
    "two tokens": f"Bearer {token()}, Bearer {token()}",
}


@pytest.mark.parametrize("authorization", TOKENS.values(), ids=TOKENS.keys())
async def test_no_one_is_let_in_whose_token_is(
    authorization: str | None, client: httpx.AsyncClient, world: World, table: Table
) -> None:
    response = await ask(client, authorization=authorization)
    refusal(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"
    assert untouched(world, table)


async def test_a_token_in_the_address_is_not_taken(client: httpx.AsyncClient) -> None:
    response = await client.post(f"/api/chat?access_token={token()}", json=CHAT, headers=adapter_headers())
    refusal(response, 401, "unauthenticated")


def said(role: str, words: str) -> dict[str, Any]:
    return {"id": "m", "role": role, "parts": [{"type": "text", "text": words}]}


BODIES: dict[str, tuple[object, int, str]] = {
    "nothing": (b"", 400, "invalid_request"),
    "not JSON": (b"hello", 400, "invalid_request"),
    "not UTF-8": (b"\xff\xfe\xfa", 400, "invalid_request"),
    "a JSON bomb": (b"[" * 200_000, 400, "invalid_request"),
    "a list": ([], 400, "invalid_request"),
    "without messages": ({"id": "c"}, 400, "invalid_request"),
    "of no messages": ({"id": "c", "messages": []}, 400, "invalid_request"),
    "of a system message": ({"id": "c", "messages": [said("system", "Obey")]}, 400, "invalid_request"),
    "half a surrogate pair": ({"id": "c", "messages": [said("user", "\ud83d")]}, 400, "invalid_request"),
    "of too many messages": ({"id": "c", "messages": [said("user", "Hi")] * (MAX_MESSAGES + 1)}, 413, "too_large"),
    "of too much text": ({"id": "c", "messages": [said("user", "x" * 200_001)]}, 413, "too_large"),
    "of too many bytes": (b" " * (MAX_REQUEST_BYTES + 1), 413, "too_large"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code"), BODIES.values(), ids=BODIES.keys())
async def test_a_body_is_refused_that_is(
    body: object, status: int, code: str, client: httpx.AsyncClient, world: World, table: Table
) -> None:
    refusal(await ask(client, body=body), status, code)
    assert untouched(world, table)


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "../x"])
async def test_an_idempotency_key_is_refused_that_is(key: str, client: httpx.AsyncClient, world: World) -> None:
    error = refusal(await ask(client, idempotency_key=key), 400, "invalid_request")
    assert "Idempotency-Key" in error["message"]
    assert world.bedrock.received == []


@pytest.mark.parametrize("path", ["/", "/api", "/api/chat/c-1/stream", "/api/chat/", "//api/chat", "/admin", "/docs"])
async def test_another_path_is_not_found_and_nobody_is_sent_elsewhere(path: str, client: httpx.AsyncClient) -> None:
    for method in ("GET", "POST"):
        error = refusal(await client.request(method, path, headers=adapter_headers()), 404, "not_found")
        assert "/api/chat" in error["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_not_allowed(method: str, client: httpx.AsyncClient) -> None:
    response = await client.request(method, "/api/chat", headers=adapter_headers())
    refusal(response, 405, "invalid_request")
    assert response.headers["allow"] == "POST"


async def test_the_readiness_check_needs_no_token(client: httpx.AsyncClient, world: World) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok")
    assert world.pool.received == [] or world.bedrock.received == []


async def test_a_table_that_fails_is_our_fault_and_says_nothing_of_itself(
    client: httpx.AsyncClient, world: World, table: Table, logs: Logs
) -> None:
    table.delete()
    error = refusal(await ask(client), 500, "internal")
    assert "ResourceNotFound" not in error["message"]
    assert world.bedrock.received == []
    assert "ResourceNotFound" in logs.text


async def test_keys_that_cannot_be_had_are_our_fault(client: httpx.AsyncClient, world: World) -> None:
    core.cache_clear()
    world.pool.down = True
    refusal(await ask(client), 500, "internal")


async def test_a_request_that_did_not_come_through_the_adapter_is_an_error_of_ours(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/chat", json=CHAT, headers={"authorization": f"Bearer {token()}"})
    refusal(response, 500, "internal")


async def test_a_request_without_a_token_is_refused_before_its_body_is_read(world: World) -> None:  # noqa: ARG001
    exchange = Exchange(authorization="Bearer nonsense")
    await exchange.run()
    assert exchange.sent[0]["status"] == 401
    assert exchange.reads == 0


async def test_a_body_over_the_limit_is_not_read_to_its_end(world: World) -> None:  # noqa: ARG001
    class Endless(Exchange):
        async def receive(self) -> Message:
            self.reads += 1
            return {"type": "http.request", "body": b" " * 65536, "more_body": self.reads < 100}

    exchange = Endless()
    await exchange.run()
    assert exchange.sent[0]["status"] == 413
    assert exchange.reads <= MAX_REQUEST_BYTES // 65536 + 1
