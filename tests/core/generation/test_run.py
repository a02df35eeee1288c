"""One stream from the model to its terminal part: what is told, journaled, booked and kept of an answer."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from shared.errors import InvalidRequest, ModelThrottled, ModelUnavailable, StreamwaysError
from shared.generation import usage_meter
from shared.models.events import BlockEnd, Delta, Stop, Usage
from shared.streams.repository import StreamRepository
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.models import SILENCE, ScriptedModel, spoken
from tests.support.outboxes import drain, merged, taken, text_of
from tests.support.runs import begun, booked, failure, journaled, parts_of, types
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, PROMPT, STREAM, repository, running
from tests.support.tables import WatchedTable


def test_an_answer_is_told_from_its_start_to_its_finish(table: Table) -> None:
    model = ScriptedModel(*spoken("Because ", "of ", "Rayleigh."))
    parts = merged(parts_of(model))
    assert types(parts) == ["start", "start-step", "text-start", "text-delta", "text-end", "finish-step", "finish"]
    assert parts[0] == {"type": "start", "messageId": f"msg-{STREAM}", "messageMetadata": {"streamId": STREAM}}
    assert text_of(parts) == "Because of Rayleigh."
    assert parts[-1]["finishReason"] == "stop"
    assert booked(table)["stopReason"] == "end_turn"


def test_the_model_is_asked_what_the_user_asked_within_the_limit(table: Table) -> None:  # noqa: ARG001
    model = ScriptedModel(*spoken("x"))
    parts_of(model)
    assert model.asked is not None
    messages, limit = model.asked
    assert ([message.text for message in messages], limit) == ([PROMPT], 1000)


def test_what_a_blocked_client_does_not_take_is_journaled_while_the_model_is_silent(table: Table) -> None:  # noqa: ARG001
    """Nothing else comes that would have the outbox look at its clock."""
    watched = WatchedTable()
    written = threading.Event()
    watched.before = lambda asked: written.set() if asked == "PutItem" else None
    run = begun(ScriptedModel(Delta("text", 0, "So far"), SILENCE), streams=StreamRepository(watched))
    assert written.wait(WAIT_SECONDS)
    repository().cancel(OWNER, STREAM)
    run.join()
    assert text_of(journaled()) == "So far"


def test_the_first_parts_are_there_before_the_model_says_anything(table: Table) -> None:  # noqa: ARG001
    silent = ScriptedModel(SILENCE)
    run = begun(silent)
    assert [part["type"] for part in taken(run)] == ["start", "start-step"]
    silent.interrupt()
    run.detach()
    run.join()


def test_the_terminal_part_carries_usage_cost_reason_and_timings(table: Table) -> None:
    metadata: Any = parts_of(ScriptedModel(*spoken("x", reason="max_tokens")))[-1]
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
    metadata: Any = parts_of(ScriptedModel(*spoken("x"), model_id="some.model-v9:0"))[-1]["messageMetadata"]
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
        Stop("end_turn", "stop"),
        Usage(1, 1),
    )
    assert [(part["type"], part["id"]) for part in parts_of(model) if "id" in part] == [
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


def test_the_first_text_is_timed_apart_from_reasoning(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1.0
        return now

    monkeypatch.setattr(usage_meter, "time", SimpleNamespace(monotonic=clock))
    count = usage_meter.UsageMeter("m")
    for event in (Delta("reasoning", 0, "Hm."), Delta("text", 1, "A"), Delta("text", 1, "B")):
        count.observe(event)
    usage_record = count.record("end_turn", None)
    assert usage_record.first_text_ms == 2000.0
    assert usage_record.tokens_per_second is not None


def test_the_answer_stands_in_the_history_of_its_chat_when_the_stream_has_ended(table: Table) -> None:
    parts_of(ScriptedModel(Delta("reasoning", 0, "Hm."), *spoken("Because ", "of ", "Rayleigh.")))
    question, answer = table.messages(CHAT)
    assert question["parts"] == [{"type": "text", "text": PROMPT}]
    assert (answer["id"], answer["state"]) == (f"msg-{STREAM}", "done")
    assert answer["parts"] == [{"type": "reasoning", "text": "Hm."}, {"type": "text", "text": "Because of Rayleigh."}]


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
    assert parts_of(ScriptedModel(*spoken("x", reason=stop_reason)))[-1]["finishReason"] == finish_reason
    assert booked(table)["stopReason"] == stop_reason


def test_a_typed_error_of_the_model_ends_the_stream_with_its_code_and_closes_what_is_open(table: Table) -> None:
    parts = parts_of(ScriptedModel(Delta("text", 0, "Hal"), ModelThrottled("Busy.", retry_after=5)))
    assert failure(parts) == ({"code": "model_throttled", "message": "Busy.", "retryAfter": 5}, "Busy.")
    assert types(parts)[-5:-3] == ["text-end", "finish-step"]
    assert text_of(parts) == "Hal"
    assert booked(table)["stopReason"] == "model_throttled"


def test_an_error_that_nobody_foresaw_is_ours_and_says_nothing_of_itself(table: Table, logs: Logs) -> None:
    data, words = failure(parts_of(ScriptedModel(ZeroDivisionError("secret detail"))))
    assert data["code"] == "internal"
    assert "secret" not in f"{data}{words}"
    assert booked(table)["stopReason"] == "internal"
    [line] = logs.lines("reading the model failed")
    assert "ZeroDivisionError" in line["exception"]
    assert (line["streamId"], line["correlation_id"]) == (STREAM, "correlation-1")


def test_an_answer_that_breaks_off_without_a_stop_reason_is_not_passed_off_as_finished(table: Table) -> None:
    data, _ = failure(parts_of(ScriptedModel(Delta("text", 0, "Hal"))))
    assert data["code"] == "model_unavailable"
    assert booked(table)["stopReason"] == "model_unavailable"


def test_an_answer_that_a_guardrail_ended_is_an_error_of_its_own(table: Table) -> None:
    data, _ = failure(parts_of(ScriptedModel(*spoken("I cannot.", reason="guardrail_intervened"))))
    assert data["code"] == "content_blocked"
    assert booked(table)["stopReason"] == "content_blocked"


def test_half_a_surrogate_pair_from_the_model_ends_the_stream_and_no_more(table: Table, logs: Logs) -> None:  # noqa: ARG001
    data, _ = failure(parts_of(ScriptedModel(*spoken("\ud83d"))))
    assert data["code"] == "internal"


@pytest.mark.parametrize(("asked", "said", "tokens"), [("abcd", 0, (1, 0)), ("abcd", 1, (1, 1)), ("abcde", 9, (2, 3))])
def test_what_the_provider_did_not_get_to_say_is_estimated(
    asked: str, said: int, tokens: tuple[int, int], table: Table
) -> None:
    parts = drain(begun(ScriptedModel(*[Delta("text", 0, "x")] * said), running(prompt=asked)))
    usage: Any = parts[-3]["messageMetadata"]
    assert usage["usage"] == {
        "inputTokens": tokens[0],
        "outputTokens": tokens[1],
        "totalTokens": sum(tokens),
        "estimated": True,
    }
    assert booked(table)["usage"]["estimated"] is True


@pytest.mark.parametrize("refusal", [ModelThrottled("Busy."), InvalidRequest("Too long.")])
def test_a_call_that_the_model_refused_costs_nothing(refusal: StreamwaysError, table: Table) -> None:
    parts_of(ScriptedModel(refusal))
    item = booked(table)
    assert item["usage"] == {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    assert item["cost"]["model"] == 0


def test_a_call_that_broke_off_before_it_said_anything_may_have_cost_what_was_asked(table: Table) -> None:
    parts_of(ScriptedModel(ModelUnavailable("broke off")))
    item = booked(table)
    assert (int(item["usage"]["inputTokens"]), item["usage"]["estimated"]) == (len(PROMPT) // 4, True)
