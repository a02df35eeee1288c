"""Resume, cancel, chats, and what concerns the connection as a whole, in frames."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from shared.contract.usage import Rating
from streamways.clients.chats import Invitation, text_of
from streamways.clients.client import Received, chat_request
from streamways.clients.errors import Cut, NothingActive, Refused
from streamways.clients.tickets import fetch_ticket, with_ticket
from streamways.clients.websocket import WebSocketClient
from tests.clients.servers import FINISH, HELLO, START, HttpExchange, http_server, read, socket_server

Frames = list[dict[str, Any]]
Answers = Callable[[dict[str, Any]], Frames]


@asynccontextmanager
async def connected(answers: Answers, **options: Any) -> AsyncGenerator[tuple[WebSocketClient, Frames]]:
    """A client, and the frames that it sends; each is answered with the frames given for it."""
    sent: Frames = []

    async def conversation(connection: ServerConnection) -> None:
        async for message in connection:
            sent.append(json.loads(message))
            for frame in answers(sent[-1]):
                await connection.send(json.dumps({"requestId": sent[-1]["requestId"], **frame}))

    async with (
        socket_server(conversation, subprotocol="streamways.v1") as url,
        WebSocketClient(url, "t", **options) as client,
    ):
        yield client, sent


def whole(_frame: dict[str, Any], first: int = 0) -> Frames:
    parts = enumerate([START, HELLO, FINISH][first:])
    chunks = [{"type": "chunk", "sequence": at, "cursor": f"place-{first + at}", "chunk": part} for at, part in parts]
    return [{"type": "start"}, *chunks, {"type": "end"}]


async def collect(parts: AsyncGenerator[Received]) -> list[Received]:
    return [item async for item in parts]


async def test_a_resume_asks_for_all_parts_or_for_those_after_a_cursor():
    def answers(frame: dict[str, Any]) -> Frames:
        return whole(frame, 1 if "cursor" in frame else 0)

    async with connected(answers) as (client, sent):
        everything = await collect(client.resume("chat-1"))
        rest = await collect(client.resume("chat-1", "place-0", request_id="mine"))
    assert [(item.sequence, item.cursor) for item in everything] == [(at, f"place-{at}") for at in range(3)]
    assert [(item.sequence, item.cursor) for item in rest] == [(0, "place-1"), (1, "place-2")]
    assert sent[0] == {"type": "resume", "requestId": sent[0]["requestId"], "id": "chat-1"}
    assert sent[1] == {"type": "resume", "requestId": "mine", "id": "chat-1", "cursor": "place-0"}


async def test_no_active_is_nothing_to_resume():
    async with connected(lambda _: [{"type": "no-active"}]) as (client, _):
        with pytest.raises(NothingActive, match="chat-1"):
            await anext(client.resume("chat-1"))


async def test_an_abort_names_its_request_and_a_cancel_its_stream():
    def answers(frame: dict[str, Any]) -> Frames:
        return [{"type": "result", "result": {}}] if frame["type"] == "cancel" else []

    async with connected(answers) as (client, sent):
        await client.abort("stream-1")
        await client.cancel("chat-1", "stream-1")
    assert sent[0] == {"type": "abort", "requestId": "stream-1"}
    assert {**sent[1], "requestId": ""} == {"type": "cancel", "requestId": "", "streamId": "stream-1"}


async def test_several_requests_share_a_connection():
    """The frames of two streams come interleaved; each reader gets its own."""

    async def conversation(connection: ServerConnection) -> None:
        ids = [(await read(connection))["requestId"] for _ in range(2)]
        for frames in zip(*([{**frame, "requestId": each} for frame in whole({})] for each in ids), strict=True):
            for frame in frames:
                await connection.send(json.dumps(frame))

    async with socket_server(conversation, subprotocol="streamways.v1") as url, WebSocketClient(url, "t") as client:
        both = await asyncio.gather(*(collect(client.stream(chat_request(text))) for text in ("One", "Two")))
    assert [[item.part for item in received] for received in both] == [[START, HELLO, FINISH]] * 2


async def test_a_keep_alive_is_a_sign_of_life_and_a_notice_is_told():
    silence = 0.6

    async def conversation(connection: ServerConnection) -> None:
        request_id = (await read(connection))["requestId"]
        await connection.send(json.dumps({"type": "notice", "requestId": "streamways", "code": "connection_ends"}))
        for _ in range(4):
            await asyncio.sleep(silence / 3)
            await connection.send(json.dumps({"type": "keep-alive", "requestId": "streamways"}))
        for frame in whole({}):
            await connection.send(json.dumps({**frame, "requestId": request_id}))

    notices: list[object] = []
    async with (
        socket_server(conversation, subprotocol="streamways.v1") as url,
        WebSocketClient(url, "t", silence_seconds=silence, on_notice=notices.append) as client,
    ):
        assert len(await collect(client.stream(chat_request("Hi")))) == 3
    assert notices == [{"type": "notice", "requestId": "streamways", "code": "connection_ends"}]


async def test_a_renewed_token_goes_along_with_a_request_once_there_is_one():
    tokens = iter([None, "new"])
    async with connected(whole, renewed_token=lambda: next(tokens)) as (client, sent):
        for _ in range(2):
            await collect(client.stream(chat_request("Hi")))
    assert "headers" not in sent[0]
    assert sent[1]["headers"] == {"authorization": "Bearer new"}


async def test_a_chat_may_come_in_several_frames_and_a_message_in_several_pieces():
    summaries = [{"id": f"c{at}", "title": "T", "role": "owner", "updatedAt": "now"} for at in range(2)]
    chat = {"id": "c", "title": "T", "owner": "o", "members": []}
    first = {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "Hi"}]}
    pieces = [
        {"id": "m2", "role": "assistant", "parts": [{"type": "text", "text": "One"}]},
        {"id": "m2", "role": "assistant", "parts": [{"type": "text", "text": " two", "continued": True}]},
    ]

    def answers(frame: dict[str, Any]) -> Frames:
        if frame["type"] == "list":
            results: Frames = [{"chats": summaries, "next": "further"}]
        else:
            results = [{**chat, "messages": messages} for messages in ([first, pieces[0]], [pieces[1]])]
        more = [{"type": "result", "result": result, "more": True} for result in results[:-1]]
        return [*more, {"type": "result", "result": results[-1]}]

    async with connected(answers) as (client, sent):
        page = await client.chats()
        assert ([each.id for each in page.entries], page.next) == (["c0", "c1"], "further")
        read_chat = await client.read("c")
    assert [(message["id"], text_of(message)) for message in read_chat.messages] == [("m1", "Hi"), ("m2", "One two")]
    assert sent[1]["id"] == "c"


async def test_changes_of_a_chat_carry_only_what_is_given_and_a_refusal_is_one():
    text = json.dumps({"error": {"code": "forbidden", "message": "Not yours."}})

    def answers(frame: dict[str, Any]) -> Frames:
        refused = {"type": "error", "errorText": text}
        return [refused if frame["type"] == "delete" else {"type": "result", "result": {}}]

    async with connected(answers) as (client, sent):
        await client.update("c", title="New")
        with pytest.raises(Refused, match="forbidden: Not yours"):
            await client.delete("c")
    fields = [{name: value for name, value in frame.items() if name != "requestId"} for frame in sent]
    assert fields == [
        {"type": "update", "id": "c", "title": "New"},
        {"type": "delete", "id": "c"},
    ]


async def test_ratings_and_members_come_and_go_by_frames_of_their_own():
    invitation = {"chatId": "c", "title": "T", "from": "o", "at": "2026-01-01T00:00:00Z"}

    def answers(frame: dict[str, Any]) -> Frames:
        page = {"invitations": [invitation]} if frame["type"] == "invitations" else {}
        return [{"type": "result", "result": page}]

    async with connected(answers) as (client, sent):
        assert (await client.invitations("after")).entries == (Invitation("c", "T", "o", "2026-01-01T00:00:00Z"),)
        await client.rate("c", "m", Rating.DOWN)
        await client.rate("c", "m", None)
        await client.invite("c", "u")
        await client.remove("c", "u")
        await client.accept("c")
        await client.decline("c")
        await client.leave("c")
    assert [{name: value for name, value in frame.items() if name != "requestId"} for frame in sent] == [
        {"type": "invitations", "after": "after"},
        {"type": "rate", "id": "c", "messageId": "m", "rating": "down"},
        {"type": "rate", "id": "c", "messageId": "m", "rating": None},
        {"type": "invite", "id": "c", "sub": "u"},
        {"type": "remove", "id": "c", "sub": "u"},
        {"type": "accept", "id": "c"},
        {"type": "decline", "id": "c"},
        {"type": "leave", "id": "c"},
    ]


async def test_a_closed_connection_ends_every_request_on_it():
    async def conversation(connection: ServerConnection) -> None:
        for _ in range(2):
            await read(connection)
        await connection.close()

    async with socket_server(conversation, subprotocol="streamways.v1") as url, WebSocketClient(url, "t") as client:
        requests = [collect(client.stream(chat_request("Hi"))) for _ in range(2)]
        outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Cut, Cut]


async def test_a_ticket_is_got_with_the_token_and_goes_into_the_address():
    exchange = HttpExchange([b'{"ticket":"a+b","expiresIn":30}'], headers={"content-type": "application/json"})
    async with http_server(exchange) as origin:
        ticket = await fetch_ticket(f"{origin}/", "a.b.c")
    [(line, headers, _)] = exchange.received
    assert line == "POST / HTTP/1.1"
    assert headers["authorization"] == "Bearer a.b.c"
    assert with_ticket("wss://x/live", ticket) == "wss://x/live?ticket=a%2Bb"


async def test_a_refused_ticket_is_a_refusal():
    body = b'{"error":{"code":"unauthenticated","message":"No."}}'
    exchange = HttpExchange([body], "401 Unauthorized", {"content-type": "application/json"})
    async with http_server(exchange) as origin:
        with pytest.raises(Refused, match="unauthenticated: No"):
            await fetch_ticket(origin, None)


async def test_with_a_ticket_no_token_is_offered():
    offered: list[str] = []

    async def conversation(connection: ServerConnection) -> None:
        assert connection.request is not None
        offered.extend([connection.request.path, connection.request.headers["sec-websocket-protocol"]])
        await connection.wait_closed()

    async with (
        socket_server(conversation, subprotocol="streamways.v1") as url,
        WebSocketClient(with_ticket(url, "one-time"), None),
    ):
        pass
    assert offered == ["/?ticket=one-time", "streamways.v1"]
