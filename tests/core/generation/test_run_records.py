"""What is written of a stream: booked before its end is handed out, and never waited for too long."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from shared.contract.metrics import NAMESPACE, ModelMetric, StackMetric
from shared.errors import ModelThrottled, ModelUnavailable, StreamwaysError
from shared.generation import settlement
from shared.generation.run import StreamRun
from shared.models.events import Stop
from shared.streams import heartbeat
from shared.streams.journal import JournalReader
from shared.streams.reaper import Reaper
from shared.streams.repository import StreamRepository
from shared.streams.tail import Tail
from shared.streams.usage_record import UsageRecord
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.models import SILENCE, ScriptedModel, spoken
from tests.support.outboxes import Reader, drain, text_of
from tests.support.runs import begun, booked, journaled, parts_of
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, MINUTE, OWNER, STREAM, repository, running, table_client, within
from tests.support.tables import WatchedTable

BRIEFLY = 0.1
"""How long something is watched that must not happen."""


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a stream waits for the table a moment."""
    monkeypatch.setattr(settlement, "SETTLE_SECONDS", 0.2)
    monkeypatch.setattr(settlement, "LEAST_STEP_SECONDS", 0.1)


@pytest.mark.parametrize("step", ["PutItem", "TransactWriteItems"], ids=["journaled", "booked"])
def test_the_terminal_part_is_not_handed_out_before_the_stream_is(step: str, table: Table) -> None:
    watched = WatchedTable()
    said = threading.Event()
    run = begun(ScriptedModel(said, *spoken("Hi")), streams=StreamRepository(watched))
    reader = Reader(run)
    reader.wait_for_batches(1)
    wait_until_written(run)
    held, free = watched.hold(step)
    said.set()
    assert held.wait(WAIT_SECONDS)
    assert reader.hears("finish-step", within=WAIT_SECONDS), "the text itself waits for nothing"
    assert not reader.hears("finish", within=BRIEFLY)
    free.set()
    assert reader.rest()[-1]["type"] == "finish"
    run.join()
    assert booked(table)
    assert journaled()[-1]["type"] == "finish"


def test_a_stream_that_is_being_settled_still_shows_that_its_worker_lives(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reaper may be watching: an end that takes some seconds is no silence."""
    monkeypatch.setattr(heartbeat, "INTERVAL_SECONDS", 0.02)
    monkeypatch.setattr(heartbeat, "RENEW_SECONDS", 0.0)
    watched = WatchedTable()
    beaten = threading.Semaphore(0)
    watched.client.meta.events.register("after-call.dynamodb.UpdateItem", lambda **_: beaten.release())
    said = threading.Event()
    run = begun(ScriptedModel(said, *spoken("Hi")), streams=StreamRepository(watched))
    reader = Reader(run)
    reader.wait_for_batches(1)
    wait_until_written(run)
    held, free = watched.hold("PutItem")
    said.set()
    assert held.wait(WAIT_SECONDS)
    assert reader.hears("finish-step", within=WAIT_SECONDS)
    while beaten.acquire(blocking=False):
        pass
    before = table.lease(OWNER, CHAT)
    for _ in range(3):
        assert beaten.acquire(timeout=WAIT_SECONDS)
    after = table.lease(OWNER, CHAT)
    free.set()
    assert reader.rest()[-1]["type"] == "finish"
    run.join()
    assert before is not None
    assert after is not None
    assert after["leaseExpiresAt"] > before["leaseExpiresAt"]
    assert booked(table)


def wait_until_written(run: StreamRun) -> None:
    """Until the parts that were taken so far are in the journal."""
    journal = run._journal
    with journal._changed:
        assert journal._changed.wait_for(lambda: not journal._unwritten, WAIT_SECONDS)


def test_the_last_flush_comes_before_the_record_says_ended(table: Table) -> None:  # noqa: ARG001
    watched = WatchedTable()
    drain(begun(ScriptedModel(*spoken("Hi")), streams=StreamRepository(watched)))
    assert watched.requests[-2:] == ["PutItem", "TransactWriteItems"]


def test_a_short_stream_makes_a_flush_at_each_end_and_one_transaction(table: Table) -> None:  # noqa: ARG001
    watched = WatchedTable()
    said = threading.Event()
    run = begun(ScriptedModel(said, *spoken(*["x "] * 500)), streams=StreamRepository(watched))
    reader = Reader(run)
    reader.wait_for_batches(1)
    wait_until_written(run)
    said.set()
    reader.rest()
    run.join()
    assert sorted(watched.requests) == ["PutItem", "PutItem", "TransactWriteItems"]


@pytest.mark.usefixtures("little_patience")
def test_a_journal_that_cannot_be_closed_costs_no_client_its_end_and_tells_no_reader_that_it_is_whole(
    table: Table, logs: Logs
) -> None:
    watched = WatchedTable()
    watched.fail("PutItem")
    told = drain(begun(ScriptedModel(*spoken("Hi")), streams=StreamRepository(watched)))
    assert (text_of(told), told[-1]["type"]) == ("Hi", "finish")
    assert logs.lines("the journal gives up: its last write takes too long")
    assert booked(table)["stopReason"] == "end_turn"
    reading = Tail(JournalReader(watched), StreamRepository(watched)).follow(OWNER, STREAM, until=within(WAIT_SECONDS))
    assert reading.take() is None
    assert not reading.complete


@pytest.mark.usefixtures("little_patience")
def test_a_settlement_that_hangs_costs_no_client_its_end_and_counts_when_it_comes_about(
    table: Table, logs: Logs
) -> None:
    watched = WatchedTable()
    _, free = watched.hold("TransactWriteItems")
    told = drain(begun(ScriptedModel(*spoken("Hi")), streams=StreamRepository(watched)))
    assert (text_of(told), told[-1]["type"]) == ("Hi", "finish")
    [line] = logs.lines("ending the stream takes too long")
    assert (line["streamId"], line["stopReason"], line["usage"]["outputTokens"]) == (STREAM, "end_turn", 7)
    assert (logs.lines("stream ended"), logs.metrics()) == ([], [])
    free.set()
    for thread in threading.enumerate():
        if thread.name == "settlement":
            thread.join(WAIT_SECONDS)
    assert booked(table)
    assert (len(logs.lines("stream ended")), len(logs.metrics())) == (1, 1)


@pytest.mark.usefixtures("little_patience", "impatient")
def test_a_stream_that_cannot_be_ended_in_the_table_ends_all_the_same_and_the_log_keeps_its_usage(
    table: Table, logs: Logs
) -> None:
    watched = WatchedTable()
    watched.fail("TransactWriteItems")
    run = begun(ScriptedModel(*spoken("Hi")), streams=StreamRepository(watched))
    assert drain(run)[-1]["type"] == "finish"
    run.join()
    [line] = logs.lines("ending the stream failed")
    assert line["level"] == "ERROR"
    assert line["usage"] == {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    assert (line["streamId"], line["stopReason"]) == (STREAM, "end_turn")
    assert (logs.lines("stream ended"), logs.metrics()) == ([], [])
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1, startedAt=1)
    assert len(list(Reaper(repository(), JournalReader(table_client())).sweep("websocket"))) == 1
    assert (len(logs.lines("stream ended")), len(logs.metrics())) == (1, 1), "the reaper counts what it has ended"


def test_without_time_the_end_still_waits_a_moment_for_the_table(table: Table) -> None:
    parts_of(ScriptedModel(SILENCE), seconds=0.0)
    assert booked(table)["stopReason"] == "deadline"


def test_one_log_line_and_one_metrics_record_tell_of_a_stream_without_a_word_of_it(table: Table, logs: Logs) -> None:  # noqa: ARG001
    parts_of(ScriptedModel(*spoken("Rayleigh ", "scattering")))
    [line] = logs.lines("stream ended")
    assert (line["streamId"], line["correlation_id"]) == (STREAM, "correlation-1")
    assert line["usage"] == {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    assert (line["stopReason"], line["model"]) == ("end_turn", "amazon.nova-lite-v1:0")
    [metrics] = logs.metrics()
    assert (metrics["model"], metrics["service"], metrics["stack"]) == ("amazon.nova-lite-v1:0", "test", "pr-7")
    names = written(metrics)
    assert names.keys() == {frozenset({"service", "stack"}), frozenset({"service", "stack", "model"})}
    assert names[frozenset({"service", "stack"})] == set(StackMetric)
    assert names[frozenset({"service", "stack", "model"})] == set(ModelMetric)
    assert (metrics["FailedStreams"], metrics["ReapedStreams"], metrics["ThrottledStreams"]) == ([0], [0], [0])
    assert metrics["DeliveryLag"][0] < WAIT_SECONDS * 1000
    assert metrics["OutputTokens"] == [7]
    assert "Rayleigh" not in logs.text
    assert "sky" not in logs.text


def written(metrics: Mapping[str, Any]) -> dict[frozenset[str], set[str]]:
    """The names of the metrics of each set of dimensions. Each has one value, and one namespace has all."""
    directives = metrics["_aws"]["CloudWatchMetrics"]
    assert {directive["Namespace"] for directive in directives} == {NAMESPACE}
    names = {frozenset(d["Dimensions"][0]): {metric["Name"] for metric in d["Metrics"]} for d in directives}
    assert all(len(metrics[name]) == 1 for each in names.values() for name in each)
    return names


@pytest.mark.parametrize(
    ("said", "failed", "throttled"),
    [
        (ModelThrottled("Busy."), 1, 1),
        (ModelUnavailable("The model's answer broke off."), 1, 0),
        (Stop("guardrail_intervened", "content-filter", blocked=True), 0, 0),
    ],
)
def test_a_stream_counts_as_failed_unless_a_guardrail_ended_it(
    table: Table,  # noqa: ARG001
    logs: Logs,
    said: StreamwaysError | Stop,
    failed: int,
    throttled: int,
) -> None:
    parts_of(ScriptedModel(said))
    [metrics] = logs.metrics()
    assert (metrics["FailedStreams"], metrics["ThrottledStreams"]) == ([failed], [throttled])


def test_a_stream_that_its_deadline_cut_off_counts_as_failed(table: Table, logs: Logs) -> None:  # noqa: ARG001
    parts_of(ScriptedModel(SILENCE), seconds=0.0)
    assert [metrics["FailedStreams"] for metrics in logs.metrics()] == [[1]]


def test_a_stream_that_its_user_stopped_counts_as_one_that_did_not_fail(table: Table, logs: Logs) -> None:  # noqa: ARG001
    run = StreamRun(running(), model=ScriptedModel(), repository=repository(), ends_at=within(MINUTE))
    run.begin_ended("cancelled")
    assert drain(run)[-1]["type"] == "abort"
    assert [metrics["FailedStreams"] for metrics in logs.metrics()] == [[0]]


def test_a_silent_failed_stream_has_metrics_without_a_first_token(table: Table, logs: Logs) -> None:  # noqa: ARG001
    parts_of(ScriptedModel(ModelThrottled("Busy.")))
    [metrics] = logs.metrics()
    assert "TimeToFirstToken" not in metrics
    assert "TokensPerSecond" not in metrics


def test_metrics_that_cannot_be_written_cost_the_client_nothing(
    table: Table, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE")
    parts = parts_of(ScriptedModel(*spoken("Hi")))
    assert parts[-1]["type"] == "finish"
    assert booked(table)["stopReason"] == "end_turn"
    assert "Namespace" in logs.text or "namespace" in logs.text


def test_a_failure_of_the_model_is_logged_with_its_code_and_reason(table: Table, logs: Logs) -> None:  # noqa: ARG001
    parts_of(ScriptedModel(ModelUnavailable("The model's answer broke off.", reason="ThrottlingException 4711")))
    [line] = logs.lines("the model failed")
    assert (line["code"], line["reason"], line["streamId"]) == ("model_unavailable", "ThrottlingException 4711", STREAM)


def test_a_stream_that_cannot_be_settled_ends_for_its_client_all_the_same(
    table: Table,  # noqa: ARG001
    logs: Logs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(UsageRecord, "metadata", lambda *_: 1 / 0)
    told = drain(begun(ScriptedModel(*spoken("Hi"))))
    assert (text_of(told), told[-1]["type"]) == ("Hi", "error")
    assert logs.lines("the outcome of the stream is not known")
