"""What a hostile client sends is refused as AppSync refuses what it cannot read, and nobody else waits for it."""

import asyncio
import base64
import json
import time

import pytest

from sandbox.edge.appsync.documents import MAX_FIELDS, MAX_TOKENS, load
from sandbox.edge.appsync.errors import RequestRefused
from tests.sandbox.edge.appsync.appsync_harness import PASS_ON, Api, Edge, Json, header_protocol, signed, token

SCHEMA = """
type Query { me: User, echo(text: String, json: AWSJSON): Echo, plain: String }
type Mutation { publish(owner: ID!, text: String!): Note @aws_iam }
type Subscription { onNote(owner: ID): Note @aws_subscribe(mutations: ["publish"]) }
type Note @aws_iam @aws_cognito_user_pools { owner: ID!, text: String! }
type User { name: String!, friends: [User!] }
type Echo { text: String, json: AWSJSON }
"""
ON_NOTE = "subscription { onNote { owner text } }"
ECHO = "query Q($text: String, $json: AWSJSON) { echo(text: $text, json: $json) { text json } }"
ADA = """
export function request() { return { payload: { name: 'Ada', friends: [{ name: 'Bob' }] } }; }
export function response(ctx) { return ctx.result; }
"""
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture
def api(edge: Edge) -> Api:
    return edge.api(SCHEMA, {"Query.echo": PASS_ON, "Query.me": ADA, "Mutation.publish": PASS_ON})


def doubling(levels: int) -> str:
    """A query of as many fragments that stands for 2 to the power of that many fields."""
    steps = (f"fragment F{level} on Query {{ ...F{level + 1} ...F{level + 1} }}" for level in range(levels))
    return " ".join(["{ ...F0 }", *steps, f"fragment F{levels} on Query {{ plain }}"])


async def refused(api: Api, query: str) -> tuple[int, str, str]:
    """Status, type and message of the refusal of a query."""
    response = await api.post(query, by=token("ada"))
    (entry,) = response.json()["errors"]
    return response.status_code, entry["errorType"], entry["message"]


async def test_nested_fragments_are_counted_not_walked_through(api: Api) -> None:
    began = time.monotonic()
    assert await refused(api, doubling(24)) == (
        400,
        "BadRequestException",
        f"The query has more than {MAX_FIELDS} fields.",
    )
    assert time.monotonic() - began < 3
    assert await api.data(doubling(10), by=token("ada")) == {"plain": None}


async def test_fragments_with_fields_of_their_own_are_counted_too(api: Api) -> None:
    steps = [
        f"fragment F{n} on User {{ a: friends {{ ...F{n + 1} }} b: friends {{ ...F{n + 1} }} }}" for n in range(40)
    ]
    query = " ".join(["{ me { ...F0 } }", *steps, "fragment F40 on User { name }"])
    assert (await refused(api, query))[:2] == (400, "BadRequestException")


async def test_a_document_of_too_many_tokens_is_not_read(api: Api) -> None:
    query = "{ " + "plain " * MAX_TOKENS + "}"
    assert (await refused(api, query))[:2] == (400, "MalformedHttpRequestException")


async def test_others_do_not_wait_for_a_document_that_takes_long() -> None:
    slow = "{ " + " ".join(f"a{number}: plain" for number in range(3000)) + " }"
    gaps: list[float] = []

    async def watch() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - began)

    watching = asyncio.create_task(watch())
    began = time.monotonic()
    with pytest.raises(RequestRefused):
        await load(SCHEMA, slow, "another")
    watching.cancel()
    assert max(gaps) < (time.monotonic() - began) / 2


@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        f'{{"query": "{{ plain }}", "variables": {{"a": {DEEP}}}}}',
        '{"query": "{ plain }", "variables": {"a": NaN}}',
        '{"query": "{ \\ud800 }"}',
        json.dumps({"query": "{ ... on Query " * 5000}),
    ],
    ids=["deep", "deep variables", "not a number", "half a character", "deep query"],
)
async def test_a_body_that_nobody_can_read_is_malformed(api: Api, body: str) -> None:
    response = await api.send(body.encode(), by=token("ada"))
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (400, "MalformedHttpRequestException")


async def test_json_that_is_too_deep_for_a_field_is_that_fields_error(api: Api) -> None:
    (entry,) = await api.errors(ECHO, {"json": DEEP}, by=token("ada"))
    assert entry["message"].startswith("Variable 'json' has an invalid value. Unable to parse")


async def test_half_a_character_comes_back_as_a_question_mark(api: Api) -> None:
    response = await api.send(
        json.dumps({"query": ECHO, "variables": {"text": "\ud800", "json": '"\\ud800"'}}).encode(), by=token("ada")
    )
    assert response.json()["data"] == {"echo": {"text": "?", "json": '"?"'}}


@pytest.mark.parametrize("credential", ["€", "Bearer é.é.é", "e30." + base64.b64encode(b"[" * 5000).decode() + ".x"])
async def test_a_token_that_is_none_is_refused_on_either_way(api: Api, credential: str) -> None:
    response = await api.send(b'{"query": "{ plain }"}', headers={"authorization": credential.encode()})
    assert response.json()["errors"] == [
        {"errorType": "UnauthorizedException", "message": "Unable to parse JWT token."}
    ]
    client = await api.subscriber(token("ada"))
    async with client.socket:
        good, client.authorization = client.authorization, {"host": api.host, "Authorization": credential}
        frame = await client.start("1", ON_NOTE)
        assert frame["payload"]["errors"][0]["message"] == "Unable to parse JWT token."
        client.authorization = good
        await client.started("1", ON_NOTE)


async def test_a_session_token_that_is_none_is_refused(api: Api) -> None:
    headers = signed(api.url, b"{}", api.edge.credentials.administrator)
    response = await api.send(b"{}", headers={**headers, "X-Amz-Security-Token": "€".encode()})
    assert (response.status_code, response.headers["x-amzn-errortype"]) == (403, "UnrecognizedClientException")


@pytest.mark.parametrize(
    ("frame", "error_type"),
    [
        (DEEP, "UnsupportedOperation"),
        ('{"type": "stop", "id": "\\ud800"}', "BadRequestException"),
        ('{"type": "start", "id": "1", "id": "2", "payload": {}, "payload": {}}', "UnauthorizedException"),
    ],
    ids=["deep", "half a character", "fields twice"],
)
async def test_a_frame_that_is_none_does_not_cost_the_connection(api: Api, frame: str, error_type: str) -> None:
    client = await api.subscriber(token("ada"))
    async with client.socket:
        await client.socket.send(frame)
        answer = await client.receive()
        assert (answer["type"], answer["payload"]["errors"][0]["errorType"]) == ("error", error_type)
        await client.started("3", ON_NOTE)


@pytest.mark.parametrize("data", [DEEP, "\ud800", '{"query": "\ud800"}'], ids=["deep", "half", "half in a query"])
async def test_a_subscription_that_is_none_does_not_cost_the_connection(api: Api, data: str) -> None:
    client = await api.subscriber(token("ada"))
    async with client.socket:
        extensions = {"authorization": client.authorization}
        await client.send({"id": "\ud800", "type": "start", "payload": {"data": data, "extensions": extensions}})
        answer = await client.receive()
        assert (answer["type"], answer["id"]) == ("error", "?")
        await client.started("3", ON_NOTE)


async def test_a_handshake_that_nobody_can_read_is_refused(api: Api) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 4000).decode().rstrip("=")
    half = header_protocol({"host": "\ud800", "Authorization": "€"})
    for protocol, error_type in ((f"header-{deep}", "BadRequestException"), (half, "UnauthorizedException")):
        async with api.socket(["graphql-ws", protocol]) as socket:
            frame: Json = json.loads(await socket.recv())
            assert (frame["type"], frame["payload"]["errors"][0]["errorType"]) == ("connection_error", error_type)


async def test_what_is_published_reaches_subscribers_whatever_it_holds(api: Api) -> None:
    client = await api.subscriber(token("ada"))
    async with client.socket:
        await client.started("1", ON_NOTE)
        publish = 'mutation P($text: String!) { publish(owner: "ada", text: $text) { owner text } }'
        await api.data(publish, {"text": "a\ud800"}, by=api.edge.credentials.administrator)
        assert (await client.data("1"))["data"]["onNote"]["text"] == "a?"


async def test_levels_below_the_apis_limit_are_errors_of_their_fields(api: Api) -> None:
    api.record.query_depth_limit = 2
    body = (await api.post("{ me { name friends { name } } }", by=token("ada"))).json()
    assert body["data"] == {"me": {"name": "Ada", "friends": None}}
    [entry] = body["errors"]
    assert (entry["errorType"], entry["path"]) == ("QueryDepthLimitReached", ["me", "friends", 0, "name"])


async def test_resolvers_beyond_the_apis_limit_do_not_run(api: Api) -> None:
    api.record.resolver_count_limit = 2
    query = "{ " + " ".join(f'e{number}: echo(text: "x") {{ text }}' for number in range(3)) + " plain }"
    body = (await api.post(query, by=token("ada"))).json()
    assert body["data"] == {"e0": {"text": "x"}, "e1": {"text": "x"}, "e2": None, "plain": None}
    assert [entry["errorType"] for entry in body["errors"]] == ["ResolverExecutionLimitReached"]
