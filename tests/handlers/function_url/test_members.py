"""Who is in a chat, as resources: invitations, members, and one's own membership."""

import httpx
import pytest

from shared.contract.limits import INVITATIONS_AN_HOUR
from tests.support.aws import Table
from tests.support.function_url import MALLORY, OWNER, PROMPT, ask, chat, refusal, send

CHAT_1 = "/api/chat/chat-1"
INVITATIONS = f"{CHAT_1}/invitations"
MY_INVITATIONS = "/api/invitations"
MY_INVITATION = f"{MY_INVITATIONS}/chat-1"
MEMBERSHIP = f"{CHAT_1}/membership"


async def invited(client: httpx.AsyncClient) -> None:
    """Mallory is invited to the owner's chat."""
    await ask(client)
    header = await send(client, "POST", INVITATIONS, body={"sub": "mallory"})
    assert (header.status_code, header.json()["members"], header.json()["invited"]) == (200, [], ["mallory"])
    assert "messages" not in header.json()


async def joined(client: httpx.AsyncClient) -> None:
    """Mallory has accepted."""
    await invited(client)
    header = await send(client, "POST", MY_INVITATION, authorization=MALLORY)
    assert (header.status_code, header.json()["members"]) == (200, ["mallory"])
    assert "invited" not in header.json()


async def test_an_invitation_is_listed_accepted_and_gone(client: httpx.AsyncClient) -> None:
    await invited(client)
    [listed] = (await send(client, "GET", MY_INVITATIONS, authorization=MALLORY)).json()["invitations"]
    assert (listed["chatId"], listed["title"], listed["from"]) == ("chat-1", PROMPT, OWNER)
    refusal(await send(client, "GET", CHAT_1, authorization=MALLORY), 404, "not_found")
    await send(client, "POST", MY_INVITATION, authorization=MALLORY)
    assert (await send(client, "GET", MY_INVITATIONS, authorization=MALLORY)).json() == {"invitations": []}
    assert (await send(client, "GET", CHAT_1, authorization=MALLORY)).json()["title"] == PROMPT
    [mine] = (await send(client, "GET", "/api/chat", authorization=MALLORY)).json()["chats"]
    assert (mine["id"], mine["role"]) == ("chat-1", "member")


async def test_a_member_says_something_but_changes_nothing(client: httpx.AsyncClient) -> None:
    await joined(client)
    assert (await ask(client, body=chat(message_id="m-2"), authorization=MALLORY)).status_code == 200
    refusal(await send(client, "PATCH", CHAT_1, body={"title": "Mine"}, authorization=MALLORY), 403, "forbidden")
    refusal(await send(client, "DELETE", CHAT_1, authorization=MALLORY), 403, "forbidden")
    refusal(await send(client, "POST", INVITATIONS, body={"sub": "eve"}, authorization=MALLORY), 403, "forbidden")
    refusal(await send(client, "DELETE", f"{CHAT_1}/members/mallory", authorization=MALLORY), 403, "forbidden")


async def test_a_declined_invitation_is_gone_and_does_not_come_again(client: httpx.AsyncClient) -> None:
    await invited(client)
    declined = await send(client, "DELETE", MY_INVITATION, authorization=MALLORY)
    assert (declined.status_code, declined.content) == (204, b"")
    refusal(await send(client, "DELETE", MY_INVITATION, authorization=MALLORY), 404, "not_found")
    again = await send(client, "POST", INVITATIONS, body={"sub": "mallory"})
    assert "retryAfter" not in refusal(again, 403, "forbidden")
    assert "retry-after" not in again.headers


async def test_a_member_leaves_with_one_request_and_the_owner_not_at_all(client: httpx.AsyncClient) -> None:
    await joined(client)
    left = await send(client, "DELETE", MEMBERSHIP, authorization=MALLORY)
    assert (left.status_code, left.content) == (204, b"")
    refusal(await send(client, "GET", CHAT_1, authorization=MALLORY), 404, "not_found")
    refusal(await send(client, "DELETE", MEMBERSHIP, authorization=MALLORY), 404, "not_found")
    refusal(await send(client, "DELETE", MEMBERSHIP), 400, "invalid_request")


async def test_the_owner_takes_a_member_out_and_withdraws_an_invitation(client: httpx.AsyncClient) -> None:
    await joined(client)
    removed = await send(client, "DELETE", f"{CHAT_1}/members/mallory")
    assert (removed.status_code, removed.json()["members"]) == (200, [])
    await invited(client)
    assert (await send(client, "DELETE", f"{CHAT_1}/members/mallory")).json()["invited"] == []
    refusal(await send(client, "DELETE", f"{CHAT_1}/members/mallory"), 404, "not_found")
    for sub in ("a%20b", "a%23b", "%ff", "x" * 129, "%00"):
        refusal(await send(client, "DELETE", f"{CHAT_1}/members/{sub}"), 400, "invalid_request")


async def test_so_many_invitations_go_out_in_an_hour(client: httpx.AsyncClient) -> None:
    await ask(client)
    for number in range(INVITATIONS_AN_HOUR):
        assert (await send(client, "POST", INVITATIONS, body={"sub": f"user-{number}"})).status_code == 200
    response = await send(client, "POST", INVITATIONS, body={"sub": "mallory"})
    assert response.headers["retry-after"] == str(refusal(response, 429, "rate_limited")["retryAfter"])


BODIES: dict[str, object] = {
    "nothing": b"",
    "a list": ["mallory"],
    "no sub": {},
    "a sub that is no text": {"sub": 7},
    "a sub that is none": {"sub": "a b"},
    "a sub with half a surrogate pair": b'{"sub": "\\ud83d"}',
    "a sub twice": b'{"sub": "mallory", "sub": "mallory"}',
    "the owner": {"sub": OWNER},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_an_invitation_is_refused_of(body: object, client: httpx.AsyncClient, table: Table) -> None:
    await ask(client)
    before = table.count()
    refusal(await send(client, "POST", INVITATIONS, body=body), 400, "invalid_request")
    assert table.count() == before


ROUTES = [
    ("POST", INVITATIONS, {"sub": "eve"}),
    ("DELETE", f"{CHAT_1}/members/eve", None),
    ("DELETE", MEMBERSHIP, None),
    ("POST", MY_INVITATION, None),
    ("DELETE", MY_INVITATION, None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=str)
async def test_a_chat_of_another_and_one_that_never_was_are_not_told_apart(
    method: str, path: str, body: object, client: httpx.AsyncClient
) -> None:
    await ask(client)
    foreign = await send(client, method, path, body=body, authorization=MALLORY)
    unknown = await send(client, method, path.replace("chat-1", "chat-2"), body=body, authorization=MALLORY)
    refusal(foreign, 404, "not_found")
    assert foreign.text.replace("chat-1", "chat-2") == unknown.text


@pytest.mark.parametrize(("method", "path", "body"), [*ROUTES, ("GET", MY_INVITATIONS, None)], ids=str)
async def test_only_a_user_comes_and_goes(method: str, path: str, body: object, client: httpx.AsyncClient) -> None:
    refusal(await send(client, method, path, body=body, authorization=None), 401, "unauthenticated")


async def test_what_a_user_is_told_is_kept_in_no_cache(client: httpx.AsyncClient) -> None:
    await joined(client)
    for method, path, by in (("GET", MY_INVITATIONS, MALLORY), ("DELETE", f"{CHAT_1}/members/mallory", "good")):
        response = await send(client, method, path, authorization=by)
        assert response.headers["cache-control"] == "no-store"
