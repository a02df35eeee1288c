"""Every refusal and failure as one error: what a stock HTTP transport behind `typedErrors` makes of an answer."""

import json
from collections.abc import Iterator

import pytest

from shared.errors import StreamwaysError
from tests.support.stock import StockClient


def test_a_refusal_has_code_text_and_seconds(stock: StockClient) -> None:
    body = {"code": "rate_limited", "message": "Too fast.", "retryAfter": 7}
    parts, error = stock.answered(429, json.dumps({"error": body}))
    assert (parts, error) == ([], {"name": "Refusal", **body})


def every_error(tree: type[StreamwaysError] = StreamwaysError) -> Iterator[type[StreamwaysError]]:
    for child in tree.__subclasses__():
        yield child
        yield from every_error(child)


@pytest.mark.parametrize("error", sorted(every_error(), key=lambda error: error.__name__))
def test_every_refusal_of_the_platform_is_read(stock: StockClient, error: type[StreamwaysError]) -> None:
    body = {"code": error.code, "message": "Why", "retryAfter": 3}
    assert stock.answered(error.status, json.dumps({"error": body}))[1] == {"name": "Refusal", **body}


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (403, '{"Message": "Forbidden"}', "forbidden", "Forbidden"),
        (429, '{"message": "Rate exceeded"}', "rate_limited", "Rate exceeded"),
        (429, "", "rate_limited", "HTTP 429"),
        (502, "<html>Bad Gateway</html>", "internal", "HTTP 502"),
        (500, '{"error": {"message": "no code"}}', "internal", "HTTP 500"),
        (504, '{"message": ["no text"]}', "internal", "HTTP 504"),
    ],
)
def test_what_aws_refuses_itself_has_the_code_of_its_status(
    stock: StockClient, status: int, body: str, code: str, message: str
) -> None:
    assert stock.answered(status, body)[1] == {"name": "Refusal", "code": code, "message": message}


def test_a_lost_network_is_no_refusal(stock: StockClient) -> None:
    assert stock.answered(None)[1] == {"name": "TypeError", "message": "Failed to fetch"}


def events(*parts: dict[str, object]) -> str:
    return "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"


DELTA: dict[str, object] = {"type": "text-delta", "id": "t", "delta": "a"}
START: dict[str, object] = {"type": "start", "messageId": "m-1"}
ERROR: dict[str, object] = {"type": "error", "errorText": "The model is busy."}


def test_a_failure_inside_a_stream_is_the_same_error_after_all_that_came(stock: StockClient) -> None:
    data = {"code": "model_throttled", "message": "The model is busy.", "retryAfter": 5}
    told: dict[str, object] = {"type": "data-error", "transient": True, "data": data}
    parts, error = stock.answered(200, events(START, *[DELTA] * 100, told, ERROR))
    assert (parts, error) == ([START, *[DELTA] * 100, told], {"name": "Refusal", **data})


@pytest.mark.parametrize("data", [None, "text", [], {}, {"code": 7}], ids=str)
def test_a_failure_without_a_code_is_left_to_the_ai_sdk(stock: StockClient, data: object) -> None:
    told: dict[str, object] = {"type": "data-error", "transient": True, "data": data}
    assert stock.answered(200, events(START, told, ERROR)) == ([START, told, ERROR], None)
    assert stock.answered(200, events(START, ERROR)) == ([START, ERROR], None)


ADAPTERS_TEXT = (
    "Lambda-Runtime-Function-Error-Type: Runtime.StreamError\r\n"
    "Lambda-Runtime-Function-Error-Body: ZXJyb3IgcmVhZGluZyBhIGJvZHkgZnJvbSBjb25uZWN0aW9u\r\n"
)
HALF = 'data: {"type": "text-de'


@pytest.mark.parametrize(
    "end",
    ["", "data: [DONE]\n\n", HALF, ADAPTERS_TEXT, f"{HALF}{ADAPTERS_TEXT}"],
    ids=["nothing", "done", "half a part", "the Web Adapter's text", "that text behind half a part"],
)
def test_a_body_that_ends_without_a_terminal_part_is_cut(stock: StockClient, end: str) -> None:
    """The real Web Adapter ends the body of a function that died as if it were whole."""
    parts, error = stock.answered(200, events(START, DELTA).removesuffix("data: [DONE]\n\n") + end)
    assert parts == [START, DELTA]
    assert error == {"name": "TypeError", "message": "The network connection was lost before the answer had ended."}


@pytest.mark.parametrize("terminal", [{"type": "finish"}, {"type": "abort"}, ERROR], ids=lambda part: part["type"])
def test_a_terminal_part_ends_an_answer_well(stock: StockClient, terminal: dict[str, object]) -> None:
    assert stock.answered(200, events(START, DELTA, terminal)) == ([START, DELTA, terminal], None)


def test_who_reads_no_more_lets_go_of_the_answer(stock: StockClient) -> None:
    stock.leave(events(START, DELTA))
