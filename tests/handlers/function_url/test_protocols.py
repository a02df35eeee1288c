"""Which encoding a request gets: the UI message stream, or AI SDK v4's data stream on request."""

import json

import httpx
import pytest

from tests.support import bedrock
from tests.support.aws import Table
from tests.support.function_url import World, ask, refusal, send, untouched

STREAM = "/api/chat/chat-1/stream"
QUERY, HEADER = {"query": "?protocol=data-stream"}, {"x_vercel_ai_data_stream": "v1"}


def lines(response: httpx.Response) -> list[tuple[str, object]]:
    told = [line for line in response.text.split("\n") if line]
    return [(line.partition(":")[0], json.loads(line.partition(":")[2])) for line in told]


@pytest.mark.parametrize("asked", [QUERY, HEADER, {**QUERY, **HEADER}], ids=["query", "header", "both"])
async def test_the_data_stream_is_chosen_by(asked: dict[str, str], client: httpx.AsyncClient) -> None:
    response = await ask(client, **asked)
    assert response.status_code == 200
    assert response.headers["x-vercel-ai-data-stream"] == "v1"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "x-vercel-ai-ui-message-stream" not in response.headers
    stream_id = response.headers["x-streamways-stream"]
    told = lines(response)
    assert told[:2] == [("8", [{"streamId": stream_id}]), ("f", {"messageId": f"msg-{stream_id}"})]
    assert "".join(str(value) for code, value in told if code == "0") == "Hello wörld 🎈"
    usage = {"promptTokens": 11, "completionTokens": 7}
    assert told[-2:] == [
        ("e", {"finishReason": "stop", "usage": usage, "isContinued": False}),
        ("d", {"finishReason": "stop", "usage": usage}),
    ]


async def test_a_failure_is_an_error_line(client: httpx.AsyncClient, world: World) -> None:
    world.bedrock.answer = bedrock.refusing(400, "ValidationException")
    told = lines(await ask(client, **QUERY))
    assert [code for code, _ in told] == ["8", "f", "8", "2", "3", "e", "d"]


async def test_a_stream_is_resumed_in_either_encoding(client: httpx.AsyncClient) -> None:
    answer = await ask(client)
    resumed = await send(client, "GET", f"{STREAM}?protocol=data-stream")
    assert resumed.headers["x-vercel-ai-data-stream"] == "v1"
    assert [code for code, _ in lines(resumed)][:2] == ["8", "f"]
    assert (await send(client, "GET", STREAM)).text == answer.text
    assert (await send(client, "GET", STREAM, **HEADER)).text == resumed.text


async def test_a_client_of_version_4_is_understood(client: httpx.AsyncClient, world: World) -> None:
    message = {"id": "m-1", "role": "user", "content": "Hi", "parts": [{"type": "text", "text": "Hi"}]}
    told = lines(await ask(client, body={"id": "chat-1", "messages": [message]}, **QUERY))
    assert told[-1][0] == "d"
    told = lines(await ask(client, body={"id": "chat-2", "messages": [{"role": "user", "content": "Ho"}]}, **QUERY))
    assert told[-1][0] == "d"
    prompts = [request["messages"][-1]["content"][0]["text"] for request in world.bedrock.requests()]  # type: ignore
    assert prompts == ["Hi", "Ho"]


@pytest.mark.parametrize(
    "asked",
    [
        {"query": "?protocol=text"},
        {"query": "?protocol="},
        {"query": "?protocol=data-stream&protocol=text"},
        {"x_vercel_ai_data_stream": "v2"},
        {"query": "?protocol=data-stream", "x_vercel_ai_data_stream": "v2"},
    ],
)
async def test_a_protocol_that_does_not_exist_is_refused(
    asked: dict[str, str], client: httpx.AsyncClient, world: World, table: Table
) -> None:
    error = refusal(await ask(client, **asked), 400, "invalid_request")
    assert "?protocol=data-stream" in error["message"]
    assert untouched(world, table)
