"""What may end a stream but its model: time, its user, a newer start, a reaper. All but the last are told."""

import threading
from typing import Any

import pytest

from shared.contract.limits import DEADLINE_MARGIN_SECONDS
from shared.errors import DeadlineExceeded, ModelUnavailable
from shared.generation import run as runs
from shared.generation.journal_writer import JournalWriter
from shared.generation.run import StreamRun
from shared.models.events import Delta
from shared.protocol import parts
from shared.protocol.parts import SequencedPart
from shared.streams import heartbeat
from shared.streams.repository import StreamRepository
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.models import SILENCE, ScriptedModel, spoken
from tests.support.outboxes import Reader, drain, taken, text_of
from tests.support.runs import begun, booked, failure, journaled, parts_of, types
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, STREAM, repository, running, table_client, within
from tests.support.tables import WatchedTable

NO_TIME = DEADLINE_MARGIN_SECONDS


@pytest.fixture
def fast_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a second takes a moment."""
    monkeypatch.setattr(heartbeat, "INTERVAL_SECONDS", 0.02)


def test_at_the_deadline_a_silent_model_is_interrupted_and_the_stream_ends_with_what_came(table: Table) -> None:
    model = ScriptedModel(Delta("text", 0, "So far"), SILENCE)
    told = parts_of(model, seconds=NO_TIME + 0.2)
    assert model.interrupted.is_set()
    assert text_of(told) == "So far"
    assert types(told)[-3:] == ["text-end", "finish-step", "finish"]
    assert told[-1]["finishReason"] == "other"
    metadata: Any = told[-1]["messageMetadata"]
    assert metadata["stopReason"] == booked(table)["stopReason"] == "deadline"
    assert metadata["usage"]["estimated"] is True


@pytest.mark.parametrize("remaining", [NO_TIME, 0.0, -5.0])
def test_a_stream_that_has_no_time_at_all_ends_at_once(remaining: float, table: Table) -> None:
    told = parts_of(ScriptedModel(SILENCE), seconds=remaining)
    assert types(told) == ["start", "start-step", "finish-step", "finish"]
    assert booked(table)["stopReason"] == "deadline"


@pytest.mark.usefixtures("fast_heartbeat")
@pytest.mark.parametrize("said", [[], [Delta("text", 0, "So far")]], ids=["before its first word", "in the middle"])
def test_a_cancel_reaches_a_silent_model_and_ends_the_stream_with_what_was_used(
    said: list[Delta], table: Table
) -> None:
    model = ScriptedModel(*said, SILENCE)
    run = begun(model)
    reader = Reader(run)
    repository().cancel(OWNER, STREAM)
    told = reader.rest()
    assert model.interrupted.is_set()
    assert text_of(told) == "".join(delta.text for delta in said)
    assert types(told)[-3:] == ["finish-step", "message-metadata", "abort"]
    assert told[-1]["reason"] == "cancelled"
    metadata: Any = told[-2]["messageMetadata"]
    assert metadata["stopReason"] == booked(table)["stopReason"] == "cancelled"
    assert metadata["usage"]["estimated"] is True
    assert metadata["usage"]["outputTokens"] == (2 if said else 0)
    assert journaled() == told
    assert table.lease(OWNER, CHAT) is None


@pytest.mark.usefixtures("fast_heartbeat")
def test_a_newer_start_in_the_chat_ends_the_stream_and_keeps_the_lease(table: Table) -> None:
    model = ScriptedModel(Delta("text", 0, "So far"), SILENCE)
    reader = Reader(begun(model))
    newer = running("stream-2", "No: why is it dark?")
    told = reader.rest()
    assert types(told)[-2:] == ["message-metadata", "abort"]
    assert told[-1]["reason"] == booked(table)["stopReason"] == "superseded"
    assert journaled() == told
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert lease["fencingToken"] == newer.fencing_token


@pytest.mark.usefixtures("fast_heartbeat")
def test_a_cancel_reaches_a_stream_whose_receiver_takes_nothing(table: Table) -> None:
    model = ScriptedModel(*spoken(*["x" * 1000] * 1000))
    run = begun(model)
    repository().cancel(OWNER, STREAM)
    run.join()
    assert booked(table)["stopReason"] == "cancelled"
    assert journaled() == drain(run)


def test_the_deadline_also_ends_a_stream_whose_receiver_takes_nothing_and_the_journal_has_it_all(table: Table) -> None:
    model = ScriptedModel(*spoken(*["x" * 1000] * 1000))
    run = begun(model, seconds=NO_TIME + 0.3)
    run.join()
    assert model.left.wait(WAIT_SECONDS)
    assert booked(table)["stopReason"] == "deadline"
    told = drain(run)
    assert told[-1]["type"] == "finish"
    assert journaled() == told


def test_the_reader_of_a_full_outbox_is_not_waited_for_when_the_stream_ends(
    table: Table,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "INTERRUPT_SECONDS", 10 * WAIT_SECONDS)
    run = begun(ScriptedModel(*spoken(*["x" * 1000] * 1000)), seconds=NO_TIME + 0.2)
    run._supervisor.join(WAIT_SECONDS)
    assert not run._supervisor.is_alive()


@pytest.mark.usefixtures("fast_heartbeat")
def test_no_heartbeat_follows_the_end(table: Table) -> None:  # noqa: ARG001
    watched = WatchedTable()
    beaten = threading.Event()
    watched.client.meta.events.register("after-call.dynamodb.UpdateItem", lambda **_: beaten.set())
    run = begun(ScriptedModel(beaten, *spoken("Hello")), streams=StreamRepository(watched))
    drain(run)
    run._heartbeat._thread.join(WAIT_SECONDS)
    booked_at = watched.requests.index("TransactWriteItems")
    assert "UpdateItem" in watched.requests[:booked_at]
    assert len(watched.requests[booked_at + 1 :]) <= 1, "one beat may have been under way, and none began"


def test_a_stream_whose_receiver_is_gone_is_read_journaled_and_booked_to_its_end(table: Table) -> None:
    run = begun(ScriptedModel(*spoken(*["x" * 1000] * 1000)))
    taken(run)
    run.detach()
    run.join()
    assert not run._outbox._attached, "it would be numbered, and journaled, as often as if somebody read it"
    item = booked(table)
    assert (item["stopReason"], int(item["usage"]["outputTokens"])) == ("end_turn", 7)
    assert text_of(journaled()) == "x" * 1_000_000
    assert table.messages(CHAT)[1]["parts"] != []


@pytest.mark.parametrize("by", ["cancelled", "superseded"])
def test_a_stream_that_was_stopped_before_it_began_is_told_so_and_the_model_is_not_asked(by: Any, table: Table) -> None:
    model = ScriptedModel(*spoken("Hello"))
    told = drain(unasked(model, by))
    assert types(told) == ["start", "message-metadata", "abort"]
    metadata: Any = told[1]["messageMetadata"]
    assert metadata["stopReason"] == told[2]["reason"] == booked(table)["stopReason"] == by
    assert metadata["usage"] == {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    assert not model.left.is_set()
    assert journaled() == told


def test_a_stream_that_came_too_late_fails_as_deadline_and_the_model_is_not_asked(table: Table) -> None:
    model = ScriptedModel(*spoken("Hello"))
    told = drain(unasked(model, DeadlineExceeded("Too late.")))
    assert failure(told) == ({"code": "deadline", "message": "Too late."}, "Too late.")
    assert booked(table)["stopReason"] == "deadline"
    assert not model.left.is_set()
    assert journaled() == told


def unasked(model: ScriptedModel, by: Any) -> StreamRun:
    run = StreamRun(running(), model=model, repository=repository(), ends_at=within())
    if by == "superseded":
        running("stream-2", "No: why is it dark?")
    run.begin_ended(by)
    return run


def test_who_was_taken_for_dead_says_no_more_hangs_up_and_books_nothing(table: Table, logs: Logs) -> None:
    more = threading.Event()
    model = ScriptedModel(Delta("text", 0, "So far"), more, Delta("text", 0, " and on"), SILENCE)
    watched = WatchedTable()
    written = threading.Event()
    watched.client.meta.events.register("after-call.dynamodb.PutItem", lambda **_: written.set())
    run = begun(model, streams=StreamRepository(watched))
    reader = Reader(run)
    assert reader.hears("text-delta", within=WAIT_SECONDS)
    assert written.wait(WAIT_SECONDS)
    certificate = parts.failure(ModelUnavailable("dead"), {})
    assert bury(len(journaled()), certificate)
    more.set()
    told = reader.rest()
    run.join()
    assert model.interrupted.is_set()
    assert not parts.TERMINAL & {str(part["type"]) for part in told}
    assert journaled()[-3:] == certificate
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["state"] == "started"
    assert "TransactWriteItems" not in watched.requests
    assert logs.lines("the stream was ended by another")
    assert logs.metrics() == []


def test_who_loses_with_its_very_last_words_does_not_hand_them_out(table: Table, logs: Logs) -> None:
    watched = WatchedTable()
    buried = threading.Event()
    run = begun(ScriptedModel(buried, *spoken("Hello")), streams=StreamRepository(watched))
    assert bury(0, parts.failure(ModelUnavailable("dead"), {}))
    buried.set()
    told = drain(run)
    assert not parts.TERMINAL & {str(part["type"]) for part in told}
    assert "TransactWriteItems" not in watched.requests
    run.join()
    assert logs.metrics() == []
    assert table.messages(CHAT)[1]["state"] == "streaming"


def bury(sequence: int, certificate: list[parts.Part]) -> bool:
    """Puts the end of a stream at the next key of its journal, as the reaper does."""
    journal = JournalWriter(table_client(), OWNER, STREAM, on_lost=lambda: None)
    journal.append([SequencedPart(sequence + index, part) for index, part in enumerate(certificate)])
    return journal.close(within(WAIT_SECONDS))


def test_an_error_that_the_interruption_itself_provokes_is_not_told(table: Table) -> None:  # noqa: ARG001
    interrupted = threading.Event()

    class Broken(ScriptedModel):
        def interrupt(self) -> None:
            super().interrupt()
            interrupted.set()

    model = Broken(Delta("text", 0, "So far"), interrupted, ModelUnavailable("broke off"))
    assert parts_of(model, seconds=NO_TIME + 0.2)[-1]["type"] == "finish"


def test_a_model_that_cannot_be_interrupted_does_not_keep_the_stream_from_its_end(table: Table, logs: Logs) -> None:
    class Deaf(ScriptedModel):
        def interrupt(self) -> None:
            super().interrupt()
            raise RuntimeError("the connection is gone already")

    assert parts_of(Deaf(SILENCE), seconds=NO_TIME)[-1]["type"] == "finish"
    assert booked(table)["stopReason"] == "deadline"
    assert logs.lines("interrupting the model failed")


def test_the_end_waits_for_the_reader_to_hang_up_or_a_frozen_function_would_keep_the_model_s_line(
    table: Table,  # noqa: ARG001
) -> None:
    may_leave = threading.Event()
    model = ScriptedModel(SILENCE, on_leaving=may_leave)
    reader = Reader(begun(model, seconds=NO_TIME))
    assert model.interrupted.wait(WAIT_SECONDS)
    assert not reader.hears("finish", within=0.1)
    may_leave.set()
    assert reader.hears("finish", within=WAIT_SECONDS)
