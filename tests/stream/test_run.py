"""One stream from the model to its terminal part: how it may end, and that it always does, booked."""

import threading
from typing import Any

import pytest

from shared.errors import InvalidRequest, ModelThrottled, ModelUnavailable, StreamwaysError
from shared.models.events import BlockEnd, Delta, Stop, Usage
from shared.protocol.parts import Part
from shared.stream.outbox import Outbox
from shared.stream.registry import StreamRegistry
from shared.stream.run import DEADLINE_MARGIN_SECONDS, StreamRun
from tests.support.aws import TABLE, Table
from tests.support.logs import Logs
from tests.support.models import SILENCE, ScriptedModel, spoken
from tests.support.outboxes import Reader, drain, merged, text_of
from tests.support.server import WAIT_SECONDS
from tests.support.starts import MINUTE, OWNER, PROMPT, STREAM, running, start, within

NO_TIME = DEADLINE_MARGIN_SECONDS


def run(model: ScriptedModel, registry: StreamRegistry | None = None, seconds: float = MINUTE) -> list[Part]:
    """The parts of a whole stream, whose function has so many seconds."""
    outbox = Outbox()
    stream = StreamRun(start(), model=model, registry=registry or running(), outbox=outbox, ends_at=within(seconds))
    stream.begin()
    parts = drain(outbox)
    stream.join()
    assert model.left.wait(WAIT_SECONDS), "the model is still being read"
    return parts


def types(parts: list[Part]) -> list[object]:
    return [part["type"] for part in parts]


def failure(parts: list[Part]) -> tuple[Any, object]:
    """The data of the `data-error` part and the text of the `error` part, which must be the last two."""
    assert types(parts)[-3:] == ["message-metadata", "data-error", "error"]
    return parts[-2]["data"], parts[-1]["errorText"]


def booked(table: Table) -> dict[str, Any]:
    item = table.stream(OWNER, STREAM)
    assert item is not None
    assert item["state"] == "ended"
    return item


def test_an_answer_is_told_from_its_start_to_its_finish(table: Table) -> None:
    model = ScriptedModel(*spoken("Because ", "of ", "Rayleigh."))
    parts = merged(run(model))
    assert types(parts) == ["start", "start-step", "text-start", "text-delta", "text-end", "finish-step", "finish"]
    assert parts[0] == {"type": "start", "messageId": f"msg-{STREAM}", "messageMetadata": {"streamId": STREAM}}
    assert text_of(parts) == "Because of Rayleigh."
    assert parts[-1]["finishReason"] == "stop"
    assert booked(table)["stopReason"] == "end_turn"


def test_the_model_is_asked_what_the_user_asked_within_the_limit(table: Table) -> None:  # noqa: ARG001
    model = ScriptedModel(*spoken("x"))
    run(model)
    assert model.asked is not None
    messages, limit = model.asked
    assert ([message.text for message in messages], limit) == ([PROMPT], 1000)


def test_the_first_parts_are_there_before_the_model_says_anything(table: Table) -> None:  # noqa: ARG001
    outbox = Outbox()
    silent = ScriptedModel(SILENCE)
    stream = StreamRun(start(), model=silent, registry=running(), outbox=outbox, ends_at=within())
    stream.begin()
    assert [each.part["type"] for each in outbox.take()] == ["start", "start-step"]
    silent.interrupt()
    drain_rest(outbox, stream)


def drain_rest(outbox: Outbox, stream: StreamRun) -> None:
    while outbox.take():
        pass
    stream.join()


def test_the_terminal_part_carries_usage_cost_reason_and_timings(table: Table) -> None:
    metadata: Any = run(ScriptedModel(*spoken("x", reason="max_tokens")))[-1]
    assert metadata["finishReason"] == "length"
    metadata = metadata["messageMetadata"]
    assert metadata["usage"] == {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    assert metadata["cost"] == {"currency": "USD", "model": round((11 * 0.06 + 7 * 0.24) / 1e6, 9)}
    assert (metadata["stopReason"], metadata["streamId"]) == ("max_tokens", STREAM)
    assert metadata["model"] == "amazon.nova-lite-v1:0"
    assert 0 <= metadata["timings"]["firstTextMs"] <= metadata["timings"]["totalMs"]
    item = booked(table)
    assert {name: float(item["usage"][name]) for name in metadata["usage"]} == metadata["usage"]
    assert float(item["cost"]["model"]) == metadata["cost"]["model"]


def test_a_model_that_the_price_file_does_not_know_costs_null(table: Table) -> None:
    metadata: Any = run(ScriptedModel(*spoken("x"), model_id="some.model-v9:0"))[-1]["messageMetadata"]
    assert metadata["cost"] == {"currency": "USD", "model": None}
    assert booked(table)["cost"]["model"] is None


def test_reasoning_and_texts_are_blocks_of_their_own(table: Table) -> None:  # noqa: ARG001
    model = ScriptedModel(
        Delta("reasoning", 0, "Hm."),
        BlockEnd(0),
        Delta("text", 1, "A"),
        BlockEnd(1),
        BlockEnd(2),
        Delta("text", 3, "B"),
        BlockEnd(3),
        Stop("end_turn"),
        Usage(1, 1),
    )
    assert [(part["type"], part["id"]) for part in run(model) if "id" in part] == [
        ("reasoning-start", "reasoning-0"),
        ("reasoning-delta", "reasoning-0"),
        ("reasoning-end", "reasoning-0"),
        ("text-start", "text-1"),
        ("text-delta", "text-1"),
        ("text-end", "text-1"),
        ("text-start", "text-3"),
        ("text-delta", "text-3"),
        ("text-end", "text-3"),
    ]


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool-calls"),
        ("content_filtered", "content-filter"),
        ("malformed_model_output", "other"),
        ("something_new", "other"),
    ],
)
def test_the_stop_reason_in_the_words_of_the_sdk(stop_reason: str, finish_reason: str, table: Table) -> None:
    assert run(ScriptedModel(*spoken("x", reason=stop_reason)))[-1]["finishReason"] == finish_reason
    assert booked(table)["stopReason"] == stop_reason


def test_a_typed_error_of_the_model_ends_the_stream_with_its_code_and_closes_what_is_open(table: Table) -> None:
    parts = run(ScriptedModel(Delta("text", 0, "Hal"), ModelThrottled("Busy.", retry_after=5)))
    assert failure(parts) == ({"code": "model_throttled", "message": "Busy.", "retryAfter": 5}, "Busy.")
    assert types(parts)[-5:-3] == ["text-end", "finish-step"]
    assert text_of(parts) == "Hal"
    assert booked(table)["stopReason"] == "model_throttled"


def test_an_error_that_nobody_foresaw_is_ours_and_says_nothing_of_itself(table: Table, logs: Logs) -> None:
    data, words = failure(run(ScriptedModel(ZeroDivisionError("secret detail"))))
    assert data["code"] == "internal"
    assert "secret" not in f"{data}{words}"
    assert booked(table)["stopReason"] == "internal"
    [line] = logs.lines("reading the model failed")
    assert "ZeroDivisionError" in line["exception"]
    assert (line["streamId"], line["correlation_id"]) == (STREAM, "correlation-1")


def test_an_answer_that_breaks_off_without_a_stop_reason_is_not_passed_off_as_finished(table: Table) -> None:
    data, _ = failure(run(ScriptedModel(Delta("text", 0, "Hal"))))
    assert data["code"] == "model_unavailable"
    assert booked(table)["stopReason"] == "model_unavailable"


def test_an_answer_that_a_guardrail_ended_is_an_error_of_its_own(table: Table) -> None:
    data, _ = failure(run(ScriptedModel(*spoken("I cannot.", reason="guardrail_intervened"))))
    assert data["code"] == "content_blocked"
    assert booked(table)["stopReason"] == "content_blocked"


def test_half_a_surrogate_pair_from_the_model_ends_the_stream_and_no_more(table: Table, logs: Logs) -> None:  # noqa: ARG001
    data, _ = failure(run(ScriptedModel(*spoken("\ud83d"))))
    assert data["code"] == "internal"


def test_at_the_deadline_a_silent_model_is_interrupted_and_the_stream_ends_with_what_came(table: Table) -> None:
    model = ScriptedModel(Delta("text", 0, "So far"), SILENCE)
    parts = run(model, seconds=NO_TIME + 0.2)
    assert model.interrupted.is_set()
    assert text_of(parts) == "So far"
    assert types(parts)[-3:] == ["text-end", "finish-step", "finish"]
    assert parts[-1]["finishReason"] == "other"
    metadata: Any = parts[-1]["messageMetadata"]
    assert metadata["stopReason"] == booked(table)["stopReason"] == "deadline"
    assert metadata["usage"]["estimated"] is True


@pytest.mark.parametrize("remaining", [NO_TIME, 0.0, -5.0])
def test_a_stream_that_has_no_time_at_all_ends_at_once(remaining: float, table: Table) -> None:
    model = ScriptedModel(SILENCE)
    parts = run(model, seconds=remaining)
    assert types(parts) == ["start", "start-step", "finish-step", "finish"]
    assert booked(table)["stopReason"] == "deadline"


def test_an_error_that_the_interruption_itself_provokes_is_not_told(table: Table) -> None:  # noqa: ARG001
    interrupted = threading.Event()

    class Broken(ScriptedModel):
        def interrupt(self) -> None:
            super().interrupt()
            interrupted.set()

    model = Broken(Delta("text", 0, "So far"), interrupted, ModelUnavailable("broke off"))
    assert run(model, seconds=NO_TIME + 0.2)[-1]["type"] == "finish"


def test_a_model_that_cannot_be_interrupted_does_not_keep_the_stream_from_its_end(table: Table, logs: Logs) -> None:
    class Deaf(ScriptedModel):
        def interrupt(self) -> None:
            super().interrupt()
            raise RuntimeError("the connection is gone already")

    assert run(Deaf(SILENCE), seconds=NO_TIME)[-1]["type"] == "finish"
    assert booked(table)["stopReason"] == "deadline"
    assert logs.lines("interrupting the model failed")


def test_the_deadline_also_ends_a_stream_whose_reader_has_stopped_taking(table: Table) -> None:
    outbox = Outbox(max_pending_bytes=1000)
    model = ScriptedModel(*spoken(*["x" * 100] * 1000))
    stream = StreamRun(start(), model=model, registry=running(), outbox=outbox, ends_at=within(NO_TIME + 0.2))
    stream.begin()
    stream.join()
    assert model.left.wait(WAIT_SECONDS)
    assert booked(table)["stopReason"] == "deadline"
    assert drain(outbox)[-1]["type"] == "finish"


@pytest.mark.parametrize(("asked", "said", "tokens"), [("", 0, (0, 0)), ("abcd", 1, (1, 1)), ("abcde", 9, (2, 3))])
def test_what_the_provider_did_not_get_to_say_is_estimated(
    asked: str, said: int, tokens: tuple[int, int], table: Table
) -> None:
    outbox = Outbox()
    model = ScriptedModel(*[Delta("text", 0, "x")] * said)
    stream = StreamRun(start(prompt=asked), model=model, registry=running(), outbox=outbox, ends_at=within())
    stream.begin()
    parts = drain(outbox)
    usage: Any = parts[-3]["messageMetadata"]
    assert usage["usage"] == {
        "inputTokens": tokens[0],
        "outputTokens": tokens[1],
        "totalTokens": sum(tokens),
        "estimated": True,
    }
    assert booked(table)["usage"]["estimated"] is True


def test_the_stream_is_booked_before_its_terminal_part_is_handed_out(table: Table) -> None:
    running()
    registry = StreamRegistry(TABLE)
    booking, may_book = threading.Event(), threading.Event()

    def hold(**_: object) -> None:
        booking.set()
        assert may_book.wait(WAIT_SECONDS)

    registry.client.meta.events.register_first("before-send.dynamodb.UpdateItem", hold)
    outbox = Outbox()
    stream = StreamRun(start(), model=ScriptedModel(*spoken("Hi")), registry=registry, outbox=outbox, ends_at=within())
    stream.begin()
    assert booking.wait(WAIT_SECONDS)
    so_far = [each.part["type"] for each in outbox.take()]
    assert so_far == ["start", "start-step", "text-start", "text-delta", "text-end"]
    reader = Reader(outbox)
    may_book.set()
    reader.wait_for_batches(1)
    assert booked(table)
    assert [each.part["type"] for each in reader.batches[0]] == ["finish-step", "finish"]
    stream.join()


def test_a_stream_that_cannot_be_booked_ends_all_the_same_and_the_log_keeps_the_booking(
    table: Table, logs: Logs
) -> None:
    registry = running()
    table.delete()
    parts = run(ScriptedModel(*spoken("Hi")), registry)
    assert parts[-1]["type"] == "finish"
    assert logs.lines("booking the stream failed")
    [line] = logs.lines("stream ended")
    assert line["usage"] == {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    assert (line["streamId"], line["stopReason"]) == (STREAM, "end_turn")


def test_a_stream_whose_reader_is_gone_is_read_and_booked_to_its_end(table: Table) -> None:
    outbox = Outbox(max_pending_bytes=1000)
    model = ScriptedModel(*spoken(*["x" * 100] * 100))
    stream = StreamRun(start(), model=model, registry=running(), outbox=outbox, ends_at=within())
    stream.begin()
    outbox.abandon()
    stream.join()
    item = booked(table)
    assert (item["stopReason"], int(item["usage"]["outputTokens"])) == ("end_turn", 7)


def test_one_log_line_and_one_metrics_record_tell_of_a_stream_without_a_word_of_it(table: Table, logs: Logs) -> None:  # noqa: ARG001
    run(ScriptedModel(*spoken("Rayleigh ", "scattering")))
    [line] = logs.lines("stream ended")
    assert (line["streamId"], line["correlation_id"]) == (STREAM, "correlation-1")
    assert line["usage"] == {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    assert (line["stopReason"], line["model"]) == ("end_turn", "amazon.nova-lite-v1:0")
    [metrics] = logs.metrics()
    [directive] = metrics["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Streamways"
    assert [sorted(names) for names in directive["Dimensions"]] == [["model", "service"]]
    assert {metric["Name"] for metric in directive["Metrics"]} >= {
        "TimeToFirstToken",
        "InputTokens",
        "OutputTokens",
        "CostUSD",
        "Duration",
    }
    assert metrics["OutputTokens"] == [7]
    assert "Rayleigh" not in logs.text
    assert "sky" not in logs.text


def test_a_silent_failed_stream_has_metrics_without_a_first_token(table: Table, logs: Logs) -> None:  # noqa: ARG001
    run(ScriptedModel(ModelThrottled("Busy.")))
    [metrics] = logs.metrics()
    assert "TimeToFirstToken" not in metrics
    assert "TokensPerSecond" not in metrics


@pytest.mark.parametrize("refusal", [ModelThrottled("Busy."), InvalidRequest("Too long.")])
def test_a_call_that_the_model_refused_costs_nothing(refusal: StreamwaysError, table: Table) -> None:
    run(ScriptedModel(refusal))
    item = booked(table)
    assert item["usage"] == {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    assert item["cost"]["model"] == 0


def test_a_call_that_broke_off_before_it_said_anything_may_have_cost_what_was_asked(table: Table) -> None:
    run(ScriptedModel(ModelUnavailable("broke off")))
    item = booked(table)
    assert (int(item["usage"]["inputTokens"]), item["usage"]["estimated"]) == (len(PROMPT) // 4, True)


def test_metrics_that_cannot_be_written_cost_the_client_nothing(
    table: Table, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE")
    parts = run(ScriptedModel(*spoken("Hi")))
    assert parts[-1]["type"] == "finish"
    assert booked(table)["stopReason"] == "end_turn"
    assert "Namespace" in logs.text or "namespace" in logs.text


def test_a_failure_of_the_model_is_logged_with_its_code_and_reason(table: Table, logs: Logs) -> None:  # noqa: ARG001
    run(ScriptedModel(ModelUnavailable("The model's answer broke off.", reason="ThrottlingException 4711")))
    [line] = logs.lines("the model failed")
    assert (line["code"], line["reason"], line["streamId"]) == ("model_unavailable", "ThrottlingException 4711", STREAM)


def test_the_end_waits_for_the_reader_to_hang_up_or_a_frozen_function_would_keep_the_model_s_line(
    table: Table,  # noqa: ARG001
) -> None:
    may_leave = threading.Event()
    outbox = Outbox()
    model = ScriptedModel(SILENCE, on_leaving=may_leave)
    StreamRun(start(), model=model, registry=running(), outbox=outbox, ends_at=within(NO_TIME)).begin()
    reader = Reader(outbox)
    assert model.interrupted.wait(WAIT_SECONDS)
    assert not reader.hears("finish", within=0.1)
    may_leave.set()
    assert reader.hears("finish", within=WAIT_SECONDS)
