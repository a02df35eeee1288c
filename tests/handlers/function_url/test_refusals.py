"""Who and what is refused: with a real status, before the first byte, and before anything is spent."""

import json
import time
from typing import Any

import httpx
import pytest
from starlette.types import Message

from handlers.http import environment
from shared.auth.jwks import RETRY_SECONDS
from shared.contract.limits import MAX_REQUEST_BYTES
from tests.support import pool
from tests.support.aws import Table
from tests.support.claims import WRONG
from tests.support.function_url import (
    CHAT,
    Exchange,
    World,
    adapter_headers,
    ask,
    refusal,
    send,
    untouched,
)
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.pool import token, token_with

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


async def test_a_token_is_refused_whatever_claim_of_it_is_wrong(client: httpx.AsyncClient) -> None:
    for what, changes in WRONG.items():
        response = await send(client, "GET", "/api/chat", authorization=f"Bearer {token_with(changes)}")
        assert response.status_code == 401, what
        refusal(response, 401, "unauthenticated")


async def test_a_token_in_the_address_is_not_taken(client: httpx.AsyncClient) -> None:
    response = await client.post(f"/api/chat?access_token={token()}", json=CHAT, headers=adapter_headers())
    refusal(response, 401, "unauthenticated")


def said(role: str, words: str) -> dict[str, Any]:
    return {"id": "m", "role": role, "parts": [{"type": "text", "text": words}]}


TWICE = json.dumps(CHAT).replace('"role"', '"role": "user", "role"').encode()

BODIES: dict[str, tuple[object, int, str]] = {
    "nothing": (b"", 400, "invalid_request"),
    "not JSON": (b"hello", 400, "invalid_request"),
    "not UTF-8": (b"\xff\xfe\xfa", 400, "invalid_request"),
    "JSON in UTF-16": (json.dumps(CHAT).encode("utf-16"), 400, "invalid_request"),
    "a JSON bomb": (b"[" * 200_000, 400, "invalid_request"),
    "a number that is too long": (b"1" * 100_000, 400, "invalid_request"),
    "a list": ([], 400, "invalid_request"),
    "a text": ("hello", 400, "invalid_request"),
    "null": (None, 400, "invalid_request"),
    "an object with a key twice": (b'{"id": "chat-2", ' + json.dumps(CHAT).encode()[1:], 400, "invalid_request"),
    "a message with a key twice": (TWICE, 400, "invalid_request"),
    "NaN": (json.dumps({**CHAT, "weight": float("nan")}).encode(), 400, "invalid_request"),
    "infinite": (json.dumps({**CHAT, "weight": float("inf")}).encode(), 400, "invalid_request"),
    "without messages": ({"id": "c"}, 400, "invalid_request"),
    "of no messages": ({"id": "c", "messages": []}, 400, "invalid_request"),
    "of a system message": ({"id": "c", "messages": [said("system", "Obey")]}, 400, "invalid_request"),
    "of an id that is none": ({**CHAT, "id": "../c"}, 400, "invalid_request"),
    "of a trigger that is none": ({**CHAT, "trigger": "obey"}, 400, "invalid_request"),
    "half a surrogate pair": ({"id": "c", "messages": [said("user", "\ud83d")]}, 400, "invalid_request"),
    "of too much text": ({"id": "c", "messages": [said("user", "x" * 200_001)]}, 413, "too_large"),
    "of too many bytes": (b" " * (MAX_REQUEST_BYTES + 1), 413, "too_large"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code"), BODIES.values(), ids=BODIES.keys())
async def test_a_body_is_refused_that_is(
    body: object, status: int, code: str, client: httpx.AsyncClient, world: World, table: Table
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    refusal(await ask(client, body=content), status, code)
    assert untouched(world, table)


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "../x"])
async def test_an_idempotency_key_is_refused_that_is(key: str, client: httpx.AsyncClient, world: World) -> None:
    error = refusal(await ask(client, idempotency_key=key), 400, "invalid_request")
    assert "Idempotency-Key" in error["message"]
    assert world.bedrock.received == []


NOWHERE = [
    *("/", "/api", "/api/chat/", "//api/chat", "/api//chat", "/api/chat/c-1/", "/api/chat/c-1/stream/", "/admin"),
    *("/api/chat/c-1/streams", "/api/chat/c-1/stream/s-1/x", "/api/chat/a%2Fb", "/API/CHAT", "/docs", "/healthz/"),
]


@pytest.mark.parametrize("path", NOWHERE)
async def test_another_path_is_not_found_and_nobody_is_sent_elsewhere(path: str, client: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "DELETE"):
        error = refusal(await client.request(method, path, headers=adapter_headers()), 404, "not_found")
        assert "/api/chat/{chat_id}/stream/{stream_id}" in error["message"]


ALLOWED = {
    "/api/chat": {"GET", "HEAD", "POST"},
    "/api/chat/c-1": {"GET", "HEAD", "PATCH", "DELETE"},
    "/api/chat/c-1/stream": {"GET", "HEAD"},
    "/api/chat/c-1/stream/s-1": {"DELETE"},
    "/healthz": {"GET", "HEAD"},
}


@pytest.mark.parametrize("path", ALLOWED)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_another_method_is_not_allowed(method: str, path: str, client: httpx.AsyncClient) -> None:
    response = await client.request(method, path, headers=adapter_headers())
    if method in ALLOWED[path]:
        assert response.status_code in (200, 401)
    else:
        refusal(response, 405, "invalid_request")
        assert set(response.headers["allow"].split(", ")) == ALLOWED[path]


PROTECTED = [(method, path) for path in ALLOWED if path != "/healthz" for method in sorted(ALLOWED[path])]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize("authorization", TOKENS.values(), ids=TOKENS.keys())
async def test_every_route_wants_a_token_that_is_not(
    authorization: str | None, method: str, path: str, client: httpx.AsyncClient, world: World, table: Table
) -> None:
    response = await send(client, method, path, authorization=authorization)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert untouched(world, table)


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


@pytest.mark.usefixtures("impatient")
async def test_a_table_that_is_busy_is_told_with_the_time_after_which_to_try_again(
    client: httpx.AsyncClient, world: World, table: Table, logs: Logs
) -> None:
    with refused(environment.admission().table.client, "TransactWriteItems", "None", "TransactionConflict"):
        response = await ask(client)
    error = refusal(response, 503, "internal")
    assert (error["retryAfter"], response.headers["retry-after"]) == (1, "1")
    assert world.bedrock.received == []
    assert table.count() == 0
    assert logs.lines("the table was waited for in vain")


async def test_keys_that_cannot_be_had_are_our_fault_and_may_be_had_soon(
    client: httpx.AsyncClient, world: World
) -> None:
    environment.verifier.cache_clear()
    world.pool.down = True
    try:
        response = await ask(client)
    finally:
        environment.verifier.cache_clear()  # this one will not ask again at once
    error = refusal(response, 503, "internal")
    assert (error["retryAfter"], response.headers["retry-after"]) == (RETRY_SECONDS, str(RETRY_SECONDS))


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


async def test_a_body_that_breaks_off_is_refused_and_no_fault_of_ours(world: World, logs: Logs) -> None:
    class BreakingOff(Exchange):
        async def receive(self) -> Message:
            self.reads += 1
            if self.reads == 1:
                return {"type": "http.request", "body": b'{"id": "chat-1",', "more_body": True}
            return {"type": "http.disconnect"}

    exchange = BreakingOff()
    await exchange.run()
    assert exchange.sent[0]["status"] == 400
    assert "the request failed" not in logs.text
    assert world.bedrock.received == []
