"""From admission to the worker: it is invoked; if that fails, nothing is left that runs."""

import json
import time
from collections.abc import Iterator

import pytest

from shared.chats.history import MAX_PROMPT_CHARACTERS
from shared.errors import Busy, Internal
from shared.streams.dispatch import START_WITHIN_SECONDS, Dispatcher
from shared.streams.journal import JournalReader
from shared.streams.reaper import Reaper
from shared.streams.start import StreamStart
from tests.support.aws import TABLE, Table
from tests.support.interference import refused
from tests.support.services import FakeLambda
from tests.support.starts import CHAT, OWNER, STREAM, admitted, repository, start

ASYNC_PAYLOAD_LIMIT_BYTES = 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
CUT = 0


@pytest.fixture(scope="module")
def kept() -> Iterator[tuple[FakeLambda, Dispatcher]]:
    with FakeLambda() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_LAMBDA", running.url)
        dispatcher = Dispatcher(repository(), "the-worker")
        assert dispatcher.client
        yield running, dispatcher


@pytest.fixture
def server(kept: tuple[FakeLambda, Dispatcher], table: Table) -> FakeLambda:  # noqa: ARG001
    server = kept[0]
    server.received.clear()
    server.failures.are([])
    server.then = None
    return server


@pytest.fixture
def dispatcher(kept: tuple[FakeLambda, Dispatcher], server: FakeLambda) -> Dispatcher:  # noqa: ARG001
    return kept[1]


def is_withdrawn(table: Table) -> bool:
    return table.stream(OWNER, STREAM) is None and table.lease(OWNER, CHAT) is None


def test_the_worker_is_invoked_asynchronously_once_with_all_it_needs(
    dispatcher: Dispatcher, server: FakeLambda, table: Table
) -> None:
    stream = admitted()
    dispatcher.dispatch(stream, {"connectionId": "c-1"})
    [received] = server.received
    assert received.path == "/2015-03-31/functions/the-worker/invocations"
    assert received.headers["x-amz-invocation-type"] == "Event"
    event = json.loads(received.body)
    assert event["connectionId"] == "c-1"
    assert StreamStart.from_json(event["stream"]) == stream
    assert abs(event["startBy"] - time.time() - START_WITHIN_SECONDS) < 10
    assert not is_withdrawn(table)


def test_another_event_reaches_the_worker_as_it_is(dispatcher: Dispatcher, server: FakeLambda) -> None:
    dispatcher.follow({"connectionId": "c-1", "tail": {"streamId": "stream-1"}})
    [received] = server.received
    assert received.headers["x-amz-invocation-type"] == "Event"
    assert json.loads(received.body) == {"connectionId": "c-1", "tail": {"streamId": "stream-1"}}


@pytest.mark.parametrize("status", [CUT, 429, 500, 403])
def test_another_event_that_does_not_reach_the_worker_is_our_fault(
    status: int, dispatcher: Dispatcher, server: FakeLambda
) -> None:
    server.failures.are([status], for_ever=True)
    with pytest.raises(Internal):
        dispatcher.follow({"tail": {}})


def test_one_connection_serves_many_invocations(dispatcher: Dispatcher, server: FakeLambda) -> None:
    for number in range(3):
        dispatcher.dispatch(start(f"stream-{number}"), {})
    assert len({received.client_port for received in server.received}) == 1


@pytest.mark.parametrize("status", [429, 500, 403, 413])
def test_a_refused_invocation_is_our_fault_and_the_stream_is_withdrawn(
    status: int, dispatcher: Dispatcher, server: FakeLambda, table: Table
) -> None:
    stream = admitted()
    server.failures.are([status], for_ever=True)
    with pytest.raises(Internal):
        dispatcher.dispatch(stream, {})
    assert len(server.received) <= 2
    assert is_withdrawn(table)
    assert repository().claim(stream) == "taken", "an event that comes all the same does nothing"


def test_a_lost_answer_withdraws_the_stream_that_no_worker_has_claimed(
    dispatcher: Dispatcher, server: FakeLambda, table: Table
) -> None:
    stream = admitted()
    server.failures.are([CUT], for_ever=True)
    with pytest.raises(Internal):
        dispatcher.dispatch(stream, {})
    assert len(server.received) == 2
    assert is_withdrawn(table)


@pytest.mark.usefixtures("impatient")
def test_a_stream_that_cannot_be_withdrawn_either_is_ended_by_the_sweep(
    dispatcher: Dispatcher, server: FakeLambda, table: Table
) -> None:
    stream = admitted()
    server.failures.are([500], for_ever=True)
    with refused(repository().table.client, "TransactWriteItems", "None", "TransactionConflict"), pytest.raises(Busy):
        dispatcher.dispatch(stream, {})
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1, startedAt=1)
    [reaped] = Reaper(repository(), JournalReader(repository().table)).sweep("websocket")
    assert reaped.open.stream_id == STREAM


def test_a_stream_that_could_not_be_started_may_be_started_again(dispatcher: Dispatcher, server: FakeLambda) -> None:
    server.failures.are([CUT], for_ever=True)
    with pytest.raises(Internal):
        dispatcher.dispatch(admitted(), {})
    server.failures.are([])
    again = admitted()
    dispatcher.dispatch(again, {})
    assert repository().claim(again) == "claimed"


@pytest.mark.parametrize("status", [CUT, 500, 429])
def test_an_invocation_that_fails_once_is_repeated_because_a_stream_is_claimed_only_once(
    status: int, dispatcher: Dispatcher, server: FakeLambda, table: Table
) -> None:
    stream = admitted()
    server.failures.are([status])
    dispatcher.dispatch(stream, {})
    assert len(server.received) == 2
    assert not is_withdrawn(table)


@pytest.mark.parametrize("status", [CUT, 500])
def test_an_error_after_the_worker_has_claimed_the_stream_is_none(
    status: int, dispatcher: Dispatcher, server: FakeLambda, table: Table
) -> None:
    stream = admitted()
    server.then = lambda _: repository().claim(stream)
    server.failures.are([status], for_ever=True)
    dispatcher.dispatch(stream, {})
    assert not is_withdrawn(table)


@pytest.mark.parametrize("character", ["x", "é", "字", "🎈", '"'])
def test_the_longest_prompt_fits_into_an_event(character: str, dispatcher: Dispatcher, server: FakeLambda) -> None:
    dispatcher.dispatch(start(prompt=character * MAX_PROMPT_CHARACTERS), {})
    assert len(server.received[0].body) < ASYNC_PAYLOAD_LIMIT_BYTES


def test_the_settings_come_from_the_environment(server: FakeLambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMS_TABLE", TABLE)
    monkeypatch.setenv("WORKER_FUNCTION_ARN", "another-worker")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
    Dispatcher.from_environment().dispatch(start(), {})
    assert server.received[0].path == "/2015-03-31/functions/another-worker/invocations"
