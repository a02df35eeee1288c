"""The real-time protocol: handshake, messages, errors, limits of a connection."""

import asyncio
import base64
import json
import socket
import time
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from sandbox.edge.appsync.realtime import GOING_AWAY, POLICY_VIOLATION, TRY_AGAIN_LATER, Limits
from tests.sandbox.edge.appsync.appsync_harness import (
    PASS_ON,
    PATIENCE,
    Api,
    Edge,
    Json,
    Subscriber,
    header_protocol,
    serving,
    signed,
    token,
)

SCHEMA = """
type Query { none: String }
type Mutation { publish(owner: ID!, text: String!): Note @aws_iam }
type Subscription {
  onNote(owner: ID, text: String): Note @aws_subscribe(mutations: ["publish"])
  refused: Note @aws_subscribe(mutations: ["publish"])
  forRoles: Note @aws_subscribe(mutations: ["publish"]) @aws_iam
}
type Note @aws_iam @aws_cognito_user_pools { owner: ID!, text: String! }
"""
ON_NOTE = "subscription { onNote { owner text } }"
REFUSES = """
export function request(ctx) { util.error('Not you.', 'Forbidden', null, { hint: 1 }); }
export function response(ctx) { return null; }
"""


@pytest.fixture
def api(edge: Edge) -> Api:
    return edge.api(SCHEMA, {"Mutation.publish": PASS_ON, "Subscription.refused": REFUSES})


async def publish(api: Api, text: str, owner: str = "ada") -> None:
    mutation = "mutation P($owner: ID!, $text: String!) { publish(owner: $owner, text: $text) { owner text } }"
    await api.data(mutation, {"owner": owner, "text": text}, by=api.edge.credentials.administrator)


def note(text: str, owner: str = "ada") -> Json:
    return {"data": {"onNote": {"owner": owner, "text": text}}}


async def refused_connection(api: Api, *args: Any, **more: Any) -> Json:
    """The only message of a connection that is refused, and its end."""
    async with asyncio.timeout(PATIENCE), api.socket(*args, **more) as connection:
        frame = json.loads(await connection.recv())
        await connection.wait_closed()
        assert connection.close_code == POLICY_VIOLATION
    assert frame["type"] == "connection_error"
    (error,) = frame["payload"]["errors"]
    return error


def in_query(header: Json, encode: Any = base64.b64encode) -> str:
    return f"?header={encode(json.dumps(header).encode()).decode()}&payload=e30="


@pytest.mark.parametrize("way", ["query", "url-safe query", "subprotocol", "headers"])
async def test_credentials_may_come_in_each_of_the_documented_ways(api: Api, way: str) -> None:
    header = {"host": api.host, "x-note": ">>>>>>??????", "Authorization": token("ada")}  # makes + and / in base64
    protocols, query, more = ["graphql-ws"], "", {}
    if way == "query":
        query = in_query(header)
    elif way == "url-safe query":
        query = in_query(header, base64.urlsafe_b64encode)
    elif way == "subprotocol":
        protocols.append(header_protocol(header))
    else:
        more = {"additional_headers": {"Authorization": header["Authorization"]}}
    async with api.socket(protocols, query, **more) as connection:
        assert connection.subprotocol == "graphql-ws"
        client = Subscriber(connection, header)
        await client.send({"type": "connection_init"})
        assert (await client.receive())["type"] == "connection_ack"


async def test_a_role_signs_the_connection_and_each_subscription(api: Api) -> None:
    keys = api.publisher("Subscription.forRoles")

    def headers(path: str, body: bytes) -> dict[str, str]:
        return {"host": api.host, **signed(api.url + path, body, keys, {"content-type": "application/json"})}

    async with api.socket(["graphql-ws", header_protocol(headers("/connect", b"{}"))]) as connection:
        client = Subscriber(connection, {})
        await client.send({"type": "connection_init"})
        assert (await client.receive())["type"] == "connection_ack"
        for field, answer in (("forRoles", "start_ack"), ("onNote", "error")):
            data = json.dumps({"query": f"subscription {{ {field} {{ text }} }}"})
            payload = {"data": data, "extensions": {"authorization": headers("", data.encode())}}
            await client.send({"id": field, "type": "start", "payload": payload})
            assert (await client.receive())["type"] == answer
        await publish(api, "x")
        assert await client.data("forRoles") == {"data": {"forRoles": {"text": "x"}}}


@pytest.mark.parametrize(
    ("credential", "message"),
    [
        (None, "Valid authorization header not provided."),
        ("not-a-token", "Unable to parse JWT token."),
        (token("ada", exp=int(time.time()) - 1), "Token has expired."),
        (token("ada").replace(".pool", ".another"), "You are not authorized to make this call."),
    ],
    # Named after the tokens, which hold the time, the tests of two workers would not be the same.
    ids=["none", "no token", "expired", "of another pool"],
)
async def test_a_connection_without_a_valid_token_gets_one_error_and_is_closed(
    api: Api, credential: str | None, message: str
) -> None:
    header = {"host": api.host} | ({"Authorization": credential} if credential else {})
    error = await refused_connection(api, ["graphql-ws", header_protocol(header)])
    assert error == {"errorType": "UnauthorizedException", "message": message, "errorCode": 401}


async def test_a_connection_with_a_false_signature_is_refused(edge: Edge, api: Api) -> None:
    header = {"host": api.host, **signed(api.url, b"{}", edge.credentials.administrator)}
    error = await refused_connection(api, ["graphql-ws", header_protocol(header)])
    assert (error["errorType"], error["errorCode"]) == ("InvalidSignatureException", 403)


@pytest.mark.parametrize(
    ("protocols", "query", "message"),
    [
        (None, "", "NoProtocolError"),
        (["graphql-transport-ws"], "", "SubProtocolNotSupportedError"),
        (["graphql-ws", "header-!"], "", "The header is not base64 of a JSON object."),
        (["graphql-ws"], "?header=bm8=&payload=e30=", "The header is not base64 of a JSON object."),
        (["graphql-ws", header_protocol({"Authorization": token("ada")})], "", "Required headers are missing."),
    ],
)
async def test_a_malformed_handshake_is_refused_with_400(
    api: Api, protocols: list[str] | None, query: str, message: str
) -> None:
    error = await refused_connection(api, protocols, query)
    assert (error["message"], error["errorCode"]) == (message, 400)


async def test_the_realtime_address_of_an_unknown_api_is_404(api: Api) -> None:
    api.record.api_id = "unknown"
    with pytest.raises(InvalidStatus) as refusal:
        await api.socket(["graphql-ws"])
    assert refusal.value.response.status_code == 404


async def test_messages_before_the_acknowledgement_are_ignored(api: Api) -> None:
    header = {"host": api.host, "Authorization": token("ada")}
    async with api.socket(["graphql-ws", header_protocol(header)]) as connection:
        client = Subscriber(connection, header)
        payload = {"data": json.dumps({"query": ON_NOTE}), "extensions": {"authorization": header}}
        await client.send({"id": "1", "type": "start", "payload": payload})
        await client.send({"type": "connection_init"})
        assert (await client.receive())["type"] == "connection_ack"
        await client.started("1", ON_NOTE)


async def test_a_subscription_gets_data_until_it_is_stopped(api: Api) -> None:
    client = await api.subscriber(token("ada"))
    async with client.socket:
        await client.started("one", ON_NOTE)
        await client.started("two", "subscription { renamed: onNote { words: text } }")
        await publish(api, "first")
        assert await client.data("one") == note("first")
        assert await client.data("two") == {"data": {"renamed": {"words": "first"}}}
        await client.send({"id": "one", "type": "stop"})
        assert await client.receive() == {"type": "complete", "id": "one"}
        await publish(api, "second")
        assert await client.data("two") == {"data": {"renamed": {"words": "second"}}}
        await client.started("one", ON_NOTE)


async def test_keep_alives_come_at_once_and_then_regularly() -> None:
    async with serving(Limits(keep_alive_seconds=0.01)) as edge:
        client = await edge.api(SCHEMA).subscriber(token("ada"))
        async with client.socket:
            assert [await client.receive(keep_alive=True) for _ in range(3)] == [{"type": "ka"}] * 3
    assert Limits().keep_alive_seconds == 60


async def error_of(client: Subscriber, subscription_id: str, query: str) -> Json:
    frame = await client.start(subscription_id, query)
    assert (frame["type"], frame["id"]) == ("error", subscription_id)
    (error,) = frame["payload"]["errors"]
    return error


async def test_a_start_that_is_refused_says_why_and_leaves_the_connection_open(api: Api) -> None:
    client = await api.subscriber(token("ada"))
    async with client.socket:
        assert await error_of(client, "1", "subscription { refused { text } }") == {
            "path": ["refused"],
            "errorType": "Forbidden",
            "errorInfo": {"hint": 1},
            "message": "Not you.",
        }
        error = await error_of(client, "1", "subscription { forRoles { text } }")
        assert (error["errorType"], error["message"]) == (
            "Unauthorized",
            "Not Authorized to access forRoles on type Subscription",
        )
        error = await error_of(client, "1", "subscription { onNote { bad } }")
        assert error["message"].startswith("Validation error of type FieldUndefined: ")
        error = await error_of(client, "1", "{ none }")
        assert error == {
            "errorType": "UnsupportedOperation",
            "message": "query not supported through the realtime channel",
        }
        assert (await error_of(client, "1", "no graphql"))["errorType"] == "MalformedHttpRequestException"
        await client.started("1", ON_NOTE)
        assert await error_of(client, "1", ON_NOTE) == {
            "errorType": "DuplicatedOperationError",
            "message": "Duplicated operation with id 1",
        }


async def test_each_start_needs_its_own_authorization(api: Api) -> None:
    client = await api.subscriber(token("ada"))
    async with client.socket:
        data = json.dumps({"query": ON_NOTE})
        for extensions in (
            {},
            {"authorization": {"host": api.host}},
            {"authorization": {"host": "h", "Authorization": "x"}},
        ):
            await client.send({"id": "1", "type": "start", "payload": {"data": data, "extensions": extensions}})
            frame = await client.receive()
            assert frame["payload"]["errors"][0]["errorType"] == "UnauthorizedException"
        client.authorization = {"host": api.host, "Authorization": token("bob")}
        await client.started("1", ON_NOTE)


@pytest.mark.parametrize(
    ("message", "error_type"),
    [
        ('{"type": "subscribe", "id": "1"}', "UnsupportedOperation"),
        ("no json", "UnsupportedOperation"),
        (b"\x00", "UnsupportedOperation"),
        ('{"type": "start"}', "BadRequestException"),
        ('{"type": "stop", "id": "1"}', "BadRequestException"),
    ],
)
async def test_an_unknown_message_is_answered_with_an_error(api: Api, message: str | bytes, error_type: str) -> None:
    client = await api.subscriber(token("ada"))
    async with client.socket:
        await client.socket.send(message)
        frame = await client.receive()
        assert (frame["type"], frame["payload"]["errors"][0]["errorType"]) == ("error", error_type)
        await client.started("1", ON_NOTE)


async def test_a_connection_has_200_subscriptions(api: Api) -> None:
    client = await api.subscriber(token("ada"))
    async with client.socket:
        for number in range(200):
            await client.started(str(number), ON_NOTE)
        assert await error_of(client, "200", ON_NOTE) == {
            "errorType": "MaxSubscriptionsReachedError",
            "message": "Max number of 200 subscriptions reached",
        }
        await client.send({"id": "7", "type": "stop"})
        await client.receive()
        await client.started("200", ON_NOTE)


async def test_a_connection_ends_after_its_time() -> None:
    async with serving(Limits(connection_seconds=0.05)) as edge:
        client = await edge.api(SCHEMA).subscriber(token("ada"))
        async with asyncio.timeout(PATIENCE):
            await client.socket.wait_closed()
        assert client.socket.close_code == GOING_AWAY
    assert Limits().connection_seconds == 24 * 60 * 60


async def test_a_client_that_does_not_read_is_cut_off_and_the_others_do_not_notice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    large = "x" * 200_000
    async with serving(Limits(backlog_bytes=300_000)) as edge:
        api = edge.api(SCHEMA, {"Mutation.publish": PASS_ON})
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        narrow.connect(("127.0.0.1", int(edge.origin.rpartition(":")[2])))
        slow = await api.subscriber(token("ada"), max_queue=1, sock=narrow)
        fast = await api.subscriber(token("ada"))
        await slow.started("slow", ON_NOTE)
        await fast.started("fast", ON_NOTE)
        async with fast.socket, asyncio.timeout(60):
            while "does not read: closed" not in caplog.text:
                await publish(api, large)
                assert await fast.data("fast") == note(large)
            await publish(api, "after")
            assert await fast.data("fast") == note("after")
            with suppress(ConnectionClosedError):
                async for _ in slow.socket:
                    pass
            assert slow.socket.close_code == TRY_AGAIN_LATER


async def test_a_publish_reaches_many_clients(api: Api) -> None:
    clients = [await api.subscriber(token(f"user{number}")) for number in range(30)]
    for client in clients:
        await client.started("1", ON_NOTE)
    await publish(api, "all")
    assert [await client.data("1") for client in clients] == [note("all")] * 30
    for client in clients:
        await client.socket.close()
    await publish(api, "none")


async def test_a_client_that_is_gone_is_forgotten(api: Api) -> None:
    client = await api.subscriber(token("ada"))
    await client.started("1", ON_NOTE)
    client.socket.transport.abort()
    other = await api.subscriber(token("ada"))
    async with other.socket:
        await other.started("1", ON_NOTE)
        await publish(api, "x")
        assert await other.data("1") == note("x")
