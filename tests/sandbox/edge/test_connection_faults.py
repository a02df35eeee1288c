"""`@connections` that goes wrong on demand, with real boto3."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.forms import Form
from tests.sandbox.edge.websocket_harness import PATIENCE, Edge, serving


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    async with serving() as edge:
        yield edge


async def post(management: Any, connection_id: str, text: str) -> tuple[int, str]:
    """Status and error code of a post; no code when it went well."""
    try:
        answer = await asyncio.to_thread(management.post_to_connection, ConnectionId=connection_id, Data=text.encode())
    except ClientError as error:
        response: Any = error.response
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], ""


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("throttled", (429, "LimitExceededException")),
        ("unavailable", (503, "ServiceUnavailableException")),
        ("gone", (410, "GoneException")),
    ],
)
async def test_the_next_posts_are_refused_and_those_after_them_arrive(
    edge: Edge, fault: str, answer: tuple[int, str]
) -> None:
    api = edge.api()
    client, connection_id = await api.opened()
    edge.faults.ask(Form({"fault": fault, "calls": 2, "after": 1}))
    async with client, asyncio.timeout(PATIENCE):
        answers = [await post(api.management(), connection_id, text) for text in "abcd"]
        assert answers == [(200, ""), answer, answer, (200, "")]
        assert [await client.recv() for _ in range(2)] == ["a", "d"], "nothing of a refused post is sent"


async def test_only_posts_to_connections_that_are_there_meet_a_fault(edge: Edge) -> None:
    api = edge.api()
    client, connection_id = await api.opened()
    edge.faults.ask(Form({"fault": "throttled"}))
    management = api.management()
    async with client:
        await asyncio.to_thread(management.get_connection, ConnectionId=connection_id)
        assert (await post(management, "AAAAAAAAAAAAAAA=", "x"))[0] == 410
        assert (await post(management, connection_id, "x"))[0] == 429
