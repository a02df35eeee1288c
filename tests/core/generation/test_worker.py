"""A worker's event: once, in time, to its end, whatever becomes of the client."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.errors import StreamwaysError
from shared.generation import run as runs
from shared.generation.delivery import ReceiverGone, TryAgain
from shared.generation.worker import Worker
from shared.protocol.parts import Part, SequencedPart
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.models import SILENCE, ScriptedModel, spoken
from tests.support.outboxes import text_of, unnumbered
from tests.support.runs import booked, journaled, types
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, PROMPT, STREAM, admitted, repository, start, table_client, within

MINUTE = 60.0


class Client:
    """Receives the batches of a stream, and may fail at one."""

    def __init__(self, fail: Callable[[int], Exception | None] = lambda _: None) -> None:
        self.batches: list[Sequence[SequencedPart]] = []
        self.failures: list[str] = []
        self.beats = 0
        self.attempts = 0
        self._fail = fail

    def deliver(self, batch: Sequence[SequencedPart]) -> None:
        self._try()
        assert batch
        self.batches.append(batch)

    def keep_alive(self) -> None:
        self.beats += 1
        self._try()

    def fail(self, error: StreamwaysError) -> None:
        self.failures.append(error.code)

    def _try(self) -> None:
        self.attempts += 1
        if error := self._fail(self.attempts):
            raise error

    @property
    def parts(self) -> list[Part]:
        return unnumbered(self.batches)


def event(of: StreamStart, seconds: float = MINUTE) -> dict[str, Any]:
    """As the dispatcher sends it, through JSON."""
    return json.loads(json.dumps({"stream": of.to_json(), "startBy": time.time() + seconds}))


def work(
    client: Client, model: ScriptedModel, sent: dict[str, Any] | None = None, *, seconds: float = MINUTE
) -> ScriptedModel:
    worker = Worker(model, repository(), min_interval=0.0)  # pyright: ignore
    worker.work(sent or event(admitted()), client, within(seconds))
    return model


def test_an_event_becomes_a_whole_stream_that_is_journaled_and_booked(table: Table) -> None:
    client = Client()
    model = work(client, ScriptedModel(*spoken("Hello ", "world")))
    assert text_of(client.parts) == "Hello world"
    assert client.parts[-1]["type"] == "finish"
    assert journaled() == client.parts
    assert model.asked is not None
    assert [message.text for message in model.asked[0]] == [PROMPT]
    assert booked(table)["stopReason"] == "end_turn"


def test_a_start_travels_through_json_unchanged() -> None:
    assert StreamStart.from_json(json.loads(json.dumps(start().to_json()))) == start()


def test_an_event_that_comes_twice_does_nothing_the_second_time(table: Table, logs: Logs) -> None:
    twice = event(admitted())
    work(Client(), ScriptedModel(*spoken("Hello")), twice)
    before = table.items()
    client = Client()
    assert work(client, ScriptedModel(*spoken("Hello")), twice).asked is None
    assert (client.attempts, client.failures) == (0, [])
    assert table.items() == before
    assert len(logs.lines("the stream was claimed before")) == 1


def test_of_two_events_that_come_at_once_one_is_worked_on(table: Table) -> None:  # noqa: ARG001
    together = threading.Barrier(2)
    clients = [Client(), Client()]
    sent = event(admitted())

    def run(client: Client) -> None:
        together.wait(WAIT_SECONDS)
        work(client, ScriptedModel(*spoken("Hello")), sent)

    threads = [threading.Thread(target=run, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert sorted(text_of(client.parts) for client in clients) == ["", "Hello"]


def test_an_event_of_a_stream_that_was_withdrawn_does_nothing(table: Table) -> None:
    sent = admitted()
    repository().withdraw(sent)
    client = Client()
    assert work(client, ScriptedModel(*spoken("Hello")), event(sent)).asked is None
    assert (client.attempts, client.failures) == (0, [])
    assert table.stream(OWNER, STREAM) is None


def test_a_late_event_ends_as_deadline_and_the_model_is_not_asked(table: Table) -> None:
    client = Client()
    model = work(client, ScriptedModel(*spoken("Hello")), event(admitted(), seconds=-1))
    assert not model.left.is_set()
    assert types(client.parts) == ["start", "message-metadata", "data-error", "error"]
    assert journaled() == client.parts
    assert booked(table)["stopReason"] == "deadline"


def test_a_stream_that_was_cancelled_before_its_worker_came_is_told_so(table: Table) -> None:
    sent = admitted()
    repository().cancel(OWNER, STREAM)
    client = Client()
    model = work(client, ScriptedModel(*spoken("Hello")), event(sent))
    assert not model.left.is_set()
    assert client.parts[-1] == {"type": "abort", "reason": "cancelled"}
    assert journaled() == client.parts
    assert booked(table)["stopReason"] == "cancelled"


def test_a_stream_that_a_newer_one_superseded_before_its_worker_came_is_told_so(table: Table) -> None:
    sent = admitted()
    newer = admitted("stream-2", "No: why is it dark?")
    client = Client()
    model = work(client, ScriptedModel(*spoken("Hello")), event(sent))
    assert not model.left.is_set()
    assert client.parts[-1] == {"type": "abort", "reason": "superseded"}
    assert journaled() == client.parts
    assert booked(table)["stopReason"] == "superseded"
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert lease["fencingToken"] == newer.fencing_token


def test_a_client_of_a_silent_model_is_sent_beats(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setattr(runs, "KEEP_ALIVE_SECONDS", 0.01)
    beaten = threading.Event()

    class Beaten(Client):
        def keep_alive(self) -> None:
            super().keep_alive()
            if self.beats == 3:
                beaten.set()

    client = Beaten()
    work(client, ScriptedModel(beaten, *spoken("Hello")))
    assert client.beats >= 3
    assert text_of(client.parts) == "Hello"


def test_a_transport_that_brings_one_part_a_call_is_given_one_at_a_time(table: Table) -> None:  # noqa: ARG001
    client = Client()
    worker = Worker(ScriptedModel(*spoken("Hello")), repository(), min_interval=0.0, parts_at_once=1)  # pyright: ignore
    worker.work(event(admitted()), client, within(MINUTE))
    assert {len(batch) for batch in client.batches} == {1}
    assert client.parts == journaled()


def test_a_stream_whose_receiver_is_gone_goes_on_and_is_journaled_and_booked(table: Table, logs: Logs) -> None:
    gone = threading.Event()

    def hang_up(_: int) -> Exception:
        gone.set()
        return ReceiverGone("connection")

    client = Client(hang_up)
    beginning, *rest = spoken("So far", " and", " on")
    model = work(client, ScriptedModel(beginning, gone, *rest))
    assert client.attempts == 1
    assert not model.interrupted.is_set()
    item = booked(table)
    assert (item["stopReason"], int(item["usage"]["outputTokens"])) == ("end_turn", 7)
    assert text_of(journaled()) == "So far and on"
    assert client.failures == []
    assert logs.lines("the receiver is gone")


def test_a_receiver_that_is_found_gone_by_a_beat_does_not_end_the_stream(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "KEEP_ALIVE_SECONDS", 0.01)
    gone = threading.Event()

    class Leaving(Client):
        def keep_alive(self) -> None:
            gone.set()
            raise ReceiverGone("connection")

    work(Leaving(), ScriptedModel(gone, *spoken("Hello")))
    assert text_of(journaled()) == "Hello"
    assert booked(table)["stopReason"] == "end_turn"


@pytest.mark.parametrize("error", [TryAgain("still throttled"), RuntimeError("bug")])
def test_a_delivery_that_fails_is_told_to_the_client_once_and_does_not_end_the_stream(
    error: Exception, table: Table, logs: Logs
) -> None:
    client = Client(lambda _: error)
    work(client, ScriptedModel(*spoken(*["x" * 10_000] * 100)))
    assert client.attempts == 1
    assert booked(table)["stopReason"] == "end_turn"
    assert len(text_of(journaled())) == 1_000_000
    assert client.failures == ["internal"]
    [line] = logs.lines("the delivery failed")
    assert type(error).__name__ in line["exception"]


def test_a_client_that_blocks_does_not_keep_the_stream_from_its_end(table: Table) -> None:
    over = threading.Event()

    class Noticed(StreamRepository):
        def end(self, *ended: Any, **how: Any) -> bool:
            result = super().end(*ended, **how)
            over.set()
            return result

    def block(_: int) -> None:
        assert over.wait(WAIT_SECONDS), "the stream waits for its client"

    client = Client(block)
    worker = Worker(ScriptedModel(*spoken("Hello")), Noticed(table_client()), min_interval=0.0)  # pyright: ignore
    worker.work(event(admitted()), client, within(MINUTE))
    assert booked(table)["stopReason"] == "end_turn"
    assert client.parts == journaled()


def test_a_worker_without_time_ends_the_stream_at_its_deadline(table: Table) -> None:
    client = Client()
    work(client, ScriptedModel(SILENCE), seconds=0.0)
    assert client.parts[-1]["type"] == "finish"
    assert booked(table)["stopReason"] == "deadline"


def test_a_delivery_of_the_event_that_cannot_even_claim_it_tells_nobody_and_fails_for_lambda(
    table: Table, logs: Logs
) -> None:
    """It may be a duplicate, whose stream runs elsewhere and delivers to this very client: the reaper finds out."""
    sent = event(admitted())
    table.delete()
    client = Client()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        work(client, ScriptedModel(*spoken("Hello")), sent)
    assert (client.attempts, client.failures) == (0, [])
    assert logs.lines("stream ended") == []
