"""What AppSync does not deliver, or delivered before somebody listened, comes from the journal."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from shared.contract.usage import Rating
from streamways.clients import appsync
from streamways.clients.chats import Chat, ChatSummary, Invitation, Page
from streamways.clients.errors import Cut, NothingActive
from tests.clients.servers import FINISH, HELLO, START, WORLD
from tests.clients.test_appsync_client import Journal, Stack, never, stream
from tests.support.server import WAIT_SECONDS

Batch = Callable[..., Awaitable[None]]
END_OF_TEXT = {"type": "text-end", "id": "text-0"}
ERROR = [{"type": "data-error", "data": {"code": "internal", "message": "Died."}}, {"type": "error", "errorText": "x"}]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GAP_SECONDS", "FIRST_SECONDS", "QUIET_SECONDS", "FOLLOWED_SECONDS"):
        monkeypatch.setattr(appsync, name, 0.05)


async def test_a_gap_is_filled_from_the_journal():
    async def publish(batch: Batch) -> None:
        await batch(0, START)
        await batch(2, WORLD, FINISH)

    journal = Journal(START, HELLO)
    received = await stream(publish, journal.exchange())
    assert [item.part for item in received] == [START, HELLO, WORLD, FINISH]
    assert [item.sequence for item in received] == [0, 1, 2, 3]
    assert ("parts", {"streamId": journal.asked[0][1]["streamId"], "after": "place-0"}) in journal.asked


async def test_a_gap_is_filled_also_while_later_batches_go_on_coming():
    journal = Journal(START, HELLO, *[WORLD] * 500, FINISH)
    asked_meanwhile = False

    async def publish(batch: Batch) -> None:
        nonlocal asked_meanwhile
        await batch(0, START)
        for sequence in range(2, 300):
            asked_meanwhile = any(field == "parts" for field, _ in journal.asked)
            if asked_meanwhile:
                return
            await batch(sequence, WORLD)
            await asyncio.sleep(0.01)  # shorter than what a gap is waited for, again and again

    received = await stream(publish, journal.exchange())
    assert asked_meanwhile
    assert [item.sequence for item in received] == list(range(503))


async def test_a_lost_last_batch_comes_from_the_journal():
    async def publish(batch: Batch) -> None:
        await batch(0, START, HELLO)

    received = await stream(publish, Journal(START, HELLO, FINISH, ended=True).exchange())
    assert [item.part for item in received] == [START, HELLO, FINISH]


async def test_a_stream_that_had_ended_before_it_was_started_again_comes_from_the_journal():
    received = await stream(never, Journal(START, HELLO, FINISH, ended=True).exchange())
    assert [item.part for item in received] == [START, HELLO, FINISH]


async def test_a_stream_that_ended_without_its_terminal_part_is_cut():
    with pytest.raises(Cut, match="its terminal part is not in the journal, 1 parts into the stream"):
        await stream(never, Journal(START, ended=True).exchange())


@pytest.mark.parametrize("first", [1, 2, 3])
async def test_an_end_that_is_numbered_below_what_has_come_is_the_end(first: int):
    """A worker died: what it delivered last is not in the journal, and there the reaper ended the stream."""

    async def publish(batch: Batch) -> None:
        await batch(0, START, HELLO, WORLD, WORLD)
        await batch(first, END_OF_TEXT, *ERROR, epoch=1)

    received = await stream(publish, Journal().exchange())
    assert [item.part for item in received] == [START, HELLO, WORLD, WORLD, *ERROR]


async def test_an_end_that_waits_for_a_gap_is_the_end_whatever_fills_the_gap():
    async def publish(batch: Batch) -> None:
        await batch(0, START)
        await batch(2, END_OF_TEXT, *ERROR, epoch=1)
        await batch(1, HELLO, WORLD, WORLD)  # of the worker that died, and late

    received = await stream(publish, Journal().exchange())
    assert [item.part for item in received] == [START, HELLO, WORLD, WORLD, *ERROR]


async def test_a_resume_reads_the_journal_and_then_the_subscription():
    async def publish(batch: Batch) -> None:
        await batch(3, FINISH)

    journal = Journal(START, HELLO, WORLD)
    stack = Stack(publish, journal.exchange())
    async with stack.client() as client:
        received = [item async for item in client.resume("chat-1")]
    assert [item.part for item in received] == [START, HELLO, WORLD, FINISH]
    assert journal.asked[0] == ("activeStream", {"chatId": "chat-1", "after": None})
    assert json.loads(stack.frames[1]["payload"]["data"])["variables"] == {"streamId": "s"}


async def test_a_resume_after_a_part_gives_what_comes_behind_it():
    journal = Journal(START, HELLO, WORLD, FINISH, ended=True)
    async with Stack(never, journal.exchange()).client() as client:
        received = [item async for item in client.resume("chat-1", after="place-1")]
    assert [(item.sequence, item.part, item.cursor) for item in received] == [(0, WORLD, None), (1, FINISH, "place-3")]
    assert journal.asked == [
        ("activeStream", {"chatId": "chat-1", "after": "place-1"}),
        ("parts", {"streamId": "s", "after": "place-1"}),
    ]


async def test_a_resumed_stream_of_which_nothing_is_published_is_read_on_from_the_journal_alone(
    monkeypatch: pytest.MonkeyPatch,
):
    """It runs over another architecture: the journal is not asked as seldom as for a lost last batch."""
    monkeypatch.setattr(appsync, "QUIET_SECONDS", 3600.0)

    class Growing(Journal):
        def _answer(self, body: bytes) -> bytes:
            answer = super()._answer(body)
            if len(self.asked) % 2:  # every other page is empty: the model is slower than the reader
                self.parts += coming[:1]
                del coming[:1]
            return answer

    coming: list[object] = [HELLO, WORLD, FINISH]
    async with asyncio.timeout(WAIT_SECONDS), Stack(never, Growing(START).exchange()).client(3600) as client:
        received = [item async for item in client.resume("chat-1")]
    assert [item.part for item in received] == [START, HELLO, WORLD, FINISH]


async def test_a_whole_replay_brings_first_what_the_answer_held_before_its_stream():
    journal = Journal(START, FINISH, preamble=[START, HELLO], ended=True)
    async with Stack(never, journal.exchange()).client() as client:
        received = [item async for item in client.resume("chat-1")]
    assert [(item.part, item.cursor) for item in received] == [
        (START, None),
        (HELLO, None),
        (START, None),
        (FINISH, "place-1"),
    ]


async def test_who_has_the_answer_is_not_told_again_what_it_held():
    journal = Journal(START, FINISH, preamble=[START, HELLO], ended=True)
    assert [item.part for item in await stream(never, journal.exchange())] == [START, FINISH]


async def test_nothing_active_is_nothing_to_resume():
    async with Stack(never, Journal(activeStream=None).exchange()).client() as client:
        with pytest.raises(NothingActive, match="chat-1"):
            await anext(client.resume("chat-1"))


async def test_chats_are_listed_read_changed_and_deleted_by_their_fields():
    message = {"id": "m", "role": "user", "parts": []}
    chat = {"id": "c", "title": "T", "owner": "o", "members": ["p"], "invited": ["q"]}
    chat["messages"] = [json.dumps(message)]
    listed = [{"id": "c", "title": "T", "role": "owner", "updatedAt": "2026-01-01T00:00:00Z"}]
    page = {"chats": listed, "next": None}
    journal = Journal(chats=page, chat=chat, updateChat={"id": "c"}, deleteChat="c", cancelStream="s")
    async with Stack(never, journal.exchange()).client() as client:
        assert await client.chats("after") == Page((ChatSummary("c", "T", "owner", "2026-01-01T00:00:00Z"),), None)
        assert await client.read("c") == Chat("c", "T", "o", ("p",), ("q",), (message,))
        await client.update("c", title="New")
        await client.delete("c")
        await client.cancel("c", "s")
    assert journal.asked == [
        ("chats", {"after": "after"}),
        ("chat", {"id": "c"}),
        ("updateChat", {"id": "c", "title": "New"}),
        ("deleteChat", {"id": "c"}),
        ("cancelStream", {"streamId": "s"}),
    ]


async def test_ratings_and_members_come_and_go_by_their_fields():
    invitation = {"chatId": "c", "title": "T", "from": "o", "at": "2026-01-01T00:00:00Z"}
    page = {"invitations": [invitation], "next": "further"}
    changes = {name: {"id": "c"} for name in ("rateAnswer", "inviteUser", "removeUser", "acceptInvitation")}
    journal = Journal(invitations=page, leaveChat="c", declineInvitation="c", **changes)
    async with Stack(never, journal.exchange()).client() as client:
        expected = Page((Invitation("c", "T", "o", "2026-01-01T00:00:00Z"),), "further")
        assert await client.invitations() == expected
        await client.rate("c", "m", Rating.UP)
        await client.invite("c", "u")
        await client.remove("c", "u")
        await client.accept("c")
        await client.decline("c")
        await client.leave("c")
    assert journal.asked == [
        ("invitations", {"after": None}),
        ("rateAnswer", {"chatId": "c", "messageId": "m", "rating": "up"}),
        ("inviteUser", {"id": "c", "sub": "u"}),
        ("removeUser", {"id": "c", "sub": "u"}),
        ("acceptInvitation", {"id": "c"}),
        ("declineInvitation", {"id": "c"}),
        ("leaveChat", {"id": "c"}),
    ]
