"""The frames about streams: what `send`, `resume`, `abort` and `cancel` leave in the table and give to the worker."""

import time
from itertools import permutations
from typing import Any

import pytest

from handlers.websocket import store
from handlers.websocket.environment import readers
from shared.protocol.cursor import Cursor
from shared.streams.readers import Reader
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.interference import sent as sent_to_table
from tests.support.pool import token
from tests.support.starts import used
from tests.support.websocket import CONNECTION, OWNER, PROMPT, World, ask, error_of, receive

RESUME: dict[str, Any] = {"type": "resume", "requestId": "r-2", "id": "chat-1", "headers": {}, "body": {}}
ABORT = {"type": "abort", "requestId": "r-1"}


def repository() -> StreamRepository:
    return StreamRepository.from_environment()


def sent(world: World, connection_id: str = CONNECTION) -> list[dict[str, Any]]:
    return world.connections.frames(connection_id)


def tails(world: World) -> list[dict[str, Any]]:
    """What the worker was asked to read."""
    return [event for event in world.lambda_service.events if "tail" in event]


def reads(stream_id: str = "r-1", *, resumed: bool = True, cursor: object = None) -> dict[str, Any]:
    return {
        "owner": OWNER,
        "streamId": stream_id,
        "resumed": resumed,
        "cursor": cursor and str(cursor),
        "correlationId": "gateway-2",
    }


def cancelled(table: Table, chat_id: str = "chat-1") -> bool:
    """Whether the stream that runs in the chat was told to stop."""
    lease = table.lease(OWNER, chat_id)
    assert lease is not None
    return lease["cancelled"]


def test_a_send_is_handed_to_the_worker_and_not_answered_here(world: World) -> None:
    receive(ask(), connected_for=60)
    assert sent(world) == []
    [event] = world.lambda_service.events
    assert (event["connectionId"], event["requestId"]) == (CONNECTION, "r-1")
    assert abs(event["connectedAt"] - (time.time() - 60)) < 5
    start = event["stream"]
    assert (start["owner"], start["streamId"], start["chatId"]) == (OWNER, "r-1", "chat-1")
    assert (start["architecture"], start["correlationId"]) == ("websocket", "gateway-2")
    assert start["messages"] == [{"role": "user", "text": PROMPT}]
    record = repository().record(OWNER, "r-1")
    assert record is not None
    assert record.state == "started"


@pytest.mark.parametrize("headers", [{}, {"authorization": f"Bearer {token()}"}], ids=["no token", "a token"])
def test_a_send_costs_two_requests_to_the_table_and_three_where_there_is_a_history(
    headers: dict[str, str], world: World
) -> None:
    for request_id, history in (("r-1", []), ("r-2", ["Query"])):
        with sent_to_table(store.table().client) as requests:
            receive({**ask(request_id), "headers": headers}, expires_in=7200)
        assert requests == ["BatchGetItem", *history, "TransactWriteItems"]
    assert len(world.lambda_service.events) == 2


def test_whoever_ends_a_dead_stream_finds_its_client(world: World) -> None:
    receive(ask())
    [event] = world.lambda_service.events
    dead = repository().open_stream(OWNER, "r-1", event["stream"]["fencingToken"])
    assert dead is not None
    assert dead.address == {"connectionId": CONNECTION, "requestId": "r-1"}


@pytest.mark.parametrize("connection_id", [CONNECTION, "another"])
def test_the_same_request_again_is_read_from_the_beginning_and_not_asked_again(
    connection_id: str, world: World
) -> None:
    receive(ask())
    receive(ask(), connection_id=connection_id)
    start, read = world.lambda_service.events
    assert "stream" in start
    assert (read["connectionId"], read["tail"]) == (connection_id, reads(resumed=False))
    assert sent(world) == []


def test_another_request_under_the_same_id_is_refused(world: World) -> None:
    receive(ask())
    receive(ask(prompt="Something else"))
    assert len(world.lambda_service.events) == 1
    [frame] = sent(world)
    assert error_of(frame)["code"] == "invalid_request"


def test_two_users_may_choose_the_same_id(world: World) -> None:
    receive(ask())
    receive(ask(chat="chat-2"), sub="somebody-else", connection_id="another")
    assert [event["stream"]["owner"] for event in world.lambda_service.events] == [OWNER, "somebody-else"]


def test_the_chat_of_another_is_not_there(world: World) -> None:
    receive(ask())
    for frame in (ask("r-9"), {**RESUME, "requestId": "r-9"}):
        receive(frame, sub="mallory", connection_id="mallory's")
    assert [error_of(frame, "r-9")["code"] for frame in sent(world, "mallory's")] == ["not_found"] * 2
    assert len(world.lambda_service.events) == 1


@pytest.mark.parametrize("place", [{}, {"cursor": None}, {"lastSequence": None}], ids=str)
def test_a_resume_without_a_cursor_is_a_whole_replay_of_the_latest_stream_under_its_own_id(
    place: dict[str, Any], world: World
) -> None:
    receive(ask())
    receive({**RESUME, **place})
    [read] = tails(world)
    assert (read["requestId"], read["tail"]) == ("r-2", reads())
    assert sent(world) == [], "the worker says that there is a stream"


@pytest.mark.parametrize("place", [{}, {"lastSequence": 17}], ids=str)
def test_a_resume_after_a_cursor_reads_the_stream_of_the_cursor_whatever_was_started_since(
    place: dict[str, Any], world: World
) -> None:
    receive(ask())
    receive(ask("r-9", prompt="And now?"))
    cursor = behind(17, "r-1")
    receive({**RESUME, **place, "cursor": str(cursor)})
    [read] = tails(world)
    assert read["tail"] == reads("r-1", cursor=cursor)


@pytest.mark.parametrize("last", [0, 17, -1, "3", True, []])
def test_a_number_does_not_say_of_which_stream_it_is(last: object, world: World) -> None:
    receive(ask())
    receive({**RESUME, "lastSequence": last})
    [frame] = sent(world)
    assert "`cursor`" in error_of(frame, "r-2")["message"]
    assert error_of(frame, "r-2")["code"] == "invalid_request"
    assert tails(world) == []


@pytest.mark.parametrize(
    ("cursor", "code"),
    [(3, "invalid_request"), ("3", "invalid_request"), ([], "invalid_request"), (behind(3, "unknown"), "not_found")],
    ids=str,
)
def test_a_resume_is_refused_after_a_cursor_of_nothing(cursor: object, code: str, world: World) -> None:
    receive(ask())
    receive({**RESUME, "cursor": str(cursor) if isinstance(cursor, Cursor) else cursor})
    [frame] = sent(world)
    assert error_of(frame, "r-2")["code"] == code
    assert tails(world) == []


def test_a_cursor_of_another_chat_is_refused(world: World) -> None:
    receive(ask())
    receive(ask("r-9", chat="chat-2"))
    receive({**RESUME, "cursor": str(behind(3, "r-9"))})
    [frame] = sent(world)
    assert error_of(frame, "r-2")["code"] == "invalid_request"


def test_a_cursor_of_another_users_stream_is_one_of_nothing(world: World) -> None:
    receive(ask())
    receive({**RESUME, "cursor": str(behind(3, "r-1"))}, sub="mallory", connection_id="mallory's")
    [frame] = sent(world, "mallory's")
    assert error_of(frame, "r-2")["code"] == "not_found"


def test_a_resume_finds_nothing_active_in_a_chat_that_is_not_known(world: World, table: Table) -> None:
    receive(RESUME)
    assert sent(world) == [{"type": "no-active", "requestId": "r-2"}]
    assert table.count() == 0


def test_a_resume_that_no_worker_can_read_for_is_refused(world: World) -> None:
    receive(ask())
    world.lambda_service.failures.are([500, 500])
    receive(RESUME)
    [frame] = sent(world)
    assert error_of(frame, "r-2")["code"] == "internal"


@pytest.mark.parametrize("connection_id", [CONNECTION, "another"])
def test_an_abort_of_a_send_cancels_it_from_any_connection_of_its_user(
    connection_id: str, world: World, table: Table
) -> None:
    receive(ask())
    receive(ABORT, connection_id=connection_id)
    assert cancelled(table)
    assert sent(world, connection_id) == []


def test_an_abort_that_overtakes_its_send_prevents_it(world: World) -> None:
    receive(ABORT)
    receive(ask())
    [frame] = sent(world)
    assert error_of(frame)["code"] == "invalid_request"
    assert world.lambda_service.events == []


def test_an_abort_by_another_user_stops_nothing(world: World, table: Table) -> None:  # noqa: ARG001
    receive(ask())
    for frame in (ABORT, {"type": "cancel", "requestId": "c-1", "streamId": "r-1"}):
        receive(frame, sub="mallory", connection_id="mallory's")
    receive(ABORT, sub="mallory")
    assert not cancelled(table)


def test_a_cancel_stops_a_stream_by_its_id_and_is_answered(world: World, table: Table) -> None:
    receive(ask())
    receive({"type": "cancel", "requestId": "c-1", "streamId": "r-1"}, connection_id="another")
    assert cancelled(table)
    assert sent(world, "another") == [{"type": "result", "requestId": "c-1", "result": {"streamId": "r-1"}}]


RESUMED = Reader(OWNER, CONNECTION, "r-2")
ABORTED = {"type": "abort", "requestId": "r-2"}


def reader_dropped_at(table: Table) -> float | None:
    """When the running stream was told that a reader was dropped."""
    lease = table.lease(OWNER, "chat-1")
    assert lease is not None
    return float(lease["readerDroppedAt"]) if "readerDroppedAt" in lease else None


def test_an_abort_of_a_resume_stops_nothing_yet_but_stands_on_the_stream_at_once(world: World, table: Table) -> None:
    """Its reader may die, or never get a frame through: whoever runs the stream decides."""
    receive(ask())
    receive(RESUME)
    receive(ABORTED)
    assert not cancelled(table)
    assert reader_dropped_at(table) == pytest.approx(time.time(), abs=5)
    assert readers().is_dropped(RESUMED)
    assert table.stream(OWNER, "r-2") is None, "a tombstone"
    assert sent(world) == []


def test_an_abort_lets_go_of_the_resume_of_its_own_connection_alone(world: World) -> None:  # noqa: ARG001
    receive(ask())
    receive(RESUME)
    receive(RESUME, connection_id="another")
    receive(ABORTED)
    assert not readers().is_dropped(Reader(OWNER, "another", "r-2"))


def test_an_abort_of_a_resume_of_a_stream_that_was_superseded_stops_no_other(world: World, table: Table) -> None:  # noqa: ARG001
    receive(ask())
    receive(RESUME)
    receive(ask("r-9", prompt="And now?"))
    receive(ABORTED)
    assert reader_dropped_at(table) is None


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_resume_abort_resume_leaves_one_reader_in_whatever_order_it_is_handled(
    order: tuple[int, ...], world: World, table: Table
) -> None:
    receive(ask())
    frames = [RESUME, ABORTED, {**RESUME, "requestId": "r-3"}]
    for index in order:
        receive(frames[index])
    reading = {read["requestId"] for read in tails(world)} - {"r-2"}
    assert reading == {"r-3"}
    assert readers().is_dropped(RESUMED)
    assert not readers().is_dropped(Reader(OWNER, CONNECTION, "r-3"))
    dropped_at = reader_dropped_at(table)
    assert dropped_at is not None
    assert readers().is_read_again(OWNER, "chat-1", dropped_at)


def test_an_abort_that_overtakes_its_resume_keeps_it_from_reading(world: World, table: Table) -> None:
    receive(ask())
    receive(ABORTED)
    receive(RESUME)
    assert tails(world) == []
    assert reader_dropped_at(table) is not None


def test_an_id_that_was_dropped_long_ago_may_be_used_for_another_resume(world: World, table: Table) -> None:
    receive(ask())
    receive(RESUME)
    receive(ABORTED)
    table.change(f"user#{OWNER}", f"reader#{CONNECTION}#r-2", droppedAt=int(time.time()) - 60)
    receive(RESUME)
    assert [read["requestId"] for read in tails(world)] == ["r-2", "r-2"]
    assert not readers().is_dropped(RESUMED)


def test_send_abort_send_under_one_id_reads_the_stream_again(world: World) -> None:
    """The stream had ended before the `abort`, which was of the first `send`."""
    receive(ask())
    [event] = world.lambda_service.events
    repository().end(StreamStart.from_json(event["stream"]), used("end_turn"), [])
    receive(ABORT)
    receive(ask())
    [read] = tails(world)
    assert (read["requestId"], read["tail"]) == ("r-1", reads(resumed=False))
    assert not readers().is_dropped(Reader(OWNER, CONNECTION, "r-1"))


def test_what_is_known_of_a_reader_goes_with_its_connection(world: World, table: Table) -> None:  # noqa: ARG001
    receive(ask())
    receive(RESUME)
    item = table.item(f"user#{OWNER}", f"reader#{CONNECTION}#r-2")
    assert item is not None
    assert (item["streamId"], item["chatId"]) == ("r-1", "chat-1")
    assert 0 < float(item["expiresAt"]) - time.time() <= 7200
