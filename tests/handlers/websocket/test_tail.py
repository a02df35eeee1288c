"""The worker that reads: what was said, then what is said, to a client that has resumed."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from handlers.websocket import store, worker
from handlers.websocket.environment import readers
from shared.errors import Busy, Internal
from shared.generation.journal_writer import JournalWriter
from shared.protocol import parts
from shared.protocol.cursor import Cursor
from shared.protocol.parts import REAPER_EPOCH, WORKER_EPOCH, Part, SequencedPart
from shared.protocol.request import ChatRequest
from shared.streams.readers import Read, Reader
from shared.streams.start import StreamStart
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.server import WAIT_SECONDS
from tests.support.services import lambda_context
from tests.support.starts import CHAT, OWNER, STREAM, admitted, repository, running, said, table_client, used, within
from tests.support.websocket import CONNECTION, World, error_of

STARTED: list[Part] = [parts.start("msg-1", STREAM), parts.start_step(), parts.block_start("text", "t")]
SAID: list[Part] = [*STARTED, parts.block_delta("text", "t", "So far")]
ENDED: list[Part] = [
    parts.block_delta("text", "t", ", so good"),
    parts.block_end("text", "t"),
    parts.finish("stop", {"streamId": STREAM}),
]
READER = Reader(OWNER, CONNECTION, "r-2")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers look about all the time."""
    monkeypatch.setattr("shared.streams.tail.POLL_SECONDS", 0.01)
    monkeypatch.setattr("shared.streams.tail.LOOK_SECONDS", 0.02)


def write(said: list[Part], first: int = 0, epoch: int = WORKER_EPOCH) -> None:
    """Puts parts into the journal."""
    journal = JournalWriter(table_client(), OWNER, STREAM, on_lost=lambda: None)
    journal.append([SequencedPart(first + index, part, epoch) for index, part in enumerate(said)])
    assert journal.close(within(5))


def end(start: StreamStart) -> None:
    repository().end(start, used("end_turn"), [{"type": "text", "text": "So far, so good"}])


def read(
    after: int = -1,
    remaining: float = 30.0,
    *,
    resumed: bool = True,
    request_id: str = "r-2",
    before: Callable[[], None] = lambda: None,
) -> None:
    """One event, as the routes send it for a `resume`."""
    if resumed:
        readers().attach(Reader(OWNER, CONNECTION, request_id), Read(STREAM, CHAT))
    cursor = behind(after)
    place = {"resumed": resumed, "cursor": cursor and str(cursor)}
    address = {"connectionId": CONNECTION, "requestId": request_id, "connectedAt": int(time.time())}
    event = {**address, "tail": {"owner": OWNER, "streamId": STREAM, **place}}
    before()
    worker.handler(event, lambda_context(remaining))  # pyright: ignore


def frames(world: World) -> list[dict[str, Any]]:
    return world.connections.frames(CONNECTION)


def chunks(world: World) -> list[tuple[int, Part]]:
    """The parts with their numbers in the stream. In the frames, the parts of a request are counted from 0."""
    told = [frame for frame in frames(world) if frame["type"] == "chunk"]
    assert [frame["sequence"] for frame in told] == list(range(len(told)))
    return [(Cursor.parse(frame["cursor"], "cursor").sequence, frame["chunk"]) for frame in told]


def cancelled(table: Table) -> bool:
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    return lease["cancelled"]


def on_chunk(world: World, text: str, act: Any) -> None:
    """Acts once when the client is sent this text."""
    done: list[bool] = []

    def then(_: str, frame: str) -> None:
        if text in frame and not done:
            done.append(True)
            act()

    world.connections.then = then


def test_an_ended_stream_is_replayed_whole_under_the_new_id(world: World) -> None:
    end(running())
    write([*SAID, *ENDED])
    read()
    assert {frame["requestId"] for frame in frames(world)} == {"r-2"}
    assert [frames(world)[0]["type"], frames(world)[-1]["type"]] == ["start", "end"]
    assert chunks(world) == list(enumerate([*SAID, *ENDED]))


@pytest.mark.parametrize("after", range(6))
def test_a_client_that_has_some_parts_gets_the_others(after: int, world: World) -> None:
    end(running())
    write([*SAID, *ENDED])
    read(after)
    assert frames(world)[0]["type"] == "start"
    assert chunks(world) == list(enumerate([*SAID, *ENDED]))[after + 1 :]
    assert frames(world)[-1]["type"] == "end"


def test_a_client_that_has_all_parts_is_told_so(world: World) -> None:
    end(running())
    write([*SAID, *ENDED])
    read(after=6)
    assert [frame["type"] for frame in frames(world)] == ["start", "end"]


def test_what_is_said_meanwhile_follows(world: World) -> None:
    start = running()
    write(SAID)

    def go_on() -> None:
        write(ENDED, first=4)
        end(start)

    on_chunk(world, "So far", go_on)
    read()
    assert chunks(world) == list(enumerate([*SAID, *ENDED]))


def test_a_stream_that_says_nothing_yet_is_there_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.streams.tail.KEEP_ALIVE_SECONDS", 0.02)
    running()
    on_chunk(world, '"keep-alive"', lambda: write([*SAID, *ENDED]))
    read()
    assert frames(world)[:2] == [
        {"type": "start", "requestId": "r-2"},
        {"type": "keep-alive", "requestId": "streamways"},
    ]
    assert len(chunks(world)) == 7


@pytest.mark.parametrize("said", [[], SAID])
def test_a_reader_is_told_when_the_rest_is_lost(said: list[Part], world: World) -> None:
    end(running())
    write(said) if said else None
    read()
    assert error_of(frames(world)[-1], "r-2")["code"] == "internal"
    assert "end" not in [frame["type"] for frame in frames(world)]


@pytest.mark.parametrize("after", [4, 6, 60])
def test_a_reader_that_has_more_than_a_dead_worker_has_journaled_gets_the_end(after: int, world: World) -> None:
    """6 is the number of the end's last part, and of a part that the worker had delivered before it died."""
    end(running())
    write(SAID)
    told: list[Part] = parts.failure(Internal("It broke off."), {"streamId": STREAM})
    write(told, len(SAID), REAPER_EPOCH)
    read(after)
    assert [frame["type"] for frame in frames(world)] == ["start", *["chunk"] * 3, "end"]
    assert [part for _, part in chunks(world)] == told


def test_a_reader_whose_time_is_up_is_told_to_resume(world: World) -> None:
    running()
    write(SAID)
    read(remaining=4.2)
    assert len(chunks(world)) == 4
    assert error_of(frames(world)[-1], "r-2")["code"] == "deadline"


def test_a_reader_that_is_gone_stops_and_cancels_nothing(world: World, table: Table) -> None:
    running()
    write(SAID)
    on_chunk(world, "text-start", lambda: world.connections.failures.are([410], for_ever=True))
    read()
    assert len(chunks(world)) == 3
    assert not cancelled(table)


def test_a_frame_that_cannot_be_sent_is_told(world: World) -> None:
    end(running())
    write([*SAID, *ENDED])
    world.connections.failures.are([None, None, 403])
    read()
    assert error_of(frames(world)[-1], "r-2")["code"] == "internal"


def test_a_request_is_forgotten_when_it_is_answered(world: World, table: Table) -> None:  # noqa: ARG001
    end(running())
    write([*SAID, *ENDED])
    read()
    assert table.items(f"user#{OWNER}", "request#") == []


def drop() -> None:
    assert readers().drop(READER) == Read(STREAM, CHAT)


def test_a_reader_that_was_let_go_stops_and_leaves_the_stream_to_whoever_runs_it(world: World, table: Table) -> None:
    running()
    write(SAID)
    on_chunk(world, "So far", drop)
    read()
    assert [frame["type"] for frame in frames(world)] == ["start", *["chunk"] * 4]
    assert not cancelled(table)
    assert table.items(f"user#{OWNER}", "reader#") == []


def test_a_reader_that_was_let_go_before_it_began_reads_nothing(world: World) -> None:
    running()
    write(SAID)
    read(before=drop)
    assert frames(world) == []


def test_a_reader_that_was_let_go_does_not_go_on_trying_to_send(world: World) -> None:
    running()
    write(SAID)

    def fail(_: str, __: str) -> None:
        world.connections.failures.are([503], for_ever=True)
        drop()

    world.connections.then = fail
    began = time.monotonic()
    read(remaining=60.0)
    assert time.monotonic() - began < WAIT_SECONDS
    assert len(frames(world)) == 1


def test_a_table_that_fails_for_a_moment_costs_no_reader_its_stream(world: World) -> None:
    end(running())
    write([*SAID, *ENDED])
    with refused(store.table().client, "GetItem", "InternalServerError", times=1):
        read()
    assert frames(world)[-1]["type"] == "end"


@pytest.mark.parametrize("operation", ["Query", "DeleteItem"])
def test_a_table_that_is_busy_before_or_after_the_parts_ends_no_reading(
    operation: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place of a cursor is looked for again, and a reader who has all is told nothing more."""
    monkeypatch.setattr("shared.table.patience.PATIENCE_SECONDS", 0.0)
    start = running()
    write([*SAID, *ENDED])
    end(start)
    with refused(worker.follower().repository.table.client, operation, "ThrottlingException", times=1):
        read(2)
    assert [frame["type"] for frame in frames(world)] == ["start", *["chunk"] * 4, "end"]


def test_a_refusal_that_ends_a_reading_is_told_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    running()
    write(SAID)

    def busy(*_: object, **__: object) -> None:
        raise Busy

    monkeypatch.setattr("shared.streams.tail.Tail.follow", busy)
    read()
    assert error_of(frames(world)[-1], "r-2") == Busy().to_json()


def test_a_send_that_was_joined_is_read_without_a_note(world: World) -> None:
    end(running())
    write([*SAID, *ENDED])
    read(resumed=False, request_id=STREAM)
    assert [frames(world)[0]["requestId"], frames(world)[-1]["type"]] == [STREAM, "end"]
    assert len(chunks(world)) == 7


def test_no_word_of_the_answer_is_logged(world: World, logs: Logs) -> None:
    running()
    write(SAID)
    world.connections.failures.are([None, None, None, None, 403])
    read()
    assert json.dumps(frames(world))
    assert logs.lines("the delivery failed")
    assert "So far" not in logs.text


def continued() -> StreamStart:
    """A stream that goes on with an answer of one text."""
    first = running("stream-0")
    assert repository().end(first, used("max_tokens"), [{"type": "text", "text": "So far"}])
    request = ChatRequest.from_client({"id": CHAT, "messages": [said("?", first.message_id, "assistant")]})
    return admitted(STREAM, request=request, running=True)


@pytest.mark.parametrize("resumed", [True, False], ids=["a resume", "a send that was joined"])
def test_a_whole_replay_of_a_continued_answer_begins_with_what_it_held_for_who_builds_it_anew(
    resumed: bool, world: World
) -> None:
    end(continued())
    write([*STARTED, *ENDED])
    read(resumed=resumed)
    told = [frame for frame in frames(world) if frame["type"] == "chunk"]
    held = [frame["chunk"] for frame in told if "cursor" not in frame]
    assert [frame["sequence"] for frame in told] == list(range(len(told)))
    assert [frame["chunk"] for frame in told[len(held) :]] == [*STARTED, *ENDED]
    assert [part.get("delta") for part in held if part["type"] == "text-delta"] == (["So far"] if resumed else [])


def test_who_is_somewhere_in_a_stream_is_told_nothing_of_what_the_answer_held(world: World) -> None:
    end(continued())
    write([*STARTED, *ENDED])
    read(after=0)
    assert [part for _, part in chunks(world)] == [*STARTED, *ENDED][1:]
