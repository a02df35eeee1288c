import pytest

from streamways.clients.client import Received
from streamways.clients.summary import StreamSummary, answer, error_text, summarise

USAGE = {"inputTokens": 20, "outputTokens": 30, "totalTokens": 50}
METADATA = {"streamId": "s", "usage": USAGE, "cost": {"currency": "USD", "model": 0.0000123}}


def received(*items: tuple[float, int, dict[str, object]]) -> list[Received]:
    return [Received(sequence, part, at, message) for sequence, (at, message, part) in enumerate(items)]


def delta(text: str) -> dict[str, object]:
    return {"type": "text-delta", "id": "t", "delta": text}


FINISH: dict[str, object] = {"type": "finish", "finishReason": "stop", "messageMetadata": METADATA}
WHOLE = received(
    (5, 0, {"type": "start", "messageId": "m", "messageMetadata": {"streamId": "s"}}),
    (5, 0, {"type": "text-start", "id": "t"}),
    (300, 1, delta("One")),
    (800, 2, delta(" two")),
    (1300, 3, delta(" three")),
    (1310, 4, FINISH),
)


def test_the_figures_of_a_whole_stream():
    summary = summarise(WHOLE)
    assert summary.ttft_ms == 300
    assert summary.tokens_per_second == pytest.approx(30.0)  # 30 tokens between 300 ms and 1300 ms
    assert summary.messages == 5
    assert summary.total_ms == 1310
    assert summary.usage == USAGE
    assert summary.model_cost == 0.0000123
    assert summary.finish_reason == "stop"
    assert answer(WHOLE) == "One two three"


def test_a_message_is_as_large_as_the_parts_that_it_carried():
    items = received((1, 0, delta("é")), (1, 0, delta("x")), (2, 1, delta("")))
    one = len('{"type": "text-delta", "id": "t", "delta": ""}')
    assert summarise(items).message_bytes == (2 * one + 3, one)


def test_text_that_came_all_at_once_has_no_rate():
    items = received((300, 0, delta("All")), (300, 0, delta(" at once")), (300, 0, FINISH))
    assert summarise(items).tokens_per_second is None


def test_nothing_received_has_no_figures():
    assert summarise([]) == StreamSummary(None, None, (), 0.0, None, None, None)


def test_a_stream_that_was_cut_has_no_finish_reason():
    assert summarise(WHOLE[:-1]).finish_reason is None
    assert summarise(WHOLE[:-1]).usage is None


def test_a_stream_that_failed_keeps_the_usage_that_was_told_before_and_names_the_code():
    items = received(
        (5, 0, {"type": "start"}),
        (6, 1, {"type": "message-metadata", "messageMetadata": METADATA}),
        (6, 1, {"type": "data-error", "transient": True, "data": {"code": "model_throttled", "message": "Busy."}}),
        (6, 1, {"type": "error", "errorText": "Busy."}),
    )
    summary = summarise(items)
    assert summary.finish_reason == "error"
    assert summary.usage == USAGE
    assert summary.model_cost == 0.0000123
    assert error_text(items) == "model_throttled: Busy."


def test_only_a_stream_that_ends_with_an_error_has_an_error_text():
    assert error_text(WHOLE) is None
    assert error_text([]) is None


def test_an_unknown_model_cost_stays_unknown():
    metadata = {**METADATA, "cost": {"currency": "USD", "model": None}}
    assert summarise(received((1, 0, {**FINISH, "messageMetadata": metadata}))).model_cost is None
