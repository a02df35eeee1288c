"""What the function URL says of a user's limits: as a resource, as headers, and in a refusal."""

import httpx

from tests.support.aws import Table
from tests.support.function_url import OWNER, ask, chat, refusal, send
from tests.support.pool import token
from tests.support.starts import admitted

FREE = f"Bearer {token(**{'cognito:groups': []})}"


async def test_a_user_asks_what_is_left(client: httpx.AsyncClient) -> None:
    response = await send(client, "GET", "/api/limits", authorization=FREE)
    assert response.status_code == 200
    assert response.json() == {
        "tier": "free",
        "features": ["chat"],
        "maxOutputTokens": 300,
        "quotas": [
            {"name": "requests", "tier": "free", "limit": 10, "remaining": 10, "nextIn": 0, "windowSeconds": 3600},
            {"name": "concurrent-streams", "tier": "free", "limit": 1, "remaining": 1},
        ],
    }
    assert response.headers["ratelimit-policy"] == (
        '"requests";q=10;w=3600, "concurrent-streams";q=1;qu="concurrent-requests"'
    )
    assert response.headers["ratelimit"] == '"requests";r=10;t=0, "concurrent-streams";r=1'
    assert response.headers["cache-control"] == "no-store"
    await ask(client, authorization=FREE)
    [requests, streams] = (await send(client, "GET", "/api/limits", authorization=FREE)).json()["quotas"]
    assert (requests["remaining"], 300 < requests["nextIn"] <= 360, streams["remaining"]) == (9, True, 1)


async def test_the_tier_is_that_of_the_token(client: httpx.AsyncClient) -> None:
    for groups, tier in ((["enterprise", "staff"], "enterprise"), (["staff"], "free")):
        authorization = f"Bearer {token(**{'cognito:groups': groups})}"
        assert (await send(client, "GET", "/api/limits", authorization=authorization)).json()["tier"] == tier


async def test_limits_are_told_to_nobody_without_a_token(client: httpx.AsyncClient) -> None:
    refusal(await send(client, "GET", "/api/limits", authorization=None), 401, "unauthenticated")


async def test_a_start_beyond_the_requests_of_an_hour_says_when_the_next_is_good(
    client: httpx.AsyncClient, table: Table
) -> None:
    for number in range(10):
        assert (await ask(client, body=chat(f"chat-{number}"), authorization=FREE)).status_code == 200
    before = table.items()
    response = await ask(client, body=chat("chat-10"), authorization=FREE)
    error = refusal(response, 429, "rate_limited")
    assert 300 < error["retryAfter"] <= 360
    assert response.headers["retry-after"] == str(error["retryAfter"])
    assert response.headers["ratelimit"] == f'"requests";r=0;t={error["retryAfter"]}'
    assert (error["limit"]["name"], error["limit"]["limit"], error["limit"]["remaining"]) == ("requests", 10, 0)
    assert table.items() == before


async def test_a_start_beside_a_running_one_is_refused_for_a_free_user(
    client: httpx.AsyncClient,
    table: Table,  # noqa: ARG001
) -> None:
    admitted(owner=OWNER, chat_id="another-chat", running=True, architecture="function-url")
    response = await ask(client, body=chat("chat-2"), authorization=FREE)
    error = refusal(response, 429, "concurrency_exceeded")
    assert (error["retryAfter"], response.headers["retry-after"]) == (5, "5")
    assert error["limit"] == {"name": "concurrent-streams", "tier": "free", "limit": 1, "remaining": 0}
    assert response.headers["ratelimit"] == '"concurrent-streams";r=0'
