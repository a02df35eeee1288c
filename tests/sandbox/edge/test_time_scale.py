"""Limits of time that a suite reaches in seconds."""

import asyncio
import time

import pytest

from sandbox.edge.appsync.realtime import Limits
from sandbox.edge.connections import WebSocketLimits
from tests.sandbox.edge.appsync import appsync_harness
from tests.sandbox.edge.websocket_harness import PATIENCE, closed, serving

SCALE = 0.001


async def test_a_connection_is_as_old_as_it_would_be_on_aws() -> None:
    async with serving(WebSocketLimits(time_scale=SCALE, idle_seconds=1e9, connection_seconds=1e9)) as edge:
        api = edge.api()
        client, connection_id = await api.opened()
        began = time.monotonic()
        await client.send("one")
        first = (await api.event("$default"))["requestContext"]
        await asyncio.sleep(0.2)  # time itself is what is tested
        await client.send("two")
        second = (await api.event("$default"))["requestContext"]
        ages = [each["requestTimeEpoch"] - each["connectedAt"] for each in (first, second)]
        assert ages[1] - ages[0] >= 0.2 * 1000 / SCALE
        assert ages[1] <= (time.monotonic() - began + 1) * 1000 / SCALE
        told = await asyncio.to_thread(api.management().get_connection, ConnectionId=connection_id)
        assert told["ConnectedAt"].timestamp() * 1000 <= second["connectedAt"]
        await client.close()


@pytest.mark.parametrize("messages", [0, 1])
async def test_ten_idle_minutes_are_scaled(messages: int) -> None:
    async with serving(WebSocketLimits(time_scale=SCALE, connection_seconds=1e9)) as edge:
        client, _ = await edge.api().opened()
        began = time.monotonic()
        for _ in range(messages):
            await client.send("hello")
        assert (await closed(client))[0] == 1001
        assert time.monotonic() - began + 0.1 >= 0.6


async def test_the_two_hours_of_a_connection_are_scaled() -> None:
    async with serving(WebSocketLimits(time_scale=SCALE / 10, idle_seconds=1e9)) as edge:
        client, _ = await edge.api().opened()
        began = time.monotonic()
        assert (await closed(client))[0] == 1001
        assert time.monotonic() - began + 0.1 >= 0.72


async def test_what_a_function_may_take_is_not_scaled() -> None:
    async with serving(WebSocketLimits(time_scale=SCALE)) as edge:

        async def answers_late(_: object) -> object:
            await asyncio.sleep(29 * SCALE * 2)
            return {"statusCode": 200}

        api = edge.api(connect=answers_late)
        client, _ = await api.opened()
        await client.close()


async def test_an_unscaled_connection_is_as_old_as_it_is() -> None:
    async with serving() as edge:
        api = edge.api()
        began = time.time() * 1000
        client, _ = await api.opened()
        async with client:
            await client.send("hello")
            context = (await api.event("$default"))["requestContext"]
            assert began - 1 <= context["connectedAt"] <= context["requestTimeEpoch"]


@pytest.mark.parametrize("scale", [1.0, SCALE])
async def test_appsyncs_keep_alive_and_its_day_are_scaled(scale: float) -> None:
    async with appsync_harness.serving(Limits(time_scale=scale, connection_seconds=0.3 / scale)) as edge:
        api = edge.api("type Query { none: String } type Subscription { a: String }")
        authorization = {"host": api.host, "Authorization": appsync_harness.token("ada")}
        protocols = ["graphql-ws", appsync_harness.header_protocol(authorization)]
        async with api.socket(protocols) as socket, asyncio.timeout(PATIENCE):
            await socket.send('{"type": "connection_init"}')
            frames = [frame async for frame in socket]
        assert socket.close_code == 1001
        assert sum('"ka"' in str(frame) for frame in frames) == (1 if scale == 1 else pytest.approx(5, abs=3))
        assert any(f'"connectionTimeoutMs":{round(300_000 * scale)}' in str(frame).replace(" ", "") for frame in frames)
