"""`POST /api/chat`, whole: real tokens, the real SDK against a real event stream, DynamoDB in this process."""

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Message

from handlers.function_url.app import app, core
from shared.protocol.request import MAX_MESSAGES, MAX_REQUEST_BYTES
from tests.support import bedrock, pool
from tests.support.aws import Table
from tests.support.function_url import World, adapter_headers
from tests.support.logs import Logs
from tests.support.pool import token
from tests.support.server import WAIT_SECONDS, CutConnection

PROMPT = "Tell me the secret of the sky"
OWNER = "a1b2c3d4"
CHAT: dict[str, Any] = {
    "id": "chat-1",
    "messages": [{"id": "m-1", "role": "user", "parts": [{"type": "text", "text": PROMPT}]}],
    "trigger": "submit-message",
    "messageId": None,
}


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ARG001
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://url-id.lambda-url.example") as made:
        yield made


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


async def test_an_answer_is_streamed_from_its_start_to_done(client: httpx.AsyncClient) -> None:
    response = await ask(client)
    assert response.status_code == 200
    told = parts(response)
    assert text(told) == "Hello wörld 🎈"
    types = [part["type"] for part in told]
    assert types[:3] == ["start", "start-step", "text-start"]
    assert types[-3:] == ["text-end", "finish-step", "finish"]
    assert told[-1]["finishReason"] == "stop"
    assert told[-1]["messageMetadata"]["usage"] == {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}


async def test_the_headers_are_those_of_a_ui_message_stream(client: httpx.AsyncClient) -> None:
    headers = (await ask(client)).headers
    assert headers["content-type"].split(";")[0] == "text/event-stream"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert "content-length" not in headers


async def test_the_stream_has_an_id_that_the_header_the_start_and_the_record_share(
    client: httpx.AsyncClient, table: Table
) -> None:
    response = await ask(client)
    stream_id = response.headers["x-streamways-stream"]
    start = parts(response)[0]
    assert start == {"type": "start", "messageId": f"msg-{stream_id}", "messageMetadata": {"streamId": stream_id}}
    item = table.stream(OWNER, stream_id)
    assert item is not None
    assert (item["state"], item["stopReason"], item["chatId"]) == ("ended", "end_turn", "chat-1")


async def test_two_streams_have_two_ids(client: httpx.AsyncClient) -> None:
    first, second = await ask(client), await ask(client)
    assert first.headers["x-streamways-stream"] != second.headers["x-streamways-stream"]


async def test_the_idempotency_key_is_the_id_and_counts_once(
    client: httpx.AsyncClient, world: World, table: Table
) -> None:
    response = await ask(client, idempotency_key="my-key_1")
    assert response.headers["x-streamways-stream"] == "my-key_1"
    assert table.stream(OWNER, "my-key_1") is not None
    refusal(await ask(client, idempotency_key="my-key_1"), 409, "invalid_request")
    assert len(world.bedrock.received) == 1


async def test_the_model_is_asked_what_the_user_asked_within_the_limit(client: httpx.AsyncClient, world: World) -> None:
    await ask(client)
    assert world.bedrock.requests() == [
        {"messages": [{"role": "user", "content": [{"text": PROMPT}]}], "inferenceConfig": {"maxTokens": 300}}
    ]


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


async def test_a_model_that_refuses_is_told_in_the_stream(client: httpx.AsyncClient, world: World) -> None:
    world.bedrock.answer = bedrock.refusing(429, "ThrottlingException")
    response = await ask(client)
    assert response.status_code == 200
    told = parts(response)
    assert [part["type"] for part in told] == [
        "start",
        "start-step",
        "finish-step",
        "message-metadata",
        "data-error",
        "error",
    ]
    assert told[-2]["data"]["code"] == "model_throttled"
    assert told[-2]["data"]["retryAfter"] > 0


async def test_a_model_that_breaks_off_is_told_after_what_it_said(client: httpx.AsyncClient, world: World) -> None:
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("Hal"), CutConnection()])
    told = parts(await ask(client))
    assert text(told) == "Hal"
    assert told[-2]["data"]["code"] == "model_unavailable"


async def test_the_stream_ends_before_the_function_does(client: httpx.AsyncClient, world: World) -> None:
    silence = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), silence])
    told = parts(await ask(client, remaining=3.5))
    silence.set()
    assert text(told) == "So far"
    assert (told[-1]["type"], told[-1]["finishReason"]) == ("finish", "other")
    assert told[-1]["messageMetadata"]["stopReason"] == "deadline"


async def test_a_request_that_did_not_come_through_the_adapter_is_an_error_of_ours(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/chat", json=CHAT, headers={"authorization": f"Bearer {token()}"})
    refusal(response, 500, "internal")


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
        await app(self.scope, self.receive, self.send)


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


async def test_the_first_parts_are_sent_before_the_model_answers_and_text_as_it_comes(world: World) -> None:
    first, second = threading.Event(), threading.Event()
    world.bedrock.answer = bedrock.stream(
        [bedrock.message_start(), first, bedrock.delta("One "), second, bedrock.delta("two"), *bedrock.ending()]
    )
    bodies: list[str] = []

    class Paced(Exchange):
        async def send(self, message: Message) -> None:
            await super().send(message)
            bodies.append(message.get("body", b"").decode())
            if "start-step" in bodies[-1]:
                first.set()
            elif "One " in bodies[-1]:
                second.set()

    await Paced().run()
    texts = [body for body in bodies if "text-delta" in body]
    assert len(texts) == 2
    assert "One " in texts[0]
    assert "two" in texts[1]


async def test_the_stream_is_booked_before_its_last_part_leaves(table: Table, world: World) -> None:  # noqa: ARG001
    states: list[str] = []

    class Watching(Exchange):
        async def send(self, message: Message) -> None:
            await super().send(message)
            if b'"finish"' in message.get("body", b""):
                stream_id = dict(self.sent[0]["headers"])[b"x-streamways-stream"].decode()
                item = table.stream(OWNER, stream_id)
                assert item is not None
                states.append(item["state"])

    await Watching().run()
    assert states == ["ended"]


async def test_a_client_that_hangs_up_does_not_end_its_stream(table: Table, world: World) -> None:
    gone = threading.Event()
    world.bedrock.answer = bedrock.stream(
        [bedrock.message_start(), bedrock.delta("So far"), gone, bedrock.delta(" and on"), *bedrock.ending()]
    )

    class HangingUp(Exchange):
        async def send(self, message: Message) -> None:
            await super().send(message)
            if b"So far" in message.get("body", b""):
                self.hangs_up.set()

    exchange = HangingUp()
    await exchange.run()
    assert b"[DONE]" not in b"".join(message.get("body", b"") for message in exchange.sent)
    gone.set()
    for thread in threading.enumerate():
        if thread.name == "supervisor":
            thread.join(WAIT_SECONDS)
    item = table.stream(OWNER, dict(exchange.sent[0]["headers"])[b"x-streamways-stream"].decode())
    assert item is not None
    assert (item["state"], item["stopReason"], int(item["usage"]["outputTokens"])) == ("ended", "end_turn", 7)


async def test_no_token_and_no_word_of_prompt_or_answer_is_logged(
    client: httpx.AsyncClient, table: Table, world: World, logs: Logs
) -> None:
    secret = token()
    await ask(client, authorization=f"Bearer {secret}")
    await ask(client, authorization=f"Bearer {secret}x")
    await ask(client, authorization=f"Bearer {secret}", body={**CHAT, "id": "not an id"})
    world.bedrock.answer = bedrock.refusing(400, "ValidationException", PROMPT)
    await ask(client, authorization=f"Bearer {secret}")
    table.delete()
    await ask(client, authorization=f"Bearer {secret}")
    assert logs.lines("stream ended")
    for private in (secret, *secret.split("."), PROMPT, "secret of the sky", "wörld"):
        assert private not in logs.text
