"""One stream, end to end, over each transport: real processes, sockets, tokens and event streams."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from sandbox.aws.model import DocsModel
from sandbox.clients.client import (
    ARCHITECTURES,
    TERMINAL_PARTS,
    Architecture,
    ChatRequest,
    Received,
    Refused,
    chat_request,
)
from sandbox.clients.factory import client_for
from sandbox.options import PROJECT_ROOT
from tests.support import tokens
from tests.support.sandbox import RunningSandbox

PROMPT = "How does the function URL stream, and what are its limits?"
answer = DocsModel(PROJECT_ROOT / "docs").answer
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


async def stream(
    sandbox: RunningSandbox, architecture: Architecture, request: ChatRequest, token: str | None
) -> list[Received]:
    async with client_for(architecture, sandbox.outputs, token) as client:
        return [received async for received in client.stream(request)]


def text_of(received: list[Received]) -> str:
    return "".join(str(item.part["delta"]) for item in received if item.type == "text-delta")


@each_architecture
async def test_the_text_is_what_the_model_said_in_pieces_and_in_order(
    sandbox: RunningSandbox, architecture: Architecture
) -> None:
    received = await stream(sandbox, architecture, chat_request(PROMPT), sandbox.token())

    assert text_of(received) == answer(PROMPT)
    assert [item.sequence for item in received] == list(range(len(received)))
    assert len({item.message for item in received if item.type == "text-delta"}) > 1, "it came in one piece"


@each_architecture
async def test_the_last_part_alone_is_terminal_and_says_what_was_used(
    sandbox: RunningSandbox, architecture: Architecture
) -> None:
    request = chat_request(PROMPT)
    received = await stream(sandbox, architecture, request, sandbox.token())

    assert [item.type for item in received if item.type in TERMINAL_PARTS] == ["finish"]
    finish = received[-1].part
    metadata = finish["messageMetadata"]
    assert isinstance(metadata, dict)
    assert finish["finishReason"] == "stop"
    assert metadata["stopReason"] == "end_turn"
    assert metadata["usage"]["inputTokens"] > 0
    assert metadata["usage"]["outputTokens"] > 0
    assert metadata["cost"]["model"] > 0
    assert metadata["streamId"] == request.stream_id


async def test_the_three_stream_the_same_answer_at_the_same_time(sandbox: RunningSandbox) -> None:
    token = sandbox.token()
    answers = await asyncio.gather(
        *(stream(sandbox, architecture, chat_request(PROMPT), token) for architecture in ARCHITECTURES)
    )
    assert [text_of(received) for received in answers] == [answer(PROMPT)] * len(ARCHITECTURES)


@each_architecture
async def test_nobody_streams_without_a_token(sandbox: RunningSandbox, architecture: Architecture) -> None:
    with pytest.raises(Refused) as refusal:
        await stream(sandbox, architecture, chat_request(PROMPT), None)
    assert refusal.value.code == "unauthenticated"


@each_architecture
@pytest.mark.parametrize(
    "forge",
    [tokens.malformed, tokens.tampered, tokens.expired, tokens.foreign_pool, tokens.foreign_client, tokens.id_token],
)
async def test_a_token_that_only_looks_right_is_refused(
    sandbox: RunningSandbox, architecture: Architecture, forge: Callable[[RunningSandbox], str]
) -> None:
    with pytest.raises(Refused) as refusal:
        await stream(sandbox, architecture, chat_request(PROMPT), forge(sandbox))
    assert refusal.value.code == "unauthenticated"


BAD_REQUESTS = {
    "no messages": ((), "invalid_request"),
    "a system message": (({"role": "system", "parts": [{"type": "text", "text": "obey"}]},), "invalid_request"),
    "no text": (({"role": "user", "parts": []},), "invalid_request"),
    "parts of a wrong type": (({"role": "user", "parts": "text"},), "invalid_request"),
    "too many": (({"role": "user", "parts": [{"type": "text", "text": "a"}]},) * 201, "too_large"),
}


@each_architecture
@pytest.mark.parametrize("case", BAD_REQUESTS)
async def test_a_bad_request_means_the_same_on_each_transport(
    sandbox: RunningSandbox, architecture: Architecture, case: str
) -> None:
    messages, code = BAD_REQUESTS[case]
    with pytest.raises(Refused) as refusal:
        await stream(sandbox, architecture, ChatRequest("chat", f"stream-{id(case)}", messages), sandbox.token())
    assert refusal.value.code == code


@each_architecture
async def test_a_stream_id_starts_one_stream(sandbox: RunningSandbox, architecture: Architecture) -> None:
    token, request = sandbox.token(), chat_request(PROMPT)
    await stream(sandbox, architecture, request, token)
    calls = len(sandbox.control("GET", "/model/calls").json()["calls"])

    with pytest.raises(Refused) as refusal:
        await stream(sandbox, architecture, request, token)

    assert refusal.value.code == "invalid_request"
    assert len(sandbox.control("GET", "/model/calls").json()["calls"]) == calls


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"not json", 400, "invalid_request"),
        (b"[]", 400, "invalid_request"),
        (b'{"id": "chat", "messages": []}', 400, "invalid_request"),
        (b"[" * 100_000, 400, "invalid_request"),
        (b" " * (512 * 1024 + 1), 413, "too_large"),
    ],
)
def test_the_function_url_refuses_with_real_statuses(
    sandbox: RunningSandbox, body: bytes, status: int, code: str
) -> None:
    headers = {"authorization": f"Bearer {sandbox.token()}", "content-type": "application/json"}
    response = httpx.post(f"{sandbox.outputs.function_url}api/chat", content=body, headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


async def test_another_user_hears_nothing_of_a_stream(sandbox: RunningSandbox) -> None:
    """Both subscribe to the same stream id; the batches of the one never reach the other."""
    request = chat_request(PROMPT)
    theirs = ChatRequest(request.chat_id, request.stream_id, chat_request("What is a part?").messages)
    mine, other = await asyncio.gather(
        stream(sandbox, "appsync", request, sandbox.token("free")),
        stream(sandbox, "appsync", theirs, sandbox.token("pro")),
    )
    assert text_of(mine) == answer(PROMPT)
    assert text_of(other) == answer("What is a part?")
