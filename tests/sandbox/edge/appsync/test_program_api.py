"""The program's own schema and resolvers, as they are deployed: who may publish, and who gets what."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.credentials import Keys
from sandbox.edge.appsync.resolver_code import check_resolver
from sandbox.edge.appsync.schema import check_field, check_schema
from sandbox.options import PROJECT_ROOT
from tests.sandbox.edge.appsync.appsync_harness import Api, Edge, token

FOLDER: Path = PROJECT_ROOT / "handlers" / "appsync"
SCHEMA = (FOLDER / "schema.graphql").read_text(encoding="utf-8")
RESOLVERS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("resolvers/*.js"))}
PUBLISH = """mutation P($owner: ID!, $streamId: ID!, $firstSequence: Int!, $parts: [AWSJSON!]!) {
  publishParts(owner: $owner, streamId: $streamId, firstSequence: $firstSequence, parts: $parts) {
    owner streamId firstSequence parts
  }
}"""
SUBSCRIBE = "subscription S($streamId: ID) { onParts(streamId: $streamId) { streamId firstSequence parts } }"
START = """mutation { startStream(streamId: "s1", chatId: "c1", messages: "[]") { streamId chatId } }"""


@pytest.fixture
def api(edge: Edge) -> Api:
    return edge.api(SCHEMA, RESOLVERS, functions=("Mutation.startStream",))


@pytest.fixture
def worker(api: Api) -> Keys:
    return api.publisher("Mutation.publishParts")


async def publish(api: Api, by: Keys | str, owner: str, stream_id: str, sequence: int = 0) -> Any:
    parts = [json.dumps({"type": "text-delta", "id": "t", "delta": f"{owner} {stream_id} {sequence}"})]
    variables = {"owner": owner, "streamId": stream_id, "firstSequence": sequence, "parts": parts}
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


async def test_a_subscription_to_somebody_elses_stream_receives_nothing(api: Api, worker: Keys) -> None:
    mallory = await api.subscriber(token("mallory"))
    async with mallory.socket:
        await mallory.started("1", SUBSCRIBE, {"streamId": "of-ada"})
        await publish(api, worker, "ada", "of-ada")
        await publish(api, worker, "mallory", "of-ada", 9)
        assert text_of(await mallory.data("1")) == "mallory of-ada 9"


async def test_users_cannot_publish_and_the_worker_can_do_nothing_else(api: Api, worker: Keys) -> None:
    variables = {"owner": "ada", "streamId": "s", "firstSequence": 0, "parts": []}
    (entry,) = await api.errors(PUBLISH, variables, by=token("ada"))
    assert entry["message"] == "Not Authorized to access publishParts on type Mutation"
    for query in ("{ viewer { sub } }", START):
        assert (await api.errors(query, by=worker))[0]["errorType"] == "Unauthorized"


async def test_an_id_token_may_not_subscribe_nor_ask_who_it_is(api: Api) -> None:
    client = await api.subscriber(token("ada", token_use="id"))
    async with client.socket:
        frame = await client.start("1", SUBSCRIBE)
        assert (frame["type"], frame["payload"]["errors"][0]["errorType"]) == ("error", "unauthenticated")
    (entry,) = await api.errors("{ viewer { sub } }", by=token("ada", token_use="id"))
    assert entry["errorType"] == "unauthenticated"


async def test_the_viewer_is_who_the_token_speaks_for(api: Api) -> None:
    data = await api.data("{ viewer { sub username groups } }", by=token("ada", **{"cognito:groups": ["pro"]}))
    assert data == {"viewer": {"sub": "ada", "username": "ada", "groups": ["pro"]}}


async def test_starting_a_stream_invokes_the_function_and_a_refusal_comes_as_a_typed_error(api: Api) -> None:
    events: list[Any] = []
    answers: list[Any] = [
        {"stream": {"streamId": "s1", "chatId": "c1"}},
        {"error": {"code": "rate_limited", "message": "Slow down.", "retryAfter": 3}},
    ]

    async def start(event: Any) -> object:
        events.append(event)
        return answers[len(events) - 1]

    api.function("startStream", start)
    assert await api.data(START, by=token("ada")) == {"startStream": {"streamId": "s1", "chatId": "c1"}}
    (entry,) = await api.errors(START, by=token("ada"))
    assert (entry["errorType"], entry["message"], entry["errorInfo"]) == (
        "rate_limited",
        "Slow down.",
        {"retryAfter": 3},
    )
    assert events[0]["arguments"] == {"streamId": "s1", "chatId": "c1", "messages": []}
    assert events[0]["claims"]["sub"] == "ada"
