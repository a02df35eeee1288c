"""The figures of several runs: medians of those that finished well, and by what name they are shown."""

from io import StringIO

import pytest
from rich.console import Console

from streamways.cli.figures import figures_of, medians_event, saved_row
from streamways.cli.results_table import results
from streamways.clients.client import Received
from streamways.clients.errors import Cut
from streamways.target.races import Raced
from streamways.target.streams import Outcome


def run(first_ms: float, tokens: int | None = 30, *, texts: int = 3, architecture: str = "websocket") -> Outcome:
    """A run whose texts come a second apart, the first one after so long."""
    usage = {} if tokens is None else {"messageMetadata": {"usage": {"inputTokens": 5, "outputTokens": tokens}}}
    parts: list[dict[str, object]] = [{"type": "text-delta", "id": "t", "delta": "x"}] * texts
    finish: dict[str, object] = {"type": "finish", "finishReason": "stop", **usage}
    received = [Received(n, part, first_ms + 1000 * n, n) for n, part in enumerate([*parts, finish])]
    return Outcome(architecture, received)


def cut(first_ms: float) -> Outcome:
    outcome = run(first_ms)
    outcome.received.pop()
    outcome.failure = Cut("the connection broke")
    return outcome


@pytest.mark.parametrize(
    ("firsts", "median"), [([500], 500), ([900, 300, 400], 400), ([100, 400, 200, 300], 250), ([5000, 1, 2, 3, 4], 3)]
)
def test_each_figure_is_the_median_of_its_runs(firsts: list[float], median: float) -> None:
    figures = figures_of([run(first) for first in firsts])
    assert figures.runs == len(firsts)
    assert figures.ttft_ms == median
    assert figures.total_ms == median + 3000
    assert figures.tokens_per_second == 15
    assert figures.usage == {"inputTokens": 5, "outputTokens": 30}


def test_each_figure_has_a_median_of_its_own() -> None:
    figures = figures_of([run(100, 10, texts=5), run(200, 20, texts=3), run(300, 30, texts=4)])
    assert (figures.ttft_ms, figures.messages, figures.total_ms) == (200, 5, 4300)
    assert figures.usage == {"inputTokens": 5, "outputTokens": 20}


def test_a_run_that_failed_does_not_count_unless_all_failed() -> None:
    assert (figures_of([run(100), cut(9000), run(300)]).ttft_ms, figures_of([cut(100), run(7)]).runs) == (200, 1)
    failed = figures_of([cut(100), cut(300)])
    assert (failed.ttft_ms, failed.usage, failed.runs) == (200, None, 2)
    nothing = figures_of([Outcome("websocket", failure=Cut("nothing came"))])
    assert (nothing.ttft_ms, nothing.messages, nothing.cost) == (None, 0, None)


def test_of_a_figure_that_a_run_lacks_it_is_the_median_of_the_others() -> None:
    assert figures_of([run(100, None), run(200, 40), run(300, 20)]).usage == {"inputTokens": 5, "outputTokens": 30}


def test_the_cost_is_the_median_of_what_the_runs_cost() -> None:
    runs = [run(100, texts=9), run(100, texts=2), run(100, texts=5)]
    cost = figures_of(runs).cost
    assert cost is not None
    assert cost == figures_of([runs[2]]).cost
    assert cost.services > 0


def test_scripts_and_files_get_the_medians_by_the_names_of_a_single_run() -> None:
    runs = [run(100), cut(9000), run(300)]
    event, row = medians_event(runs), saved_row(runs)
    assert (event["event"], event["runs"], event["ttftMs"], event["architecture"]) == ("medians", 2, 200, "websocket")
    assert (row["runs"], row["ttftMs"], row["failed"], row["finishReason"]) == (2, 200, True, "stop")
    assert "the connection broke" not in str(row)


def test_the_table_says_of_how_many_runs_it_has_the_medians_and_which_run_failed() -> None:
    console = Console(file=StringIO(), width=100)
    runs = [[run(first, architecture="appsync"), run(1, architecture="websocket")] for first in (100, 900, 300)]
    runs[1][0].failure = Cut("the connection broke")
    console.print(results(Raced(runs, warm=True), emulated=True))
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "medians of 3 runs, after a warm-up" in text
    assert "appsync failed in run 2: the connection broke" in text
    assert [line.split()[:2] for line in text.splitlines() if line.startswith(("appsync ", "websocket "))][:2] == [
        ["appsync", "200"],
        ["websocket", "1"],
    ]
