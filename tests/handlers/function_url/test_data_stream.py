"""AI SDK v4's line protocol: which line a part becomes, and when."""

import json

import pytest

from handlers.http.data_stream import DataStream
from shared.errors import ModelThrottled
from shared.protocol import parts
from shared.protocol.parts import Part

METADATA: dict[str, object] = {
    "streamId": "s-1",
    "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18},
}
USAGE = {"promptTokens": 11, "completionTokens": 7}


def lines(*told: Part) -> list[tuple[str, object]]:
    """The lines of a whole stream, as code and value."""
    encoding = DataStream()
    text = b"".join(encoding.encode(part, None) for part in told).decode()
    assert text == "" or text.endswith("\n")
    return [(line.partition(":")[0], json.loads(line.partition(":")[2])) for line in text.split("\n")[:-1]]


def codes(*told: Part) -> str:
    return "".join(code for code, _ in lines(*told))


def test_an_answer_is_told_from_its_step_to_its_finish() -> None:
    answer = [
        parts.start("msg-1", "s-1"),
        parts.start_step(),
        parts.block_start("reasoning", "r"),
        parts.block_delta("reasoning", "r", "Hm."),
        parts.block_end("reasoning", "r"),
        parts.block_start("text", "t"),
        parts.block_delta("text", "t", "Hello"),
        parts.block_delta("text", "t", " wörld"),
        parts.block_end("text", "t"),
        {"type": "finish-step"},
        parts.finish("length", METADATA),
    ]
    assert lines(*answer) == [
        ("8", [{"streamId": "s-1"}]),
        ("f", {"messageId": "msg-1"}),
        ("g", "Hm."),
        ("0", "Hello"),
        ("0", " wörld"),
        ("8", [METADATA]),
        ("e", {"finishReason": "length", "usage": USAGE, "isContinued": False}),
        ("d", {"finishReason": "length", "usage": USAGE}),
    ]


@pytest.mark.parametrize("text", ["line\nline\r\nline\rline", '0:"x"\nd:{}\n', "\u2028\u2029\x85", "\0", "🎈", ""])
def test_a_text_is_one_line_whatever_it_holds(text: str) -> None:
    encoded = DataStream().encode(parts.block_delta("text", "t", text), None)
    assert encoded.count(b"\n") == 1
    assert b"\r" not in encoded
    assert json.loads(encoded.removeprefix(b"0:")) == text


def test_a_failure_is_an_error_line_and_still_finishes_with_what_was_used() -> None:
    failure = parts.failure(ModelThrottled("Busy.", retry_after=5), METADATA)
    told = lines(parts.start("m", "s-1"), parts.start_step(), {"type": "finish-step"}, *failure)
    assert told[2:] == [
        ("8", [METADATA]),
        ("2", [{"type": "data-error", "data": {"code": "model_throttled", "message": "Busy.", "retryAfter": 5}}]),
        ("3", "Busy."),
        ("e", {"finishReason": "error", "usage": USAGE, "isContinued": False}),
        ("d", {"finishReason": "error", "usage": USAGE}),
    ]


def test_a_cancelled_answer_finishes_with_what_was_used() -> None:
    told = lines(
        parts.start("m", "s-1"),
        parts.start_step(),
        {"type": "finish-step"},
        parts.message_metadata(METADATA),
        parts.abort("cancelled"),
    )
    assert told[2:] == [
        ("8", [METADATA]),
        ("e", {"finishReason": "other", "usage": USAGE, "isContinued": False}),
        ("d", {"finishReason": "other", "usage": USAGE}),
    ]


def test_a_tool_is_called_between_two_steps() -> None:
    call: Part = {"toolCallId": "c-1", "toolName": "weather"}
    told = lines(
        parts.start("m", "s-1"),
        parts.start_step(),
        {"type": "tool-input-start", **call},
        {"type": "tool-input-delta", "toolCallId": "c-1", "inputTextDelta": '{"city":'},
        {"type": "tool-input-available", **call, "input": {"city": "Bern"}},
        {"type": "tool-output-available", "toolCallId": "c-1", "output": {"celsius": 4}},
        {"type": "finish-step"},
        parts.start_step(),
        {"type": "finish-step"},
        parts.finish("stop", METADATA),
    )
    assert told[2:8] == [
        ("b", call),
        ("c", {"toolCallId": "c-1", "argsTextDelta": '{"city":'}),
        ("9", {**call, "args": {"city": "Bern"}}),
        ("a", {"toolCallId": "c-1", "result": {"celsius": 4}}),
        ("e", {"finishReason": "tool-calls", "isContinued": False}),
        ("f", {"messageId": "m"}),
    ]
    assert [code for code, _ in told[8:]] == ["8", "e", "d"]


def test_a_tool_that_failed_has_a_result_that_says_so() -> None:
    assert lines(parts.tool_output_error("c-1", "Too long.")) == [
        ("a", {"toolCallId": "c-1", "result": {"error": "Too long."}})
    ]


def test_what_version_4_does_not_know_is_left_out() -> None:
    unknown: list[Part] = [{"type": kind} for kind in ("source-url", "file", "tool-approval-request", "custom")]
    assert codes(*unknown, parts.block_delta("text", "t", "x")) == "0"


def test_a_resume_within_an_answer_names_no_message_that_it_has_not_heard_of() -> None:
    assert codes(parts.start_step(), parts.block_delta("text", "t", "x"), {"type": "finish-step"}) == "0"


def test_usage_that_nobody_knows_is_not_told() -> None:
    assert lines({"type": "finish", "finishReason": "stop"}) == [("d", {"finishReason": "stop"})]
