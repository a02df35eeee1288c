"""The parts that we emit, judged by the AI SDK's own schema and read by its own reader."""

import json
from typing import Any

import pytest

from shared import errors
from shared.errors import ModelThrottled, StreamwaysError
from shared.protocol import parts
from shared.protocol.parts import OpenBlocks, Part
from tests.support.stock import StockClient, text_of

METADATA: dict[str, object] = {
    "streamId": "s-1",
    "model": "amazon.nova-lite-v1:0",
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8},
    "cost": {"currency": "USD", "model": 0.000123},
    "timings": {"firstTextMs": None, "totalMs": 12.5},
}
WHOLE: list[Part] = [
    parts.start("msg-1", "s-1"),
    parts.start_step(),
    parts.block_start("reasoning", "reasoning-0"),
    parts.block_delta("reasoning", "reasoning-0", "Hm. "),
    {"type": "reasoning-end", "id": "reasoning-0"},
    parts.block_start("text", "text-1"),
    parts.block_delta("text", "text-1", "Hello "),
    parts.block_delta("text", "text-1", "wörld 🎈\n\0"),
    {"type": "text-end", "id": "text-1"},
    {"type": "finish-step"},
    parts.finish("stop", METADATA),
]
FINISH_REASONS = ["stop", "length", "tool-calls", "content-filter", "error", "other"]


def tree(error: type[StreamwaysError]) -> list[type[StreamwaysError]]:
    return [error, *(below for child in error.__subclasses__() for below in tree(child))]


ERRORS = [error for error in tree(StreamwaysError) if error is not StreamwaysError]


def failed(error: StreamwaysError) -> list[Part]:
    return [
        *WHOLE[:2],
        parts.block_start("text", "t"),
        parts.block_delta("text", "t", "Hel"),
        *parts.failure(error, METADATA),
    ]


@pytest.mark.parametrize("part", WHOLE, ids=lambda part: part["type"])
def test_the_sdk_accepts_a_part_of_the_type(part: Part, stock: StockClient) -> None:
    assert stock.problems([part]) == [None]


@pytest.mark.parametrize("reason", FINISH_REASONS)
def test_the_sdk_knows_the_finish_reason(reason: str, stock: StockClient) -> None:
    assert stock.problems([parts.finish(reason, METADATA)]) == [None]


def test_the_sdk_does_not_accept_just_anything(stock: StockClient) -> None:
    wrong = [
        {"type": "finish", "finishReason": "deadline"},
        {"type": "text-delta", "id": "t"},
        {"type": "error"},
        {"type": "streamways"},
    ]
    assert all(stock.problems(wrong))


def test_the_sdk_reads_text_reasoning_and_metadata_from_a_whole_stream(stock: StockClient) -> None:
    message, problems = stock.read(WHOLE)
    assert problems == []
    assert message["id"] == "msg-1"
    assert text_of(message) == "Hello wörld 🎈\n\0"
    assert [part["text"] for part in message["parts"] if part["type"] == "reasoning"] == ["Hm. "]
    assert {part.get("state") for part in message["parts"] if "text" in part} == {"done"}
    assert message["metadata"] == METADATA


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_the_sdk_reports_the_text_of_an_error_and_keeps_what_came_before(
    error: type[StreamwaysError], stock: StockClient
) -> None:
    failure = error("Please try later.")
    sent = failed(failure)
    assert stock.problems(sent) == [None] * len(sent)
    message, problems = stock.read(sent)
    assert problems == ["Please try later."]
    assert text_of(message) == "Hel"
    assert message["metadata"] == METADATA
    assert not any(part["type"].startswith("data-") for part in message["parts"]), "it would come back in the history"


def test_an_error_carries_its_code_for_machines_before_its_text_for_people() -> None:
    throttled = ModelThrottled("Busy.", retry_after=5)
    assert parts.failure(throttled, {})[1:] == [
        {
            "type": "data-error",
            "transient": True,
            "data": {"code": "model_throttled", "message": "Busy.", "retryAfter": 5},
        },
        {"type": "error", "errorText": "Busy."},
    ]


def stopped(reason: str) -> list[Part]:
    opened = [*WHOLE[:2], parts.block_start("text", "t"), parts.block_delta("text", "t", "Hel")]
    closed: list[Part] = [parts.block_end("text", "t"), {"type": "finish-step"}]
    return [*opened, *closed, parts.message_metadata(METADATA), parts.abort(reason)]


@pytest.mark.parametrize("reason", ["cancelled", "superseded"])
def test_the_sdk_keeps_what_came_before_a_stop_with_what_it_used(reason: str, stock: StockClient) -> None:
    sent = stopped(reason)
    assert stock.problems(sent) == [None] * len(sent)
    message, problems = stock.read(sent)
    assert (problems, text_of(message), message["metadata"]) == ([], "Hel", METADATA)


def test_the_sdk_accepts_the_error_of_a_tool(stock: StockClient) -> None:
    assert stock.problems([parts.tool_output_error("call-1", "Too large.")]) == [None]


def test_only_finish_abort_and_error_are_terminal() -> None:
    told = [*WHOLE, *failed(errors.Internal()), *stopped("cancelled")]
    assert [part["type"] for part in told if parts.is_terminal(part)] == ["finish", "error", "abort"]


def test_each_error_has_a_code_of_its_own_except_where_it_says_the_same() -> None:
    codes: dict[str, list[str]] = {}
    for error in ERRORS:
        codes.setdefault(error.code, []).append(error.__name__)
    assert {code: names for code, names in codes.items() if len(names) > 1} == {
        "unauthenticated": ["Unauthenticated", "SessionOver"],
        "invalid_request": ["InvalidRequest", "AlreadyStarted", "StreamCancelled", "MethodNotAllowed"],
        "internal": ["Internal", "Busy", "SecretEmpty"],
    }


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_the_tree_in_the_docstring_names_the_error_with_its_status(error: type[StreamwaysError]) -> None:
    assert errors.__doc__ is not None
    line = next(line for line in errors.__doc__.splitlines() if f"─ {error.__name__} " in line)
    assert f" {error.status} " in line


@pytest.mark.parametrize("cut", range(1, len(WHOLE)))
def test_what_is_open_when_a_stream_is_cut_can_be_closed(cut: int, stock: StockClient) -> None:
    blocks = OpenBlocks()
    for part in WHOLE[:cut]:
        blocks.observe(part)
    whole: list[Any] = [*WHOLE[:cut], *blocks.closing(), WHOLE[-1]]
    message, problems = stock.read(whole)
    assert problems == []
    assert {part.get("state") for part in message["parts"] if "text" in part} <= {"done"}
    assert [json.dumps(part) for part in whole].count('{"type": "finish-step"}') == (cut > 1)


def test_nothing_is_left_to_close_after_it_was_closed() -> None:
    blocks = OpenBlocks()
    for part in WHOLE[:4]:
        blocks.observe(part)
    closing = blocks.closing()
    assert closing == [{"type": "reasoning-end", "id": "reasoning-0"}, {"type": "finish-step"}]
    for part in closing:
        blocks.observe(part)
    assert blocks.closing() == []
