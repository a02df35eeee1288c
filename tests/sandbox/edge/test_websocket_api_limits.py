"""Sizes and times of a WebSocket API."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from sandbox.edge.connections import WebSocketLimits
from tests.sandbox.edge.websocket_harness import PATIENCE, Edge, Event, closed, received, serving

IDLE_SECONDS = 0.3


async def counts(websocket: WebSocket) -> None:
    """Answers each message with its length: a WebSocket that is none of API Gateway's."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(str(len(text)))


@pytest.fixture(scope="module")
async def edge() -> AsyncIterator[Edge]:
    async with serving(others=[WebSocketRoute("/elsewhere", counts)]) as edge:
        yield edge


@pytest.fixture(scope="module")
async def impatient_edge() -> AsyncIterator[Edge]:
    async with serving(WebSocketLimits(idle_seconds=IDLE_SECONDS, integration_seconds=0.05)) as edge:
        yield edge


@pytest.fixture(scope="module")
async def short_lived_edge() -> AsyncIterator[Edge]:
    async with serving(WebSocketLimits(connection_seconds=IDLE_SECONDS)) as edge:
        yield edge


@pytest.mark.parametrize("size", [32_769, 131_073, 1_000_000])
async def test_a_frame_over_32_kb_closes_the_connection_with_1009(edge: Edge, size: int) -> None:
    api = edge.api()
    client, _ = await api.opened()
    await client.send("x" * size)
    assert (await closed(client))[0] == 1009
    assert (await api.event("$disconnect"))["requestContext"]["disconnectStatusCode"] == 1009
    assert not api.was_asked("$default")


async def test_a_client_that_sends_on_after_the_limit_still_reads_1009(edge: Edge) -> None:
    api = edge.api()
    size = 20_000_000  # more than the kernel buffers
    with socket.create_connection(("127.0.0.1", int(edge.origin.rsplit(":", 1)[1])), timeout=PATIENCE) as raw:
        head = (
            f"GET /{api.url.split('/', 3)[3]} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await asyncio.to_thread(raw.sendall, head.encode())
        assert b"101 Switching Protocols" in await asyncio.to_thread(raw.recv, 4096)
        frame = b"\x81\xff" + size.to_bytes(8, "big") + bytes(4) + b"x" * size
        await asyncio.to_thread(raw.sendall, frame)
        answer = await asyncio.to_thread(raw.recv, 4096)
    assert answer[0] == 0x88
    assert int.from_bytes(answer[2:4], "big") == 1009


async def test_a_frame_of_32_kb_passes(edge: Edge) -> None:
    api = edge.api()
    async with api.connect() as client:
        await client.send("x" * 32_768)
        assert len((await api.event("$default"))["body"]) == 32_768


async def test_the_frame_limit_counts_bytes_not_characters(edge: Edge) -> None:
    client, _ = await edge.api().opened()
    await client.send("ü" * 16_385)
    assert (await closed(client))[0] == 1009


async def test_a_message_of_128_kb_passes_in_several_frames(edge: Edge) -> None:
    api = edge.api()
    async with api.connect() as client:
        await client.send(["x" * 32_768] * 4)
        assert len((await api.event("$default"))["body"]) == 131_072


async def test_a_message_over_128_kb_closes_the_connection_with_1009(edge: Edge) -> None:
    api = edge.api()
    client, _ = await api.opened()
    await client.send([*["x" * 32_768] * 4, "x"])
    assert (await closed(client))[0] == 1009
    assert not api.was_asked("$default")


async def test_a_handshake_with_a_header_of_over_8_kb_is_refused_in_time(edge: Edge) -> None:
    api = edge.api()
    async with asyncio.timeout(PATIENCE):
        async with api.connect(additional_headers={"x-long": "x" * 7_000}):
            await api.event("$connect")
        with pytest.raises(InvalidStatus) as refusal:
            await api.connect(additional_headers={"x-long": "x" * 9_000})
    assert refusal.value.response.status_code == 431
    assert not api.was_asked("$connect")


async def test_other_paths_of_the_server_have_no_frame_limit_and_may_compress(edge: Edge) -> None:
    address = edge.origin.replace("http", "ws") + "/elsewhere"
    for compression in (None, "deflate"):
        async with connect(address, compression=compression) as client, asyncio.timeout(PATIENCE):
            await client.send("x" * 200_000)
            assert await client.recv() == "200000"


async def test_a_binary_message_closes_the_connection_with_1003(edge: Edge) -> None:
    api = edge.api()
    client, _ = await api.opened()
    await client.send(b"hello")
    assert (await closed(client))[0] == 1003
    assert (await api.event("$disconnect"))["requestContext"]["disconnectStatusCode"] == 1003


async def test_a_client_that_breaks_the_protocol_is_closed_with_1002(edge: Edge) -> None:
    api = edge.api()
    client, _ = await api.opened()
    client.transport.write(b"\x83\x80\x00\x00\x00\x00")
    assert (await closed(client))[0] == 1002
    assert (await api.event("$disconnect"))["requestContext"]["disconnectStatusCode"] == 1002


async def test_an_idle_connection_is_closed_with_1001(impatient_edge: Edge) -> None:
    api = impatient_edge.api()
    client, _ = await api.opened()
    assert await closed(client) == (1001, "Going away")
    context = (await api.event("$disconnect"))["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")


@pytest.mark.parametrize("sender", ["client", "backend"])
async def test_a_message_in_either_direction_starts_the_idle_time_again(impatient_edge: Edge, sender: str) -> None:
    clock = asyncio.get_running_loop().time
    api = impatient_edge.api()
    management = api.management()
    client, connection_id = await api.opened()
    await asyncio.sleep(IDLE_SECONDS / 2)  # time itself is what is tested
    last_message = clock()
    if sender == "client":
        await client.send("hello")
    else:
        await asyncio.to_thread(management.post_to_connection, ConnectionId=connection_id, Data=b"hello")
    assert (await closed(client))[0] == 1001
    assert clock() - last_message >= IDLE_SECONDS


async def test_a_connection_is_closed_at_the_end_of_its_life_though_it_is_busy(short_lived_edge: Edge) -> None:
    async def answers_wrongly(_: Event) -> object:
        return None

    client, _ = await short_lived_edge.api(default=answers_wrongly).opened()
    frames = 0
    async with asyncio.timeout(PATIENCE):
        await client.send("hello")
        async for _ in client:
            frames += 1
            await client.send("hello")
    assert frames
    assert client.close_code == 1001


async def test_the_29_seconds_of_an_integration_hold_whatever_it_asks_for(impatient_edge: Edge) -> None:
    async def answer(_: Event) -> object:
        return await asyncio.Event().wait()

    async with impatient_edge.api(default=answer, timeout_milliseconds=600_000).connect() as client:
        await client.send("hello")
        assert (await received(client))["message"] == "Endpoint request timed out"
