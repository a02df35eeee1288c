import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Response

from streamways.clients.client import ChatRequest, Received, chat_request
from streamways.clients.errors import Cut, Malformed, Refused, Unreachable
from streamways.clients.frames import FRAME_BYTES
from streamways.clients.websocket import WebSocketClient
from tests.clients.servers import FINISH, HELLO, START, read, socket_server

Answer = Callable[[str], list[dict[str, Any]]]
"""The frames that answer a request of this id."""


def chunks(request_id: str, *parts: object) -> list[dict[str, Any]]:
    return [
        {"type": "chunk", "requestId": request_id, "sequence": sequence, "chunk": part}
        for sequence, part in enumerate(parts)
    ]


def whole(request_id: str) -> list[dict[str, Any]]:
    return [
        {"type": "start", "requestId": request_id},
        *chunks(request_id, START, HELLO, FINISH),
        {"type": "end", "requestId": request_id},
    ]


async def stream(answer: Answer, *, silence_seconds: float = 5, requests: int = 1) -> list[Received]:
    async def conversation(connection: ServerConnection) -> None:
        for _ in range(requests):
            frame = await read(connection)
            for reply in answer(frame["requestId"]):
                await connection.send(json.dumps(reply))

    received: list[Received] = []
    async with (
        socket_server(conversation, subprotocol="streamways.v1") as url,
        WebSocketClient(url, "a.b.c", silence_seconds=silence_seconds) as client,
    ):
        for _ in range(requests):
            received += [item async for item in client.stream(chat_request("Hi"))]
    return received


async def test_parts_come_with_the_sequence_and_the_frame_that_carried_them():
    received = await stream(whole)
    assert [item.part for item in received] == [START, HELLO, FINISH]
    assert [(item.sequence, item.message) for item in received] == [(0, 1), (1, 2), (2, 3)]


async def test_one_connection_serves_one_stream_after_another():
    assert [item.sequence for item in await stream(whole, requests=2)] == [0, 1, 2, 0, 1, 2]


async def test_frames_of_other_requests_are_passed_over_whatever_their_type():
    def answer(request_id: str) -> list[dict[str, Any]]:
        start, *rest = whole(request_id)
        others = [*chunks("another", HELLO, HELLO), {"type": "end", "requestId": "another"}]
        return [start, *others, {"type": "notice", "requestId": "another"}, *rest]

    assert [item.part for item in await stream(answer)] == [START, HELLO, FINISH]


async def test_the_token_travels_as_a_subprotocol_and_the_request_as_a_stock_send_frame():
    offered: list[str] = []
    frames: list[dict[str, Any]] = []

    async def conversation(connection: ServerConnection) -> None:
        assert connection.request is not None
        offered.append(connection.request.headers["sec-websocket-protocol"])
        frames.append(await read(connection))
        for reply in whole(frames[0]["requestId"]):
            await connection.send(json.dumps(reply))

    request = chat_request("Hi there")
    async with socket_server(conversation, subprotocol="streamways.v1") as url, WebSocketClient(url, "a.b.c") as client:
        assert [item.type async for item in client.stream(request)][-1] == "finish"
    assert offered == ["streamways.v1, jwt.a.b.c"]
    assert frames == [
        {
            "type": "send",
            "requestId": request.stream_id,
            "id": request.chat_id,
            "trigger": "submit-message",
            "messages": list(request.messages),
        }
    ]


async def test_a_long_request_is_split_into_frames_of_at_most_32_kb():
    text = "ü" * FRAME_BYTES
    fragments: list[str] = []

    async def conversation(connection: ServerConnection) -> None:
        fragments.extend([fragment async for fragment in connection.recv_streaming()])
        for reply in whole(json.loads("".join(fragments))["requestId"]):
            await connection.send(json.dumps(reply))

    message = {"id": "m", "role": "user", "parts": [{"type": "text", "text": text}]}
    request = ChatRequest("chat-1", "stream-1", (message,))
    async with socket_server(conversation, subprotocol="streamways.v1") as url, WebSocketClient(url, "t") as client:
        assert len([item async for item in client.stream(request)]) == 3
    assert len(fragments) > 2
    assert max(len(fragment.encode()) for fragment in fragments) <= FRAME_BYTES


async def test_an_error_frame_is_a_refusal_with_the_code_inside_its_text():
    text = json.dumps({"error": {"code": "invalid_request", "message": "No messages.", "retryAfter": 2}})
    with pytest.raises(Refused) as caught:
        await stream(lambda request_id: [{"type": "error", "requestId": request_id, "errorText": text}])
    assert (caught.value.code, caught.value.message, caught.value.retry_after) == ("invalid_request", "No messages.", 2)


async def test_an_error_frame_with_plain_text_is_an_internal_refusal():
    with pytest.raises(Refused, match="internal: Oh no"):
        await stream(lambda request_id: [{"type": "error", "requestId": request_id, "errorText": "Oh no"}])


@pytest.mark.parametrize(
    ("message", "code"),
    [("Endpoint request timed out", "deadline"), ("Forbidden", "forbidden"), ("Internal server error", "internal")],
)
async def test_a_frame_of_api_gateways_own_is_a_refusal(message: str, code: str):
    with pytest.raises(Refused, match="API Gateway") as caught:
        await stream(lambda _: [{"message": message, "connectionId": "c", "requestId": "r"}])
    assert caught.value.code == code


async def test_a_gap_in_the_numbering_is_malformed():
    def answer(request_id: str) -> list[dict[str, Any]]:
        first, _, third = chunks(request_id, START, HELLO, FINISH)
        return [first, third]

    with pytest.raises(Malformed, match="sequence 2 where 1 was due"):
        await stream(answer)


async def test_an_end_without_a_terminal_part_is_cut():
    with pytest.raises(Cut, match="after 1 parts, without a terminal part"):
        await stream(lambda request_id: [*chunks(request_id, START), {"type": "end", "requestId": request_id}])


async def test_a_connection_that_closes_mid_stream_is_cut():
    with pytest.raises(Cut, match=r"closed the connection.*1 parts into the stream"):
        await stream(lambda request_id: chunks(request_id, START))


async def test_a_chunk_where_the_end_was_due_is_malformed():
    with pytest.raises(Malformed, match="after the terminal part"):
        await stream(lambda request_id: chunks(request_id, FINISH, HELLO))


async def test_a_frame_of_an_unknown_type_is_malformed():
    with pytest.raises(Malformed, match="'surprise'"):
        await stream(lambda request_id: [{"type": "surprise", "requestId": request_id}])


async def test_a_silent_connection_is_cut():
    silent = asyncio.Event()

    async def conversation(connection: ServerConnection) -> None:
        await read(connection)
        await silent.wait()

    async with (
        socket_server(conversation, subprotocol="streamways.v1") as url,
        WebSocketClient(url, "t", silence_seconds=0.05) as client,
    ):
        with pytest.raises(Cut, match=r"nothing of the stream for 0\.05 s"):
            await anext(client.stream(chat_request("Hi")))
        silent.set()


async def test_an_error_frame_counts_also_when_the_connection_is_closed_behind_it():
    async def conversation(connection: ServerConnection) -> None:
        frame = await read(connection)
        text = json.dumps({"error": {"code": "unauthenticated", "message": "Expired."}})
        await connection.send(json.dumps({"type": "error", "requestId": frame["requestId"], "errorText": text}))
        await connection.close(1008)

    async with socket_server(conversation, subprotocol="streamways.v1") as url, WebSocketClient(url, "t") as client:
        with pytest.raises(Refused, match="unauthenticated: Expired"):
            await anext(client.stream(chat_request("Hi")))
        with pytest.raises(Cut, match="closed the connection"):
            await anext(client.stream(chat_request("Hi again")))


async def nothing(connection: ServerConnection) -> None:
    await connection.wait_closed()


@pytest.mark.parametrize(("status", "code"), [(401, "unauthenticated"), (403, "forbidden"), (500, "internal")])
async def test_a_refused_handshake_is_a_refusal_with_the_http_status(status: int, code: str):
    response = Response(status, "No", Headers(), b'{"message":"Unauthorized"}')
    async with socket_server(nothing, subprotocol="streamways.v1", refuse=response) as url:
        with pytest.raises(Refused, match="Unauthorized") as caught:
            async with WebSocketClient(url, None):
                pass
    assert (caught.value.code, caught.value.status) == (code, status)


async def test_a_handshake_without_the_subprotocol_is_malformed_because_browsers_drop_it():
    async with socket_server(nothing, subprotocol=None) as url:
        with pytest.raises(Malformed, match="subprotocol None"):
            async with WebSocketClient(url, "t"):
                pass


async def test_an_address_where_nothing_listens_is_unreachable():
    async with socket_server(nothing, subprotocol=None) as url:
        pass
    with pytest.raises(Unreachable, match=url):
        async with WebSocketClient(url, "t"):
            pass
