"""Lists come in pages: newest first, each entry once, and no more is read than is shown."""

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.chats import lists
from shared.chats.chat import iso_time
from shared.contract.limits import PAGE_ENTRIES
from shared.errors import InvalidRequest
from tests.support.aws import Table
from tests.support.entries import entry
from tests.support.interference import noted, sent
from tests.support.starts import OWNER, admitted, chats, repository, table_client, used

OTHER = "another"
MOMENTS = st.integers(0, 5_000).map(lambda microseconds: 1_700_000_000 + microseconds / 1_000_000)


def fill(table: Table, count: int) -> None:
    table.fill(entry(OWNER, number) for number in range(count))
    table.fill(entry(OTHER, number) for number in range(3))
    table.fill(entry(OWNER, number, name="invitation") for number in range(3))


def pages(table: Table, **between: Any) -> list[list[str]]:  # noqa: ARG001 - the fixture has to be there
    found: list[list[str]] = []
    after = None
    while True:
        page = chats().list(OWNER, after)
        found.append([chat["id"] for chat in page["chats"]])
        if "next" not in page:
            return found
        after = page["next"]
        for act in between.values():
            act()


@pytest.mark.parametrize("count", [0, 1, PAGE_ENTRIES - 1, PAGE_ENTRIES, PAGE_ENTRIES + 1, 2 * PAGE_ENTRIES, 130])
def test_all_chats_of_a_user_come_newest_first_in_full_pages(count: int, table: Table) -> None:
    fill(table, count)
    found = pages(table)
    assert [chat for page in found for chat in page] == [f"c-{number}" for number in reversed(range(count))]
    assert [len(page) for page in found[:-1]] == [PAGE_ENTRIES] * (len(found) - 1)
    assert found[-1] or not count, "no page is empty but the first of a user without chats"


def test_a_page_is_one_request_that_reads_little_more_than_it_shows(table: Table) -> None:
    fill(table, 130)
    counts: list[int] = []
    client = table_client().client

    def count(parsed: dict[str, Any], **_: object) -> None:
        counts.append(parsed["ScannedCount"])

    client.meta.events.register("after-call.dynamodb.Query", count)
    try:
        with sent(client) as requests:
            chats().list(OWNER, chats().list(OWNER)["next"])
    finally:
        client.meta.events.unregister("after-call.dynamodb.Query", count)
    assert requests == ["Query", "Query"]
    assert max(counts) <= PAGE_ENTRIES + 2


def test_what_a_user_did_a_moment_ago_is_first(table: Table) -> None:
    fill(table, 130)
    admitted(chat_id="chat-new")
    assert pages(table)[0][0] == "chat-new"
    table.fill([{"pk": "chat#c-3", "sk": "chat", **OLD_CHAT}, {"pk": "chat#c-3", **OLD_ANSWER}])
    admitted("stream-2", chat_id="c-3")
    assert pages(table)[0][:2] == ["c-3", "chat-new"]
    assert [chat for page in pages(table) for chat in page].count("c-3") == 1


OLD_CHAT: dict[str, object] = {
    "owner": OWNER,
    "members": [],
    "title": "Old",
    "createdAt": 3,
    "updatedAt": 3,
    "length": 1,
    "version": 1,
    "latestToken": "n",
}
OLD_ANSWER: dict[str, object] = {
    "sk": "message#000000",
    "id": "m",
    "role": "assistant",
    "parts": [],
    "fencingToken": "n",
}


def test_a_chat_that_moves_to_the_front_while_the_pages_are_turned_is_on_no_two_of_them(table: Table) -> None:
    fill(table, 130)
    seen = pages(
        table,
        move=lambda: table.fill([entry(OWNER, 0, at=9000), entry(OWNER, 120, at=9001), entry(OWNER, 79, at=9002)]),
    )
    shown = [chat for page in seen for chat in page]
    assert len(set(shown)) == len(shown)
    missed = {f"c-{number}" for number in range(130)} - set(shown)
    assert missed == {"c-0", "c-79"}, "they are on the first page now"
    assert pages(table)[0][:3] == ["c-79", "c-120", "c-0"]


def test_a_page_goes_on_where_the_one_before_ended_though_that_chat_is_gone(table: Table) -> None:
    fill(table, 130)
    first = chats().list(OWNER)
    last = first["chats"][-1]["id"]
    table.remove(f"user#{OWNER}", f"chat#{last}")
    assert chats().list(OWNER, first["next"])["chats"][0]["id"] == f"c-{130 - PAGE_ENTRIES - 1}"


def test_chats_of_the_same_moment_are_told_apart(table: Table) -> None:
    table.fill(entry(OWNER, number, at=7) for number in range(130))
    shown = [chat for page in pages(table) for chat in page]
    assert shown == sorted((f"c-{number}" for number in range(130)), reverse=True)


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


FORGED: list[object] = [
    *("", "x", "nonsense", "ä", "\ud800", "=", "a" * 5000, 7, True, [], {}, 0.5, b"x"),
    *map(cursor, ("", "c-1", "1#chat-1", "0000000000000#", "0000000000000#a b", "00000000000000#chat-1")),
    *map(cursor, ("chat#0000000000000#chat-1", "0000000000000#" + "x" * 65, "00000000000٠0#chat-1")),
]


@pytest.mark.parametrize("after", FORGED, ids=lambda after: f"{after!r:.40}".encode("ascii", "replace").decode())
@pytest.mark.usefixtures("table")
def test_what_is_no_cursor_is_refused(after: object) -> None:
    with pytest.raises(InvalidRequest):
        chats().list(OWNER, after)


def test_a_cursor_of_somebody_else_s_list_is_a_place_in_one_s_own(table: Table) -> None:
    fill(table, 130)
    elsewhere = lists.page(table_client(), OWNER, "chat", None)[1]
    assert [chat["id"] for chat in chats().list(OTHER, elsewhere)["chats"]] == ["c-2", "c-1", "c-0"]


@pytest.mark.parametrize(
    ("moment", "left"),
    [(0, []), (1999, []), (2000, []), (2001, ["c-2"]), (9_999_999_999_999, ["c-4", "c-3", "c-2"])],
)
def test_after_a_cursor_from_before_what_a_list_still_shows_there_is_nothing(
    moment: int, left: list[str], table: Table
) -> None:
    """DynamoDB refuses a range that ends before it begins."""
    table.fill(entry(OWNER, number, name="invitation", at=number) for number in range(5))
    after = cursor(f"{moment:013d}#c-2")
    client = table_client()
    with noted(client.client, "Query") as asked:
        shown, further = lists.page(client, OWNER, "invitation", after, since=2)
    for query in asked:
        first, end = (query["ExpressionAttributeValues"][name]["S"] for name in (":first", ":end"))
        assert first <= end
    assert ([item["chatId"] for item in shown], further) == (left, None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 4_000_000_000)), max_size=30))
def test_the_list_is_in_the_order_of_the_last_moves(table: Table, moves: list[tuple[int, float]]) -> None:
    for item in table.items(f"user#{OWNER}"):
        table.remove(item["pk"], item["sk"])
    last: dict[str, tuple[int, str]] = {}
    for number, at in moves:
        table.fill([entry(OWNER, number, at=at)])
        last[f"c-{number}"] = (round(at * 1000), f"c-{number}")
    assert pages(table) == [sorted(last, key=lambda chat: last[chat], reverse=True)]


def test_a_start_moves_the_chat_in_its_user_s_list_alone(table: Table) -> None:
    repository().end(admitted(chat_id="c-1", running=True), used(), [])
    table.fill([entry(OWNER, 5, at=9_000_000_000)])
    assert pages(table) == [["c-5", "c-1"]]


@given(MOMENTS, MOMENTS)
@example(1_700_000_000.0006, 1_700_000_000.0011)
def test_two_entries_are_listed_in_the_order_of_the_times_that_are_told(one: float, other: float) -> None:
    if iso_time(one) < iso_time(other):
        assert lists.listed("chat", one, "z") < lists.listed("chat", other, "a")
