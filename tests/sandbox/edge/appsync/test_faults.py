"""AppSync that goes wrong on demand: publishes that are refused, messages that come twice, late or never."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox.forms import Form
from tests.sandbox.edge.appsync.appsync_harness import PASS_ON, PATIENCE, Api, Edge, Subscriber, serving, token

SCHEMA = """
type Query { none: String }
type Mutation { post(text: String): Post, quiet(text: String): Post }
type Subscription { onPost: Post @aws_subscribe(mutations: ["post"]) }
type Post { text: String }
"""
ADA = token("ada")


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    async with serving() as edge:
        yield edge


@pytest.fixture
def api(edge: Edge) -> Api:
    return edge.api(SCHEMA, {"Mutation.post": PASS_ON, "Mutation.quiet": PASS_ON})


async def subscribed(api: Api) -> Subscriber:
    client = await api.subscriber(ADA)
    await client.started("1", "subscription { onPost { text } }")
    return client


async def publish(api: Api, text: str) -> int:
    """The status."""
    mutation = "mutation P($text: String) { post(text: $text) { text } }"
    return (await api.post(mutation, {"text": text}, by=ADA)).status_code


async def texts(client: Subscriber, count: int) -> str:
    """The texts of the next messages."""
    return "".join([(await client.data("1"))["data"]["onPost"]["text"] for _ in range(count)])


@pytest.mark.parametrize(
    ("fault", "status", "error_type"),
    [("throttled", 429, "TooManyRequestsException"), ("unavailable", 503, "ServiceUnavailableException")],
)
async def test_the_next_publishes_are_refused_and_reach_nobody(
    api: Api, edge: Edge, fault: str, status: int, error_type: str
) -> None:
    client = await subscribed(api)
    async with client.socket:
        edge.faults.publishes.ask(Form({"fault": fault, "after": 1}))
        assert [await publish(api, text) for text in "abc"] == [200, status, 200]
        assert await texts(client, 2) == "ac"
        edge.faults.publishes.ask(Form({"fault": fault}))
        refused = await api.post('mutation { post(text: "x") { text } }', by=ADA)
        assert refused.json()["errors"][0]["errorType"] == error_type


async def test_a_mutation_that_nobody_can_subscribe_to_meets_no_fault(api: Api, edge: Edge) -> None:
    edge.faults.publishes.ask(Form({"fault": "throttled"}))
    await api.data('mutation { quiet(text: "x") { text } }', by=ADA)
    await api.data("query { none }", by=ADA)
    assert edge.faults.publishes.document() == {"fault": "throttled", "calls": 1}
    assert await publish(api, "x") == 429


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        ({"fault": "duplicated", "after": 1, "calls": 2}, "abbccd"),
        ({"fault": "dropped", "after": 1, "calls": 2}, "ad"),
        ({"fault": "reordered", "after": 1}, "acbd"),
        ({"fault": "reordered", "calls": 2}, "bacd"),
    ],
)
async def test_messages_come_twice_never_or_after_the_next(
    api: Api, edge: Edge, fault: dict[str, object], arrives: str
) -> None:
    client = await subscribed(api)
    async with client.socket:
        edge.faults.deliveries.ask(Form(fault))
        for text in "abcd":
            await publish(api, text)
        assert await texts(client, len(arrives)) == arrives
        assert edge.faults.deliveries.document()["calls"] == 0


async def test_a_message_that_nothing_overtakes_comes_late(api: Api, edge: Edge) -> None:
    client = await subscribed(api)
    async with client.socket, asyncio.timeout(PATIENCE):
        edge.faults.deliveries.ask(Form({"fault": "reordered", "seconds": 0.1}))
        started = asyncio.get_running_loop().time()
        await publish(api, "a")
        assert await texts(client, 1) == "a"
        assert asyncio.get_running_loop().time() - started >= 0.1


async def test_only_messages_of_the_same_subscription_overtake_each_other(api: Api, edge: Edge) -> None:
    first, second = await subscribed(api), await subscribed(api)
    async with first.socket, second.socket:
        edge.faults.deliveries.ask(Form({"fault": "reordered", "seconds": 1000}))
        await publish(api, "a")
        assert await texts(second, 1) == "a"
        await publish(api, "b")
        assert await texts(first, 2) == "ba"
        assert await texts(second, 1) == "b"
