import asyncio
import json

import pytest

from shared.contract.usage import Rating
from streamways.clients.client import Received, chat_request
from streamways.clients.errors import Cut, Malformed, NothingActive, Refused, Unreachable
from streamways.clients.function_url import FunctionUrlClient
from tests.clients.servers import DONE, FINISH, HELLO, START, WORLD, HttpExchange, http_server, sse


async def stream(exchange: HttpExchange, silence_seconds: float = 5) -> list[Received]:
    received: list[Received] = []
    async with (
        http_server(exchange) as origin,
        FunctionUrlClient(f"{origin}/lambda-url/abc/", "a.b.c", silence_seconds=silence_seconds) as client,
    ):
        try:
            async for item in client.stream(chat_request("Hi")):
                received.append(item)
        except Exception as error:
            error.add_note(f"after {len(received)} parts")
            raise
    return received


async def test_parts_come_in_order_with_the_piece_of_the_body_that_completed_them():
    body = sse(START, HELLO, WORLD, FINISH) + DONE
    exchange = HttpExchange([b": stream-open\n\n", body[:60], body[60:61], body[61:]])
    received = await stream(exchange)
    assert [item.part for item in received] == [START, HELLO, WORLD, FINISH]
    assert [item.sequence for item in received] == [0, 1, 2, 3]
    assert received[0].message == 1
    assert received[-1].message == 3
    assert 0 < received[0].at_ms <= received[-1].at_ms


async def test_the_request_is_the_one_that_usechat_sends_with_the_stream_id_as_idempotency_key():
    exchange = HttpExchange([sse(FINISH), DONE])
    request = chat_request("Hi there")
    async with http_server(exchange) as origin, FunctionUrlClient(f"{origin}/lambda-url/abc/", "a.b.c") as client:
        async for _ in client.stream(request):
            pass
    [(line, headers, body)] = exchange.received
    assert line == "POST /lambda-url/abc/api/chat HTTP/1.1"
    assert headers["authorization"] == "Bearer a.b.c"
    assert headers["idempotency-key"] == request.stream_id
    assert headers["content-type"] == "application/json"
    document = json.loads(body)
    assert set(document) == {"id", "messages", "trigger"}
    assert document["trigger"] == "submit-message"
    assert document["messages"][0]["role"] == "user"
    assert document["messages"][0]["parts"] == [{"type": "text", "text": "Hi there"}]


async def test_without_a_token_no_authorization_is_sent():
    exchange = HttpExchange([sse(FINISH), DONE])
    async with http_server(exchange) as origin, FunctionUrlClient(origin, None) as client:
        async for _ in client.stream(chat_request("Hi")):
            pass
    assert "authorization" not in exchange.received[0][1]


async def test_a_proxy_of_the_environment_does_not_stand_before_this_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert len(await stream(HttpExchange([sse(FINISH), DONE]))) == 1


async def test_a_body_that_ends_without_a_terminal_part_is_cut():
    with pytest.raises(Cut, match="after 2 parts, without a terminal part"):
        await stream(HttpExchange([sse(START, HELLO)]))


async def test_done_before_the_terminal_part_is_cut_as_well():
    with pytest.raises(Cut, match="after 1 parts"):
        await stream(HttpExchange([sse(START), DONE]))


async def test_a_connection_that_breaks_in_the_middle_of_an_event_is_cut():
    with pytest.raises(Cut, match="broke"):
        await stream(HttpExchange([sse(START), b'data: {"type": "te'], complete=False))


async def test_a_connection_that_falls_silent_is_cut():
    hold = asyncio.Event()
    try:
        with pytest.raises(Cut, match=r"sent nothing for 0\.05 s"):
            await stream(HttpExchange([sse(START)], hold=hold), silence_seconds=0.05)
    finally:
        hold.set()


async def test_an_error_part_ends_a_stream_as_well_as_a_finish_part():
    received = await stream(HttpExchange([sse(START, {"type": "error", "errorText": "No."}), DONE]))
    assert received[-1].type == "error"


async def test_a_refusal_carries_the_code_the_status_and_when_to_try_again():
    body = json.dumps({"error": {"code": "rate_limited", "message": "Slow down.", "retryAfter": 7}}).encode()
    with pytest.raises(Refused) as caught:
        await stream(HttpExchange([body], "429 Too Many Requests", {"content-type": "application/json"}))
    refused = caught.value
    assert (refused.code, refused.message, refused.retry_after, refused.status) == (
        "rate_limited",
        "Slow down.",
        7,
        429,
    )


async def test_a_refusal_of_awss_own_gets_the_platforms_code():
    with pytest.raises(Refused, match="forbidden: HTTP 403: Forbidden") as caught:
        await stream(HttpExchange([b'{"Message":"Forbidden"}'], "403 Forbidden", {"content-type": "application/json"}))
    assert caught.value.code == "forbidden"


async def test_the_retry_after_header_counts_where_the_body_says_nothing():
    headers = {"content-type": "text/html", "retry-after": "3"}
    with pytest.raises(Refused) as caught:
        await stream(HttpExchange([b"<html>busy</html>"], "429 Too Many Requests", headers))
    assert caught.value.retry_after == 3
    assert "<html>busy</html>" in caught.value.message


ADAPTER_SAYS = (
    b"Lambda-Runtime-Function-Error-Type: Runtime.StreamError\r\n"
    b"Lambda-Runtime-Function-Error-Body: ZXJyb3IgcmVhZGluZyBhIGJvZHkgZnJvbSBjb25uZWN0aW9u\r\n"
)


@pytest.mark.parametrize(
    "broken_off",
    [b"", b": beat", b"id: place-2", b"data: ", b'data: {"type":"text-d', b'data: {"type":"finish"}\n', b"data: [DO"],
)
async def test_a_body_that_ends_properly_after_the_web_adapters_text_is_cut_with_all_that_came(broken_off: bytes):
    exchange = HttpExchange([sse(START, HELLO) + broken_off, ADAPTER_SAYS])
    async with http_server(exchange) as origin, FunctionUrlClient(origin, "t") as client:
        parts = client.stream(chat_request("Hi"))
        received = [await anext(parts), await anext(parts)]
        with pytest.raises(Cut, match="ended the body after 2 parts, without a terminal part"):
            await anext(parts)
    assert [(item.part, item.cursor) for item in received] == [(START, "place-0"), (HELLO, "place-1")]


async def test_an_answer_that_has_its_terminal_part_is_whole_whatever_text_comes_after_it():
    assert [item.part for item in await stream(HttpExchange([sse(START, FINISH), ADAPTER_SAYS]))] == [START, FINISH]


async def test_another_content_type_is_malformed():
    with pytest.raises(Malformed, match="content type application/json"):
        await stream(HttpExchange([b"{}"], headers={"content-type": "application/json"}))


@pytest.mark.parametrize("data", [b"data: nonsense\n\n", b"data: [1]\n\n", b'data: "text"\n\n'])
async def test_an_event_that_is_no_json_object_is_malformed(data: bytes):
    with pytest.raises(Malformed, match="no JSON object"):
        await stream(HttpExchange([data]))


async def test_a_part_after_the_terminal_part_is_malformed():
    with pytest.raises(Malformed, match="after the terminal part"):
        await stream(HttpExchange([sse(FINISH, HELLO), DONE]))


async def test_an_address_where_nothing_listens_is_unreachable():
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with FunctionUrlClient(f"http://127.0.0.1:{port}/", "t") as client:
        with pytest.raises(Unreachable, match=f"http://127.0.0.1:{port}/api/chat"):
            await anext(client.stream(chat_request("Hi")))


async def test_a_resume_says_where_it_is_and_goes_on_behind_it():
    exchange = HttpExchange([sse(WORLD, FINISH, first=2), DONE])
    async with http_server(exchange) as origin, FunctionUrlClient(origin, "a.b.c") as client:
        received = [item async for item in client.resume("chat-1", after="place-1")]
    assert [(item.sequence, item.cursor) for item in received] == [(0, "place-2"), (1, "place-3")]
    [(line, headers, _)] = exchange.received
    assert line == "GET /api/chat/chat-1/stream HTTP/1.1"
    assert headers["last-event-id"] == "place-1"


async def test_a_part_that_is_none_of_the_streams_has_no_place():
    held = b'data: {"type":"text-delta","id":"held-0","delta":"before"}\n\n'
    exchange = HttpExchange([held + sse(FINISH), DONE])
    async with http_server(exchange) as origin, FunctionUrlClient(origin, "t") as client:
        received = [item async for item in client.resume("chat-1")]
    assert [item.cursor for item in received] == [None, "place-0"]


async def test_a_resume_of_all_says_nothing_of_what_it_has():
    exchange = HttpExchange([sse(FINISH), DONE])
    async with http_server(exchange) as origin, FunctionUrlClient(origin, "t") as client:
        assert len([item async for item in client.resume("chat-1")]) == 1
    assert "last-event-id" not in exchange.received[0][1]


async def test_no_content_is_nothing_to_resume():
    async with http_server(HttpExchange(status="204 No Content")) as origin, FunctionUrlClient(origin, "t") as client:
        with pytest.raises(NothingActive, match="chat-1"):
            await anext(client.resume("chat-1"))


async def test_chats_and_cancels_are_plain_http():
    listed = {"chats": [{"id": "c", "title": "T", "role": "owner", "updatedAt": "now"}]}
    exchange = HttpExchange([json.dumps(listed).encode()], headers={"content-type": "application/json"})
    async with http_server(exchange) as origin, FunctionUrlClient(origin, "t") as client:
        assert [chat.id for chat in (await client.chats()).entries] == ["c"]
        await client.chats("a b")
        await client.update("c", title="New")
        await client.delete("c")
        await client.cancel("c", "s")
    assert [(line.rpartition(" ")[0], body) for line, _, body in exchange.received] == [
        ("GET /api/chat", b""),
        ("GET /api/chat?after=a+b", b""),
        ("PATCH /api/chat/c", b'{"title":"New"}'),
        ("DELETE /api/chat/c", b""),
        ("DELETE /api/chat/c/stream/s", b""),
    ]


async def test_an_answer_is_rated_by_plain_http():
    exchange = HttpExchange([b"{}"], headers={"content-type": "application/json"})
    async with http_server(exchange) as origin, FunctionUrlClient(origin, "t") as client:
        await client.rate("c", "m/x", Rating.UP)
        await client.rate("c", "m", None)
    assert [(line.rpartition(" ")[0], body) for line, _, body in exchange.received] == [
        ("PUT /api/chat/c/messages/m%2Fx/rating", b'{"rating":"up"}'),
        ("PUT /api/chat/c/messages/m/rating", b'{"rating":null}'),
    ]


async def test_members_come_and_go_by_plain_http():
    listed = {"invitations": [{"chatId": "c", "title": "T", "from": "o", "at": "now"}], "next": "further"}
    exchange = HttpExchange([json.dumps(listed).encode()], headers={"content-type": "application/json"})
    async with http_server(exchange) as origin, FunctionUrlClient(origin, "t") as client:
        page = await client.invitations()
        assert ([each.sender for each in page.entries], page.next) == (["o"], "further")
        await client.invite("c", "u")
        await client.remove("c", "u/x")
        await client.accept("c")
        await client.decline("c")
        await client.leave("c")
    assert [(line.rpartition(" ")[0], body) for line, _, body in exchange.received] == [
        ("GET /api/invitations", b""),
        ("POST /api/chat/c/invitations", b'{"sub":"u"}'),
        ("DELETE /api/chat/c/members/u%2Fx", b""),
        ("POST /api/invitations/c", b""),
        ("DELETE /api/invitations/c", b""),
        ("DELETE /api/chat/c/membership", b""),
    ]
