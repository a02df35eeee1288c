"""The program's own schema and resolvers, as they are deployed: who may publish, and who gets what."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.edge.appsync.resolver_code import check_resolver
from sandbox.edge.appsync.schema import check_field, check_schema
from sandbox.iam.credentials import Keys
from sandbox.options import PROJECT_ROOT
from stacks.appsync_stream import API_FIELDS
from tests.sandbox.edge.appsync.appsync_harness import Api, Edge, token

FOLDER: Path = PROJECT_ROOT / "handlers" / "appsync"
SCHEMA = (FOLDER / "schema.graphql").read_text(encoding="utf-8")
RESOLVERS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("resolvers/*.*.js"))}
RESOLVERS |= dict.fromkeys(API_FIELDS, (FOLDER / "resolvers" / "api.js").read_text(encoding="utf-8"))
WITHOUT_FUNCTION = ("Mutation.publishParts", "Subscription.onParts")
FUNCTION_FIELDS = tuple(place for place in RESOLVERS if place not in WITHOUT_FUNCTION)
PUBLISH = """mutation P($owner: ID!, $streamId: ID!, $chatId: ID!, $firstSequence: Int!, $parts: [AWSJSON!]!) {
  publishParts(
    owner: $owner, streamId: $streamId, chatId: $chatId, epoch: 0, firstSequence: $firstSequence, parts: $parts
  ) {
    owner streamId chatId epoch firstSequence parts cursor
  }
}"""
SUBSCRIBE = """subscription S($streamId: ID, $chatId: ID) {
  onParts(streamId: $streamId, chatId: $chatId) { streamId firstSequence parts }
}"""
START = """mutation { startStream(streamId: "s1", chatId: "c1", messages: "[]") { streamId chatId } }"""


@pytest.fixture
def api(edge: Edge) -> Api:
    return edge.api(SCHEMA, RESOLVERS, functions=FUNCTION_FIELDS)


@pytest.fixture
def worker(api: Api) -> Keys:
    return api.publisher("Mutation.publishParts")


async def publish(api: Api, by: Keys, owner: str, stream_id: str, sequence: int = 0, chat_id: str = "c1") -> Any:
    parts = [json.dumps({"type": "text-delta", "id": "t", "delta": f"{owner} {stream_id} {sequence}"})]
    names = {"owner": owner, "streamId": stream_id, "chatId": chat_id}
    variables = {**names, "firstSequence": sequence, "parts": parts}
    return await api.data(PUBLISH, variables, by=by)


def text_of(payload: Any) -> str:
    (part,) = payload["data"]["onParts"]["parts"]
    return json.loads(part)["delta"]


@pytest.mark.parametrize("place", RESOLVERS)
def test_each_resolver_would_be_accepted_at_deploy_time(place: str) -> None:
    type_name, field_name = place.split(".")
    check_field(check_schema(SCHEMA), type_name, field_name)
    check_resolver(RESOLVERS[place])


async def test_a_users_subscription_gets_the_parts_of_their_own_streams_and_no_others(api: Api, worker: Keys) -> None:
    ada, bob = await api.subscriber(token("ada")), await api.subscriber(token("bob"))
    async with ada.socket, bob.socket:
        await ada.started("all", SUBSCRIBE)
        await bob.started("one", SUBSCRIBE, {"streamId": "s1"})
        await publish(api, worker, "ada", "s1", 0)
        await publish(api, worker, "ada", "s2", 1)
        await publish(api, worker, "bob", "s2", 2)
        await publish(api, worker, "bob", "s1", 3)
        assert [text_of(await ada.data("all")) for _ in range(2)] == ["ada s1 0", "ada s2 1"]
        assert text_of(await bob.data("one")) == "bob s1 3"


async def test_a_subscription_to_a_chat_gets_the_streams_of_its_user_there(api: Api, worker: Keys) -> None:
    ada = await api.subscriber(token("ada"))
    async with ada.socket:
        await ada.started("chat", SUBSCRIBE, {"chatId": "c2"})
        await publish(api, worker, "ada", "s1", 0)
        await publish(api, worker, "bob", "s2", 1, chat_id="c2")
        await publish(api, worker, "ada", "s3", 2, chat_id="c2")
        assert text_of(await ada.data("chat")) == "ada s3 2"


async def test_a_subscription_to_somebody_elses_stream_receives_nothing(api: Api, worker: Keys) -> None:
    mallory = await api.subscriber(token("mallory"))
    async with mallory.socket:
        await mallory.started("1", SUBSCRIBE, {"streamId": "of-ada"})
        await publish(api, worker, "ada", "of-ada")
        await publish(api, worker, "mallory", "of-ada", 9)
        assert text_of(await mallory.data("1")) == "mallory of-ada 9"


async def test_users_cannot_publish_and_the_worker_can_do_nothing_else(api: Api, worker: Keys) -> None:
    variables = {"owner": "ada", "streamId": "s", "chatId": "c", "firstSequence": 0, "parts": []}
    (entry,) = await api.errors(PUBLISH, variables, by=token("ada"))
    assert entry["message"] == "Not Authorized to access publishParts on type Mutation"
    for query in ("{ viewer { sub } }", START):
        assert (await api.errors(query, by=worker))[0]["errorType"] == "Unauthorized"


async def test_an_id_token_may_not_subscribe_nor_ask_who_it_is(api: Api) -> None:
    async def answer(_: Any) -> object:
        raise AssertionError("the function was asked")

    api.function("viewer", answer)
    client = await api.subscriber(token("ada", token_use="id"))
    async with client.socket:
        frame = await client.start("1", SUBSCRIBE)
        assert (frame["type"], frame["payload"]["errors"][0]["errorType"]) == ("error", "unauthenticated")
    (entry,) = await api.errors("{ viewer { sub } }", by=token("ada", token_use="id"))
    assert entry["errorType"] == "unauthenticated"


WHEN = "2026-11-21T12:00:00.123456+00:00"
DETAILS = {"id": "c1", "title": "Sky", "owner": "ada", "members": ["bob"], "createdAt": WHEN, "updatedAt": WHEN}
SUMMARY = {"id": "c1", "title": "Sky", "role": "owner", "updatedAt": WHEN}
PART = {"type": "text-delta", "id": "t", "delta": 'wörld 🎈 "quoted" \0'}
MESSAGE = {"id": "m", "role": "user", "parts": [{"type": "text", "text": "Why?"}]}
STREAM = {"streamId": "s1", "chatId": "c1"}
VIEWER = {"sub": "ada", "username": "ada", "groups": ["pro"]}
PAGE = {"streamId": "s1", "epoch": 0, "firstSequence": 4, "cursor": "czEuMC40", "ended": False}
OF_CHAT = "id title owner members createdAt updatedAt"
UPDATE = f'mutation {{ updateChat(id: "c1", title: "Sky") {{ {OF_CHAT} }} }}'
INVITATION = {"chatId": "c1", "title": "Sky", "from": "ada", "at": WHEN}
USER = {"id": "c1", "sub": "bob"}


def text(value: object) -> str:
    """JSON as an AWSJSON field carries it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


LIMITS = {"tier": "free", "features": ["chat"], "maxOutputTokens": 1000}
STREAMS_LEFT = {"name": "concurrent-streams", "tier": "free", "limit": 1, "remaining": 1}
ANSWERED: list[tuple[str, str, dict[str, object], object, object]] = [
    # field, query, arguments that the function gets, what it gives, what the client gets
    ("viewer", "{ viewer { sub username groups } }", {}, VIEWER, VIEWER),
    (
        "limits",
        "{ limits { tier features maxOutputTokens quotas { name tier limit remaining nextIn windowSeconds } } }",
        {},
        {**LIMITS, "quotas": [STREAMS_LEFT]},
        {**LIMITS, "quotas": [{**STREAMS_LEFT, "nextIn": None, "windowSeconds": None}]},
    ),
    (
        "chats",
        '{ chats(after: "c") { chats { id title role updatedAt } next } }',
        {"after": "c"},
        {"chats": [SUMMARY]},
        {"chats": [SUMMARY], "next": None},
    ),
    (
        "invitations",
        "{ invitations { invitations { chatId title from at } next } }",
        {},
        {"invitations": [INVITATION], "next": "c"},
        {"invitations": [INVITATION], "next": "c"},
    ),
    (
        "chat",
        f'{{ chat(id: "c1") {{ {OF_CHAT} messages }} }}',
        {"id": "c1"},
        {**DETAILS, "messages": [MESSAGE]},
        {**DETAILS, "messages": [text(MESSAGE)]},
    ),
    ("activeStream", '{ activeStream(chatId: "c1") { streamId chatId } }', {"chatId": "c1"}, STREAM, STREAM),
    ("activeStream", '{ activeStream(chatId: "c1") { streamId } }', {"chatId": "c1"}, None, None),
    (
        "parts",
        '{ parts(streamId: "s1", after: "c") { streamId preamble epoch firstSequence parts cursor ended } }',
        {"streamId": "s1", "after": "c"},
        {**PAGE, "preamble": [PART], "parts": [PART]},
        {**PAGE, "preamble": [text(PART)], "parts": [text(PART)]},
    ),
    ("startStream", START, {**STREAM, "messages": "[]"}, STREAM, STREAM),
    ("cancelStream", 'mutation { cancelStream(streamId: "s1") }', {"streamId": "s1"}, "s1", "s1"),
    ("updateChat", UPDATE, {"id": "c1", "title": "Sky"}, DETAILS, DETAILS),
    (
        "rateAnswer",
        'mutation { rateAnswer(chatId: "c1", messageId: "m1", rating: down) { messageId rating } }',
        {"chatId": "c1", "messageId": "m1", "rating": "down"},
        {"messageId": "m1", "rating": "down"},
        {"messageId": "m1", "rating": "down"},
    ),
    (
        "inviteUser",
        'mutation { inviteUser(id: "c1", sub: "bob") { members invited } }',
        USER,
        {**DETAILS, "invited": ["bob"]},
        {"members": ["bob"], "invited": ["bob"]},
    ),
    (
        "removeUser",
        'mutation { removeUser(id: "c1", sub: "bob") { id } }',
        USER,
        {**DETAILS, "invited": []},
        {"id": "c1"},
    ),
    ("leaveChat", 'mutation { leaveChat(id: "c1") }', {"id": "c1"}, "c1", "c1"),
    (
        "acceptInvitation",
        'mutation { acceptInvitation(id: "c1") { id invited } }',
        {"id": "c1"},
        DETAILS,
        {"id": "c1", "invited": None},
    ),
    ("declineInvitation", 'mutation { declineInvitation(id: "c1") }', {"id": "c1"}, "c1", "c1"),
    ("deleteChat", 'mutation { deleteChat(id: "c1") }', {"id": "c1"}, "c1", "c1"),
]


@pytest.mark.parametrize(("field_name", "query", "arguments", "given", "expected"), ANSWERED)
async def test_a_field_with_data_is_answered_by_the_function(
    field_name: str, query: str, arguments: dict[str, object], given: object, expected: object, api: Api
) -> None:
    events: list[Any] = []

    async def answer(event: Any) -> object:
        events.append(event)
        return {"result": given}

    api.function(field_name, answer)
    assert await api.data(query, by=token("ada")) == {field_name: expected}
    [event] = events
    assert (event["field"], event["arguments"]) == (field_name, arguments)
    assert (event["claims"]["sub"], event["claims"]["token_use"]) == ("ada", "access")
    assert event["requestId"]


def test_each_field_with_a_function_has_a_case_above() -> None:
    assert {place.partition(".")[2] for place in FUNCTION_FIELDS} == {case[0] for case in ANSWERED}


async def test_a_refusal_of_the_function_comes_as_a_typed_error(api: Api) -> None:
    async def refuse(_: Any) -> object:
        return {"error": {"code": "rate_limited", "message": "Slow down.", "retryAfter": 3}}

    api.function("startStream", refuse)
    (entry,) = await api.errors(START, by=token("ada"))
    assert (entry["errorType"], entry["message"]) == ("rate_limited", "Slow down.")
    assert entry["errorInfo"] == {"retryAfter": 3, "limit": None}


async def test_a_function_that_fails_says_nothing_of_itself(api: Api) -> None:
    async def fail(_: Any) -> object:
        return 1 // 0

    api.function("cancelStream", fail)
    (entry,) = await api.errors('mutation { cancelStream(streamId: "s1") }', by=token("ada"))
    assert entry["errorType"] == "internal"
    assert "division" not in json.dumps(entry)
