"""Writes the figures into the documentation, where they stand between two markers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sandbox.options import PROJECT_ROOT
from streamways.bench.lag.figures import Figures
from streamways.bench.lag.measure import LONG_ANSWER_TOKENS, TOKENS, Measured
from streamways.bench.lag.rows import cost_rows, memory_rows, stream_rows
from streamways.bench.table import Row
from streamways.errors import CommandError
from streamways.results.machine import machine

PAGE = PROJECT_ROOT / "docs" / "measurements.md"
BEGIN = "<!-- written by `streamways bench lag --write` -->"
END = "<!-- until here -->"


def write_page(measured: Measured, page: Path = PAGE) -> None:
    """Replaces what stands between the markers. Raises CommandError when they are not there."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise CommandError(f"{page} has no place for the figures: {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{written(measured)}\n{END}{after}")


def written(measured: Measured) -> str:
    """The figures in Markdown, with where and when they were taken."""
    streams, met = stream_rows(measured), sum(stream.met for stream in measured.streams)
    missed = [_missed(stream) for stream in measured.streams if not stream.met]
    return "\n".join(
        [
            f"*Emulated*, {datetime.now(UTC):%Y-%m-%d}, {machine()}. {met} of {len(streams)} streams met every limit.",
            *([f"Missed: {'; '.join(missed)}."] if missed else []),
            "",
            *_table(
                {
                    "architecture": "architecture",
                    "callMs": "delivery, ms",
                    "rate": "tokens/s",
                    "firstText": "first text, ms",
                    "firstLimit": "limit",
                    "p99": "p99, ms",
                    "last": "last token, ms",
                    "lagLimit": "limit",
                    "texts": "text messages/s",
                    "lost": "tokens lost",
                },
                streams,
            ),
            "",
            "The most messages without text, and requests to DynamoDB, of any stream:",
            "",
            *_table(
                {
                    "architecture": "architecture",
                    "otherMessages": "other messages",
                    "requestsToStart": "requests to start",
                    "requestsToClaim": "to claim",
                    "requestsEachSecond": "a second",
                    "requestsToEnd": "to end",
                },
                cost_rows(measured),
            ),
            "",
            "The most memory of a worker, in megabytes, with 500 tokens/s and a delivery of 80 ms:",
            "",
            *_table(
                {
                    "architecture": "architecture",
                    "shortMegabytes": f"after {TOKENS:,} tokens",
                    "longMegabytes": f"after {LONG_ANSWER_TOKENS:,} tokens",
                },
                memory_rows(measured),
            ),
            "",
        ]
    )


def _missed(stream: Figures) -> str:
    load = f"{stream.load.tokens_per_second:.0f} tokens/s, {stream.load.call_seconds * 1000:.0f} ms"
    return f"{stream.architecture} at {load} ({', '.join(stream.misses)})"


def _table(headings: dict[str, str], rows: Sequence[Row]) -> list[str]:
    cells = [[str(row[key]) for key in headings] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in [list(headings.values()), ["---"] * len(headings), *cells]]
