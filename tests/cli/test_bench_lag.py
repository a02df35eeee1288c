"""`bench lag`: what it makes of a recording, where it writes the figures, and that real workers can be measured."""

import asyncio
from pathlib import Path

import pytest

from streamways.bench.endpoints import Load, Recording
from streamways.bench.lag import measure
from streamways.bench.lag.figures import Figures, figures
from streamways.bench.lag.measure import Measured, Memory
from streamways.bench.lag.page import BEGIN, END, PAGE, write_page
from streamways.errors import CommandError

LOAD = Load(tokens=4, tokens_per_second=100, call_seconds=0.025)


def recorded(*delivered: tuple[float, str], requests: tuple[tuple[float, str], ...] = ()) -> Figures:
    """Of four tokens that the model sent at 10.0, 10.1, 10.2 and 10.3; it was asked at 9.5, and the worker at 9.2."""

    async def made() -> Recording:
        return Recording(LOAD)

    recording = asyncio.run(made())
    recording.sent_at = [10.0, 10.1, 10.2, 10.3]
    recording.asked_at = 9.5
    recording.delivered = list(delivered)
    recording.requests = list(requests)
    return figures("websocket", recording, handed_over_at=9.2)


def test_a_lag_is_from_the_model_to_the_end_of_the_delivery() -> None:
    seen = recorded((9.9, ""), (10.05, "0000 "), (10.35, "0001 0002 0003 "), (10.4, ""))
    assert (seen.first_text_ms, seen.last_token_ms, seen.p99_ms) == (
        pytest.approx(50),
        pytest.approx(50),
        pytest.approx(250),
    )
    assert (seen.tokens_lost, seen.text_messages_a_second, seen.control_messages) == (0, 2, 2)
    assert seen.misses == ["p99"]


@pytest.mark.parametrize(
    ("texts", "lost"),
    [
        (["0000 ", "0001 0002 0003 "], 0),
        (["0000 ", "0002 0003 "], 3),
        (["0000 ", "0000 0001 0002 0003 "], 3),
        (["0001 ", "0000 "], 4),
        ([], 4),
    ],
    ids=["whole", "a gap", "a double", "out of order", "nothing"],
)
def test_a_token_counts_only_in_its_place(texts: list[str], lost: int) -> None:
    assert recorded(*((10.4, text) for text in texts)).tokens_lost == lost


def test_requests_are_counted_where_they_belong() -> None:
    seen = recorded(
        (10.4, "0000 0001 0002 0003 "),
        requests=(
            *((9.0, "BatchGetItem"), (9.0, "Query"), (9.1, "TransactWriteItems")),
            *((9.3, "UpdateItem"), (9.4, "PutItem")),
            *((9.6, "PutItem"), (10.2, "UpdateItem")),
            *((10.35, "PutItem"), (10.4, "TransactWriteItems")),
        ),
    )
    assert (seen.requests_to_start, seen.requests_to_claim, seen.requests_to_end) == (3, 1, 2)
    assert seen.requests_a_second == pytest.approx(2 / 0.8)


def test_the_figures_are_written_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "measurements.md"
    page.write_text(f"# Before\n{BEGIN}\nold\n{END}\nafter\n")
    measured = Measured([recorded((10.35, "0000 0001 0002 0003 "))], [Memory("websocket", 50, 51)])
    for _ in range(2):
        write_page(measured, page)
    text = page.read_text()
    assert text.startswith(f"# Before\n{BEGIN}\n\n*Emulated*, ")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "old" not in text
    assert "| websocket | 25 | 100 | 350 | 60 | 350 | 50 | 100 | 1 | 0 |" in text
    assert text.count("| websocket | 50 | 51 |") == 1


def test_a_page_without_markers_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "measurements.md"
    page.write_text("# Another\n")
    with pytest.raises(CommandError, match="no place for the figures"):
        write_page(Measured([], []), page)
    assert page.read_text() == "# Another\n"


def test_the_documentation_has_a_place_for_the_figures() -> None:
    _, begin, rest = PAGE.read_text().partition(BEGIN)
    assert begin
    assert END in rest


def test_real_workers_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "TOKENS", 20)
    monkeypatch.setattr(measure, "LONG_ANSWER_TOKENS", 20)
    monkeypatch.setattr(measure, "TOKENS_PER_SECOND", (500,))
    monkeypatch.setattr(measure, "CALL_MS", (1,))
    steps: list[str] = []
    measured = measure.measure(steps.append)
    assert [stream.architecture for stream in measured.streams] == ["websocket", "appsync"]
    for stream in measured.streams:
        assert stream.tokens_lost == 0
        # In a chat that is there, which is what most starts meet: a new one has no history to read.
        assert (stream.requests_to_start, stream.requests_to_claim, stream.requests_to_end) == (3, 1, 2)
        assert stream.control_messages <= 9
    assert len(steps) == 4
