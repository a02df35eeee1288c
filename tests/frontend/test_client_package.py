"""The client package of the frontend: its fetch, and the order it brings parts into."""

import json

import pytest

from tests.support.stock import StockClient

A, B, C = ({"type": "text-delta", "id": "t", "delta": text} for text in "abc")
FINISH: dict[str, object] = {"type": "finish"}


@pytest.mark.parametrize("status", [200, 204, 205, 304, 404])
def test_a_response_passes_the_cancelling_fetch_whatever_its_status(stock: StockClient, status: int) -> None:
    """In browsers a response of every status has a body stream, and no `Response` can be made of one with a 204."""
    text = "" if status in (204, 205, 304) else "data: [DONE]"
    assert stock.passed(status, text) == (status, text)


def batch(first: int, *parts: dict[str, object], epoch: int = 0) -> dict[str, object]:
    encoded = [json.dumps(part) for part in parts]
    return {"epoch": epoch, "firstSequence": first, "parts": encoded, "cursor": f"place-{first + len(parts) - 1}"}


@pytest.mark.parametrize(
    "batches",
    [
        [batch(0, A, B), batch(2, C, FINISH)],
        [batch(2, C, FINISH), batch(0, A, B)],
        [batch(0, A, B), batch(0, A, B), batch(2, C, FINISH)],
        [batch(1, B, C), batch(0, A), batch(3, FINISH)],
        [batch(0, A), batch(0, A, B, C), batch(1, B, C, FINISH)],
    ],
    ids=["in order", "reordered", "twice", "a gap that is filled", "overlapping"],
)
def test_parts_come_once_and_in_order(stock: StockClient, batches: list[dict[str, object]]) -> None:
    assert stock.ordered(batches) == [A, B, C, FINISH]


def test_what_follows_a_gap_waits(stock: StockClient) -> None:
    assert stock.ordered([batch(0, A), batch(2, C, FINISH)]) == [A]


END: list[dict[str, object]] = [{"type": "text-end", "id": "t"}, {"type": "finish-step"}]
ERROR: list[dict[str, object]] = [{"type": "data-error", "data": {}}, {"type": "error", "errorText": "lost"}]


@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_an_end_that_is_numbered_below_what_has_come_is_the_end(stock: StockClient, first: int) -> None:
    """A worker that was killed had published what never reached the journal."""
    published = [A, B, C, A, B]
    assert stock.ordered([batch(0, *published), batch(first, *END, *ERROR, epoch=1)]) == [*published, *ERROR]


def test_an_end_that_is_numbered_behind_what_has_come_is_told_whole(stock: StockClient) -> None:
    assert stock.ordered([batch(0, A), batch(1, *END, *ERROR, epoch=1)]) == [A, *END, *ERROR]


def test_an_end_that_waits_for_a_gap_is_the_end_whatever_fills_the_gap(stock: StockClient) -> None:
    late = batch(1, B, C, A)
    assert stock.ordered([batch(0, A), batch(2, *END, *ERROR, epoch=1), late]) == [A, B, C, A, *ERROR]
