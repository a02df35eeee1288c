"""`@connections`, with real boto3."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.exceptions
import httpx
import pytest

from sandbox.edge.connections import SEND_BUFFER_BYTES, ClientTooSlow, Connection, WebSocketLimits
from tests.sandbox.edge.websocket_harness import PATIENCE, Api, Edge, closed, serving

SEND_SECONDS = 0.2


@pytest.fixture(scope="module")
async def edge() -> AsyncIterator[Edge]:
    async with serving(WebSocketLimits(send_seconds=SEND_SECONDS)) as edge:
        yield edge


async def post(management: Any, connection_id: str, data: bytes = b"hello") -> Any:
    return await asyncio.to_thread(management.post_to_connection, ConnectionId=connection_id, Data=data)


async def failure(call: Any, **arguments: Any) -> tuple[int, str, str]:
    """Status, code and message of a call that must fail."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        await asyncio.to_thread(call, **arguments)
    response: Any = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


async def test_what_is_posted_reaches_the_client_in_order(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    client, connection_id = await api.opened()
    async with client, asyncio.timeout(PATIENCE):
        for number in range(20):
            await post(management, connection_id, f"grüß {number}".encode())
        assert [await client.recv() for _ in range(20)] == [f"grüß {number}" for number in range(20)]


async def test_a_message_may_have_128_kb_and_no_more(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    client, connection_id = await api.opened()
    async with client, asyncio.timeout(PATIENCE):
        await post(management, connection_id, b"x" * 131_072)
        assert len(await client.recv()) == 131_072
        with pytest.raises(management.exceptions.PayloadTooLargeException) as caught:
            await post(management, connection_id, b"x" * 131_073)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


async def test_what_is_not_text_is_refused(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    client, connection_id = await api.opened()
    async with client:
        answer = await failure(management.post_to_connection, ConnectionId=connection_id, Data=b"\xff")
        assert answer[:2] == (400, "BadRequestException")


async def test_a_connection_can_be_asked_about(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    async with api.connect(user_agent_header="agent/1") as client:
        context = (await api.event("$connect"))["requestContext"]
        connection_id = context["connectionId"]
        first = await asyncio.to_thread(management.get_connection, ConnectionId=connection_id)
        await client.send("hello")
        await api.event("$default")
        second = await asyncio.to_thread(management.get_connection, ConnectionId=connection_id)
    connected_at = datetime.fromtimestamp(context["connectedAt"] / 1000, UTC)
    assert first["ConnectedAt"] == second["ConnectedAt"]
    assert abs(first["ConnectedAt"] - connected_at) < timedelta(milliseconds=1)
    assert first["LastActiveAt"] <= second["LastActiveAt"]
    assert second["LastActiveAt"] > second["ConnectedAt"]
    assert first["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "agent/1"}


async def test_a_backend_can_disconnect_a_client(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    client, connection_id = await api.opened()
    answer = await asyncio.to_thread(management.delete_connection, ConnectionId=connection_id)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert (await closed(client))[0] == 1000
    context = (await api.event("$disconnect"))["requestContext"]
    assert context["disconnectStatusCode"] == 1000
    assert context["disconnectReason"] == "Connection Closed Normally"
    for call in (management.delete_connection, management.get_connection):
        with pytest.raises(management.exceptions.GoneException):
            await asyncio.to_thread(call, ConnectionId=connection_id)


async def test_a_connection_that_is_gone_or_never_was_is_a_410(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    client, connection_id = await api.opened()
    await client.close()
    await api.event("$disconnect")
    for gone in (connection_id, "AAAAAAAAAAAAAAA="):
        with pytest.raises(management.exceptions.GoneException) as caught:
            await post(management, gone)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410


async def test_a_connection_belongs_to_its_api_and_stage(edge: Edge) -> None:
    api, other = edge.api(), edge.api()
    api.record.stages["second"] = ("d1", api.record.stages["live"][1])
    client, connection_id = await api.opened()
    async with client:
        for management in (other.management(), api.management(stage="second")):
            with pytest.raises(management.exceptions.GoneException):
                await post(management, connection_id)


async def test_an_id_of_another_form_is_a_400(edge: Edge) -> None:
    management = edge.api().management()
    answer = await failure(management.post_to_connection, ConnectionId="42", Data=b"x")
    assert answer == (400, "BadRequestException", "Invalid connectionId: 42")


async def test_a_stage_that_does_not_exist_is_forbidden(edge: Edge) -> None:
    api = edge.api()
    management = api.management(stage="other")
    with pytest.raises(management.exceptions.ForbiddenException, match="Forbidden"):
        await post(management, "AAAAAAAAAAAAAAA=")


async def test_an_address_without_its_stage_is_forbidden(edge: Edge) -> None:
    management = edge.api().management(stage="")
    with pytest.raises(management.exceptions.ForbiddenException, match="Forbidden"):
        await post(management, "AAAAAAAAAAAAAAA=")


async def unsigned(api: Api, connection_id: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{api.url.replace('ws:', 'http:')}/@connections/{connection_id}", content=b"hello")


async def test_an_unsigned_request_is_refused_in_awss_shape(edge: Edge) -> None:
    response = await unsigned(edge.api(), "AAAAAAAAAAAAAAA=")
    assert response.status_code == 403
    assert response.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert response.json() == {"message": "Missing Authentication Token"}


async def test_a_role_may_do_what_its_policy_allows_and_no_more(edge: Edge) -> None:
    api = edge.api()
    client, connection_id = await api.opened()
    management = api.management(api.role("live/POST/@connections/*"))
    async with client, asyncio.timeout(PATIENCE):
        await post(management, connection_id)
        assert await client.recv() == "hello"
        for call in (management.delete_connection, management.get_connection):
            status, code, message = await failure(call, ConnectionId=connection_id)
            assert (status, code) == (403, "AccessDeniedException")
            assert "is not authorized to perform: execute-api:ManageConnections on resource: arn:aws:exec" in message
            assert message.endswith(f"/@connections/{connection_id}")


async def test_a_role_without_a_policy_for_the_stage_may_not_post(edge: Edge) -> None:
    api = edge.api()
    client, connection_id = await api.opened()
    management = api.management(api.role("other/POST/@connections/*"))
    async with client:
        answer = await failure(management.post_to_connection, ConnectionId=connection_id, Data=b"x")
        assert answer[:2] == (403, "AccessDeniedException")


@contextlib.asynccontextmanager
async def deaf(api: Api) -> AsyncIterator[str]:
    """A client that is connected and never reads again; its connection id."""
    host, port = "127.0.0.1", int(api.edge.origin.rsplit(":", 1)[1])
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.to_thread(raw.connect, (host, port))
    client, connection_id = await api.opened(sock=raw)
    client.transport.pause_reading()
    try:
        yield connection_id
    finally:
        client.transport.abort()


async def post_without_end(management: Any, connection_id: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await post(management, connection_id, b"x" * 131_072)


async def test_a_client_that_reads_too_slowly_is_a_429(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    async with deaf(api) as connection_id:
        with pytest.raises(management.exceptions.LimitExceededException) as caught:
            await post_without_end(management, connection_id)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert (await api.event("$disconnect"))["requestContext"]["disconnectStatusCode"] == 1006


class StuckSocket:
    """A socket that takes messages only when the test lets it."""

    def __init__(self) -> None:
        self.writable = asyncio.Event()
        self.sent: list[str] = []

    async def send_text(self, text: str) -> None:
        await self.writable.wait()
        self.sent.append(text)


async def test_what_waits_for_a_slow_client_is_bounded() -> None:
    stuck = StuckSocket()
    connection = Connection(stuck, "127.0.0.1", "", 0, WebSocketLimits(send_seconds=60))  # type: ignore[arg-type]
    texts = [letter * (SEND_BUFFER_BYTES // 4) for letter in "abcd"]
    async with asyncio.timeout(PATIENCE):
        async with asyncio.TaskGroup() as sending:
            for text in texts:
                sending.create_task(connection.send(text))
            await asyncio.sleep(0)
            with pytest.raises(ClientTooSlow):
                await connection.send("e")
            stuck.writable.set()
        await connection.send("f")
    assert stuck.sent == [*texts, "f"]


async def test_a_client_that_does_not_read_can_be_disconnected(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    async with deaf(api) as connection_id:
        with pytest.raises(management.exceptions.LimitExceededException):
            await post_without_end(management, connection_id)
        await asyncio.to_thread(management.delete_connection, ConnectionId=connection_id)
        with pytest.raises(management.exceptions.GoneException):
            await asyncio.to_thread(management.get_connection, ConnectionId=connection_id)
        assert (await api.event("$disconnect"))["requestContext"]["disconnectStatusCode"] == 1000


async def test_posts_from_many_sides_arrive_whole(edge: Edge) -> None:
    api = edge.api()
    management = api.management()
    client, connection_id = await api.opened()
    async with client, asyncio.timeout(PATIENCE):
        sent = [str(number) * 1000 for number in range(16)]
        await asyncio.gather(*(post(management, connection_id, text.encode()) for text in sent))
        assert sorted([await client.recv() for _ in sent]) == sorted(sent)
