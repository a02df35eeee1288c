"""A user's chats as resources."""

import httpx
import pytest

from shared.contract.limits import MAX_REQUEST_BYTES, PAGE_ENTRIES
from tests.support.aws import Table
from tests.support.entries import entry
from tests.support.function_url import MALLORY, OWNER, PROMPT, World, ask, chat, refusal, send

CHAT_1 = "/api/chat/chat-1"


async def test_a_user_without_chats_has_an_empty_list(client: httpx.AsyncClient) -> None:
    response = await send(client, "GET", "/api/chat")
    assert (response.status_code, response.json()) == (200, {"chats": []})


async def test_a_chat_is_listed_with_what_was_said_first_as_its_title(client: httpx.AsyncClient) -> None:
    await ask(client)
    [listed] = (await send(client, "GET", "/api/chat")).json()["chats"]
    assert (listed["id"], listed["title"], listed["role"]) == ("chat-1", PROMPT, "owner")


async def test_a_chat_is_read_with_its_messages(client: httpx.AsyncClient) -> None:
    stream_id = (await ask(client)).headers["x-streamways-stream"]
    read = (await send(client, "GET", CHAT_1)).json()
    assert (read["id"], read["owner"], read["members"]) == ("chat-1", OWNER, [])
    question, answer = read["messages"]
    assert (question["id"], question["role"], question["parts"]) == ("m-1", "user", [{"type": "text", "text": PROMPT}])
    assert (answer["id"], answer["role"]) == (f"msg-{stream_id}", "assistant")
    assert "".join(part["text"] for part in answer["parts"] if part["type"] == "text") == "Hello wörld 🎈"


async def test_no_cache_keeps_what_a_user_has_said(client: httpx.AsyncClient) -> None:
    await ask(client)
    for method, path, body in (("GET", "/api/chat", None), ("GET", CHAT_1, None), ("PATCH", CHAT_1, {"title": "x"})):
        assert (await send(client, method, path, body=body)).headers["cache-control"] == "no-store"


async def test_a_chat_is_renamed(client: httpx.AsyncClient) -> None:
    await ask(client)
    changed = await send(client, "PATCH", CHAT_1, body={"title": "Sky"})
    assert (changed.status_code, changed.json()["title"], changed.json()["members"]) == (200, "Sky", [])
    assert "messages" not in changed.json()
    assert (await send(client, "GET", CHAT_1)).json()["title"] == "Sky"


async def test_a_list_goes_on_after_the_cursor_of_its_page(client: httpx.AsyncClient, table: Table) -> None:
    table.fill(entry(OWNER, number) for number in range(PAGE_ENTRIES + 1))
    first = (await send(client, "GET", "/api/chat")).json()
    second = (await send(client, "GET", f"/api/chat?after={first['next']}")).json()
    assert (len(first["chats"]), [chat["id"] for chat in second["chats"]]) == (PAGE_ENTRIES, ["c-0"])
    assert "next" not in second
    for query in ("after=x", "after=", f"after={first['next']}&after={first['next']}"):
        for path in ("/api/chat", "/api/invitations"):
            refusal(await send(client, "GET", f"{path}?{query}"), 400, "invalid_request")


async def test_a_deleted_chat_is_gone(client: httpx.AsyncClient) -> None:
    await ask(client)
    deleted = await send(client, "DELETE", CHAT_1)
    assert (deleted.status_code, deleted.content) == (204, b"")
    refusal(await send(client, "GET", CHAT_1), 404, "not_found")
    assert (await send(client, "GET", "/api/chat")).json() == {"chats": []}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_chat_of_another_and_one_that_never_was_are_not_told_apart(
    method: str, client: httpx.AsyncClient
) -> None:
    await ask(client)
    body = {"title": "Mine"} if method == "PATCH" else None
    foreign = await send(client, method, CHAT_1, body=body, authorization=MALLORY)
    unknown = await send(client, method, "/api/chat/chat-2", body=body, authorization=MALLORY)
    refusal(foreign, 404, "not_found")
    assert foreign.text.replace("chat-1", "chat-2") == unknown.text


async def test_nothing_is_said_in_the_chat_of_another(client: httpx.AsyncClient, world: World) -> None:
    await ask(client)
    refusal(await ask(client, body=chat(message_id="m-2"), authorization=MALLORY), 404, "not_found")
    assert len(world.bedrock.received) == 1


CHANGES: dict[str, object] = {
    "nothing": b"",
    "not JSON": b"title=x",
    "not UTF-8": b'{"title": "\xff"}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "a list": [],
    "empty": {},
    "a title that is no text": {"title": 1},
    "an empty title": {"title": ""},
    "a title that is too long": {"title": "x" * 201},
    "a title with half a surrogate pair": b'{"title": "\\ud83d"}',
    "a title twice": b'{"title": "a", "title": "b"}',
    "a title that is no number": b'{"title": NaN}',
    "an infinite title": b'{"title": -Infinity}',
    "members": {"members": ["mallory"]},
    "members beside a title": {"title": "Sky", "members": ["mallory"]},
    "a JSON bomb": b'{"title":' * 50_000,
}


@pytest.mark.parametrize("body", CHANGES.values(), ids=CHANGES.keys())
async def test_a_change_is_refused_that_is(body: object, client: httpx.AsyncClient) -> None:
    await ask(client)
    refusal(await send(client, "PATCH", CHAT_1, body=body), 400, "invalid_request")
    assert (await send(client, "GET", CHAT_1)).json()["title"] == PROMPT


async def test_a_change_that_is_too_large_is_refused(client: httpx.AsyncClient) -> None:
    refusal(await send(client, "PATCH", CHAT_1, body=b" " * (MAX_REQUEST_BYTES + 1)), 413, "too_large")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("chat_id", ["a b", "a.b", "x" * 65, "%00", "%ff", "a%23b", "é", "..%5c"])
async def test_an_id_in_the_path_is_refused_that_is(
    chat_id: str, method: str, client: httpx.AsyncClient, table: Table
) -> None:
    body = {"title": "x"} if method == "PATCH" else None
    refusal(await send(client, method, f"/api/chat/{chat_id}", body=body), 400, "invalid_request")
    assert table.count() == 0


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_only_a_user_has_chats(method: str, client: httpx.AsyncClient) -> None:
    refusal(await send(client, method, CHAT_1, authorization=None), 401, "unauthenticated")
    refusal(await send(client, "GET", "/api/chat", authorization=None), 401, "unauthenticated")


async def test_a_head_of_a_chat_has_no_body(client: httpx.AsyncClient) -> None:
    await ask(client)
    assert (await send(client, "HEAD", CHAT_1)).status_code == 200
    assert (await send(client, "HEAD", "/api/chat/chat-2")).status_code == 404
