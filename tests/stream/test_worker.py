"""A worker's event: once, in time, to its end, whatever becomes of the client."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from shared.errors import StreamwaysError
from shared.protocol.parts import Numbered, Part
from shared.stream.delivery import ReceiverGone, TryAgain
from shared.stream.registry import StreamRegistry
from shared.stream.start import StreamStart
from shared.stream.worker import Worker
from tests.support.aws import TABLE, Table
from tests.support.logs import Logs
from tests.support.models import SILENCE, ScriptedModel, spoken
from tests.support.outboxes import text_of, unnumbered
from tests.support.server import WAIT_SECONDS
from tests.support.starts import OWNER, PROMPT, STREAM, registry, start

MINUTE = 60.0


class Client:
    """Receives the batches of a stream, and may fail at one."""

    def __init__(self, fail: Callable[[int], Exception | None] = lambda _: None) -> None:
        self.batches: list[Sequence[Numbered]] = []
        self.failures: list[str] = []
        self.attempts = 0
        self._fail = fail

    def deliver(self, batch: Sequence[Numbered]) -> None:
        self.attempts += 1
        if error := self._fail(self.attempts):
            raise error
        self.batches.append(batch)

    def fail(self, error: StreamwaysError) -> None:
        self.failures.append(error.code)

    @property
    def parts(self) -> list[Part]:
        return unnumbered(self.batches)


def event(within: float = MINUTE) -> dict[str, Any]:
    """As the dispatcher sends it, through JSON."""
    return json.loads(json.dumps({"stream": start().to_json(), "startBy": time.time() + within}))


def work(client: Client, model: ScriptedModel, sent: dict[str, Any] | None = None) -> ScriptedModel:
    Worker(model, registry(), min_interval=0.0).work(sent or event(), client, time.monotonic() + MINUTE)  # pyright: ignore
    return model


def record(table: Table) -> dict[str, Any]:
    item = table.stream(OWNER, STREAM)
    assert item is not None
    return item


@pytest.fixture
def registered(table: Table) -> Table:
    """The table, with the stream that an event is about."""
    registry().register(OWNER, STREAM, "chat-1")
    return table


def test_an_event_becomes_a_whole_stream_that_is_booked(registered: Table) -> None:
    client = Client()
    model = work(client, ScriptedModel(*spoken("Hello ", "world")))
    assert text_of(client.parts) == "Hello world"
    assert client.parts[-1]["type"] == "finish"
    assert model.asked is not None
    assert [message.text for message in model.asked[0]] == [PROMPT]
    assert record(registered)["state"] == "ended"


def test_a_start_travels_through_json_unchanged() -> None:
    assert StreamStart.from_json(json.loads(json.dumps(start().to_json()))) == start()


def test_an_event_that_comes_twice_does_nothing_the_second_time(registered: Table, logs: Logs) -> None:
    twice = event()
    work(Client(), ScriptedModel(*spoken("Hello")), twice)
    before = record(registered)
    client = Client()
    assert work(client, ScriptedModel(*spoken("Hello")), twice).asked is None
    assert client.attempts == 0
    assert record(registered) == before
    assert len(logs.lines("the stream was claimed before")) == 1


def test_of_two_events_that_come_at_once_one_is_worked_on(registered: Table) -> None:  # noqa: ARG001
    together = threading.Barrier(2)
    clients = [Client(), Client()]

    def run(client: Client) -> None:
        together.wait(WAIT_SECONDS)
        work(client, ScriptedModel(*spoken("Hello")))

    threads = [threading.Thread(target=run, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert sorted(text_of(client.parts) for client in clients) == ["", "Hello"]


def test_an_event_of_a_stream_that_was_withdrawn_does_nothing(registered: Table) -> None:
    registry().withdraw(OWNER, STREAM)
    client = Client()
    assert work(client, ScriptedModel(*spoken("Hello"))).asked is None
    assert (client.attempts, client.failures) == (0, [])
    assert registered.stream(OWNER, STREAM) is None


def test_a_late_event_ends_as_deadline_and_the_model_is_not_asked(registered: Table) -> None:
    client = Client()
    assert work(client, ScriptedModel(*spoken("Hello")), event(within=-1)).asked is None
    assert (client.parts, client.failures) == ([], ["deadline"])
    assert (record(registered)["state"], record(registered)["stopReason"]) == ("ended", "deadline")


class Unbookable(StreamRegistry):
    """A registry that fails when a stream is to be ended."""

    def end(self, owner: str, stream_id: str, booked: Mapping[str, object]) -> bool:
        raise OSError(f"no way to end {owner}'s {stream_id} with {booked}")


def test_a_late_event_is_told_to_the_client_even_if_it_cannot_be_booked(registered: Table, logs: Logs) -> None:
    client = Client()
    Worker(ScriptedModel(), Unbookable(TABLE), min_interval=0.0).work(event(within=-1), client, MINUTE)  # pyright: ignore
    assert client.failures == ["deadline"]
    assert record(registered)["state"] == "running"
    assert logs.lines("booking the stream failed")


def test_a_stream_whose_receiver_is_gone_goes_on_and_is_booked(registered: Table, logs: Logs) -> None:
    gone = threading.Event()

    def hang_up(_: int) -> Exception:
        gone.set()
        return ReceiverGone("connection")

    client = Client(hang_up)
    beginning, *rest = spoken("So far", " and", " on")
    model = work(client, ScriptedModel(beginning, gone, *rest))
    assert client.attempts == 1
    assert not model.interrupted.is_set()
    item = record(registered)
    assert (item["state"], item["stopReason"], int(item["usage"]["outputTokens"])) == ("ended", "end_turn", 7)
    assert client.failures == []
    assert logs.lines("the receiver is gone")


@pytest.mark.parametrize("error", [TryAgain("still throttled"), RuntimeError("bug")])
def test_a_delivery_that_fails_is_told_to_the_client_and_does_not_end_the_stream(
    error: Exception, registered: Table, logs: Logs
) -> None:
    client = Client(lambda _: error)
    work(client, ScriptedModel(*spoken(*["x" * 100_000] * 10)))
    assert client.attempts == 1
    assert record(registered)["stopReason"] == "end_turn"
    assert client.failures == ["internal"]
    [line] = logs.lines("the stream failed")
    assert type(error).__name__ in line["exception"]


def test_the_function_does_not_end_before_the_stream_is_booked(registered: Table) -> None:
    client = Client(lambda _: ReceiverGone("connection"))
    work(client, ScriptedModel(*spoken("Hello")))
    assert record(registered)["state"] == "ended"


def test_a_worker_without_time_ends_the_stream_at_its_deadline(registered: Table) -> None:
    client = Client()
    Worker(ScriptedModel(SILENCE), registry(), min_interval=0.0).work(event(), client, time.monotonic())  # pyright: ignore
    assert client.parts[-1]["type"] == "finish"
    assert record(registered)["stopReason"] == "deadline"


def test_a_client_is_told_when_its_stream_cannot_even_be_claimed(registered: Table, logs: Logs) -> None:
    registered.delete()
    client = Client()
    assert work(client, ScriptedModel(*spoken("Hello"))).asked is None
    assert client.failures == ["internal"]
    assert logs.lines("the stream failed")
