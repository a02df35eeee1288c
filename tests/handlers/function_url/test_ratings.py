"""The rating of an answer as a resource."""

import httpx
import pytest

from tests.support.aws import Table
from tests.support.function_url import MALLORY, ask, refusal, send


async def rated(client: httpx.AsyncClient) -> str:
    """Where the one answer of a chat is rated."""
    stream_id = (await ask(client)).headers["x-streamways-stream"]
    return f"/api/chat/chat-1/messages/msg-{stream_id}/rating"


async def test_an_answer_is_rated_and_the_rating_is_read_with_the_chat(client: httpx.AsyncClient, table: Table) -> None:
    path = await rated(client)
    for rating in ("up", "down", None):
        response = await send(client, "PUT", path, body={"rating": rating})
        assert (response.status_code, response.json()["rating"]) == (200, rating)
        assert response.headers["cache-control"] == "no-store"
        answer = (await send(client, "GET", "/api/chat/chat-1")).json()["messages"][1]
        assert answer["metadata"]["rating"] == table.items("usage#")[0].get("rating") == rating


@pytest.mark.parametrize("body", [{}, {"rating": "good"}, {"rating": 1}, []])
async def test_what_is_no_rating_is_refused(client: httpx.AsyncClient, body: object) -> None:
    refusal(await send(client, "PUT", await rated(client), body=body), 400, "invalid_request")


async def test_others_and_other_messages_are_not_found(client: httpx.AsyncClient) -> None:
    path, body = await rated(client), {"rating": "up"}
    refusal(await send(client, "PUT", path, body=body, authorization=MALLORY), 404, "not_found")
    refusal(await send(client, "PUT", "/api/chat/chat-1/messages/nobody/rating", body=body), 404, "not_found")
    refusal(await send(client, "PUT", "/api/chat/chat-1/messages/a%20b/rating", body=body), 400, "invalid_request")
    refusal(await send(client, "PUT", path, body=body, authorization=None), 401, "unauthenticated")
    refusal(await send(client, "POST", path, body=body), 405, "invalid_request")
