"""Messages of a WebSocket API: which route gets them, what comes back, how a connection ends."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import ConnectionClosed

from sandbox.edge.route_selection import is_supported, selected_route
from sandbox.edge.throttle import TokenBucket
from sandbox.functions.service import TooManyRequests, TooManyStarts
from sandbox.world import RouteSettings
from tests.sandbox.edge.websocket_harness import (
    OK,
    PATIENCE,
    STAGE,
    Edge,
    Event,
    FunctionRaises,
    closed,
    received,
    serving,
)


@pytest.fixture(scope="module")
async def edge() -> AsyncIterator[Edge]:
    async with serving() as edge:
        yield edge


async def fails(_: Event) -> object:
    raise FunctionRaises("boom")


async def test_a_message_becomes_the_event_that_aws_sends(edge: Edge) -> None:
    api = edge.api()
    async with api.connect(user_agent_header="agent/1") as client:
        connect = (await api.event("$connect"))["requestContext"]
        await client.send('{"type":"send","text":"grüß"}')
        event = await api.event("$default")
    context = event["requestContext"]
    assert event["body"] == '{"type":"send","text":"grüß"}'
    assert event["isBase64Encoded"] is False
    assert event.keys() == {"requestContext", "body", "isBase64Encoded"}
    assert context["routeKey"] == "$default"
    assert context["eventType"] == "MESSAGE"
    assert len(context["messageId"]) == 16
    assert context["requestId"] == context["extendedRequestId"] != connect["requestId"]
    for same in ("connectionId", "connectedAt", "domainName", "stage", "apiId", "identity"):
        assert context[same] == connect[same]
    assert context["requestTimeEpoch"] >= context["connectedAt"]


async def test_a_message_goes_to_the_route_that_it_selects(edge: Edge) -> None:
    async def accepts(_: Event) -> object:
        return OK

    api = edge.api(custom={"send": accepts})
    async with api.connect() as client:
        await client.send('{"type":"send"}')
        assert (await api.event("send"))["requestContext"]["routeKey"] == "send"
        for body in ('{"type":"other"}', "not json", '{"type":"$connect"}', '{"type":"$disconnect"}', "[" * 20_000):
            await client.send(body)
            assert (await api.event("$default"))["body"] == body
    assert not api.was_asked("send")


@pytest.mark.parametrize(
    ("expression", "body", "route_key"),
    [
        ("$request.body.type", '{"type":"send"}', "send"),
        ("${request.body.type}", '{"type":"send"}', "send"),
        ("$request.body.a.b", '{"a":{"b":"send"}}', "send"),
        ("$request.body.a.b", '{"a":"send"}', "$default"),
        ("${request.body.service}/${request.body.type}", '{"service":"chat","type":"join"}', "chat/join"),
        ("${request.body.type}-${request.body.none}", '{"type":"join"}', "join-"),
        ("$request.body.n", '{"n":5}', "5"),
        ("$request.body.n", '{"n":true}', "true"),
        ("send", "{}", "send"),
        (r"\$default", "{}", "$default"),
        ("$request.body.type", "[]", "$default"),
    ],
)
def test_route_selection_expressions_work_as_aws_describes_them(expression: str, body: str, route_key: str) -> None:
    assert is_supported(expression)
    assert (
        selected_route(expression, body, {"send", "chat/join", "join-", "5", "true", "$default", "$connect"})
        == route_key
    )


@pytest.mark.parametrize("expression", ["$request.body", "$request.header.x", "${request.body.a[0]}", "$.type"])
def test_other_expressions_are_not_supported(expression: str) -> None:
    assert not is_supported(expression)


async def test_without_a_default_route_the_client_is_told_forbidden(edge: Edge) -> None:
    api = edge.api(default=None)
    client, connection_id = await api.opened()
    async with client:
        await client.send('{"type":"other"}')
        frame = await received(client)
    assert frame.pop("requestId").endswith("=")
    assert frame == {"message": "Forbidden", "connectionId": connection_id}


async def test_a_function_that_fails_is_an_error_frame(edge: Edge) -> None:
    api = edge.api(default=fails)
    client, connection_id = await api.opened()
    async with client:
        await client.send("hello")
        request_id = (await api.event("$default"))["requestContext"]["requestId"]
        expected = {"message": "Internal server error", "connectionId": connection_id, "requestId": request_id}
        assert await received(client) == expected
        await client.send("again")
        assert (await received(client))["message"] == "Internal server error"


@pytest.mark.parametrize("result", [None, {"statusCode": 200, "Data": "x"}, "ok"])
async def test_a_malformed_proxy_response_is_an_error_frame(edge: Edge, result: object) -> None:
    async def answer(_: Event) -> object:
        return result

    async with edge.api(default=answer).connect() as client:
        await client.send("hello")
        assert (await received(client))["message"] == "Internal server error"


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (TooManyRequests("ConcurrentInvocationLimitExceeded"), "Internal server error"),
        (TooManyStarts(), "Too Many Requests"),
    ],
    ids=["throttled", "not started in time"],
)
async def test_a_throttled_function_is_an_error_frame(edge: Edge, refusal: Exception, message: str) -> None:
    async def answer(_: Event) -> object:
        raise refusal

    async with edge.api(default=answer).connect() as client:
        await client.send("hello")
        assert (await received(client))["message"] == message


async def test_a_function_that_does_not_allow_the_route_is_an_error_frame(edge: Edge) -> None:
    api = edge.api()
    api.permissions("$default").clear()
    async with api.connect() as client:
        await client.send("hello")
        assert (await received(client))["message"] == "Internal server error"
    assert not api.was_asked("$default")


async def test_what_a_route_answers_is_not_sent_whatever_its_status(edge: Edge) -> None:
    async def answer(event: Event) -> object:
        return {"statusCode": 500, "body": "not for you"} if event["body"] == "first" else await fails(event)

    async with edge.api(default=answer).connect() as client:
        await client.send("first")
        await client.send("second")
        assert (await received(client))["message"] == "Internal server error"


async def test_an_integration_that_takes_too_long_is_an_error_frame_and_runs_on(edge: Edge) -> None:
    release, ended = asyncio.Event(), asyncio.Event()

    async def answer(_: Event) -> object:
        await release.wait()
        ended.set()
        return OK

    api = edge.api(default=answer, timeout_milliseconds=50)
    async with api.connect() as client:
        await client.send("hello")
        assert (await received(client))["message"] == "Endpoint request timed out"
        assert not ended.is_set()
        release.set()
        async with asyncio.timeout(PATIENCE):
            await ended.wait()


async def test_messages_of_one_connection_run_side_by_side(edge: Edge) -> None:
    together = asyncio.Barrier(4)

    async def answer(_: Event) -> object:
        await together.wait()
        return OK

    async with edge.api(default=answer).connect() as client:
        for number in range(3):
            await client.send(str(number))
        async with asyncio.timeout(PATIENCE):
            await together.wait()


async def test_a_throttled_stage_answers_with_an_error_frame(edge: Edge) -> None:
    api = edge.api(settings=RouteSettings(throttling_rate_limit=0, throttling_burst_limit=2))
    client, connection_id = await api.opened()
    async with client:
        for _ in range(3):
            await client.send("hello")
        frame = await received(client)
    assert frame.pop("requestId")
    assert frame == {"message": "Too Many Requests", "connectionId": connection_id}
    assert await api.event("$default")
    assert await api.event("$default")
    assert not api.was_asked("$default")


def test_a_bucket_refills_at_its_rate_up_to_its_burst() -> None:
    now = 0.0
    bucket = TokenBucket(rate=2, burst=3, clock=lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 100
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


async def test_settings_that_change_hold_for_the_next_message(edge: Edge) -> None:
    api = edge.api(settings=RouteSettings(throttling_rate_limit=0, throttling_burst_limit=1))
    async with api.connect() as client:
        await client.send("1")
        await client.send("2")
        assert (await received(client))["message"] == "Too Many Requests"
        api.record.stages[STAGE] = ("d1", RouteSettings())
        await client.send("3")
        assert [(await api.event("$default"))["body"] for _ in range(2)] == ["1", "3"]


async def test_a_client_that_closes_is_reported_with_its_code_and_reason(edge: Edge) -> None:
    api = edge.api()
    client, connection_id = await api.opened()
    await client.close(4001, "bye")
    event = await api.event("$disconnect")
    context = event["requestContext"]
    assert event["headers"]["Host"] == edge.origin.removeprefix("http://")
    assert event["isBase64Encoded"] is False
    assert context["routeKey"] == "$disconnect"
    assert context["eventType"] == "DISCONNECT"
    assert context["connectionId"] == connection_id
    assert context["disconnectStatusCode"] == 4001
    assert context["disconnectReason"] == "bye"


async def test_a_close_without_a_code_is_reported_as_1005(edge: Edge) -> None:
    api = edge.api()
    client, _ = await api.opened()
    client.transport.write(b"\x88\x80\x00\x00\x00\x00")
    context = (await api.event("$disconnect"))["requestContext"]
    assert context["disconnectStatusCode"] == 1005
    assert context["disconnectReason"] == "Client-side close frame status not set"
    await closed(client)


async def test_a_connection_that_is_cut_is_reported_as_1006(edge: Edge) -> None:
    api = edge.api()
    client, _ = await api.opened()
    client.transport.abort()
    assert (await api.event("$disconnect"))["requestContext"]["disconnectStatusCode"] == 1006


async def test_a_disconnect_route_that_fails_harms_nobody(edge: Edge) -> None:
    api = edge.api(disconnect=fails)
    async with api.connect():
        pass
    assert await api.event("$disconnect")
    async with api.connect() as client:
        await client.send("hello")
        assert await api.event("$default")


async def test_an_api_that_is_gone_refuses_messages_of_open_connections(edge: Edge) -> None:
    api = edge.api()
    async with api.connect() as client:
        del edge.world.websocket_apis[api.record.api_id]
        await client.send("hello")
        assert (await received(client))["message"] == "Forbidden"


async def test_one_connection_does_not_notice_another_that_misbehaves(edge: Edge) -> None:
    async def echoes_errors(event: Event) -> object:
        return await fails(event) if event["body"] == "bad" else OK

    api = edge.api(default=echoes_errors)
    async with api.connect() as good, api.connect() as bad:
        await bad.send("bad")
        assert await received(bad)
        bad.transport.abort()
        await good.send("good")
        await api.event("$default")
        assert (await api.event("$default"))["body"] == "good"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await good.recv()


async def test_an_error_for_a_client_that_is_gone_is_dropped(edge: Edge) -> None:
    release = asyncio.Event()

    async def answer(event: Event) -> object:
        await release.wait()
        return await fails(event)

    api = edge.api(default=answer)
    client, _ = await api.opened()
    await client.send("hello")
    await api.event("$default")
    await client.close()
    await api.event("$disconnect")
    release.set()
    with pytest.raises(ConnectionClosed):
        await client.recv()
