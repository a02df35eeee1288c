"""The figures as rows, for the terminal, for JSON and for the documentation."""

import json
from collections.abc import Sequence

from streamways.bench.lag.measure import Measured
from streamways.bench.table import Row, print_rows


def print_measured(measured: Measured, *, as_json: bool) -> None:
    """Prints all rows: one table after the other, or one JSON object."""
    tables: dict[str, Sequence[Row]] = {
        "streams": stream_rows(measured),
        "costs": cost_rows(measured),
        "memory": memory_rows(measured),
    }
    if as_json:
        print(json.dumps(tables, indent=2))
        return
    for rows in tables.values():
        if rows:
            print_rows(rows, as_json=False)


def stream_rows(measured: Measured) -> list[Row]:
    """One row a stream: its lags in milliseconds beside their limits, and the most messages with text in a second."""
    return [
        {
            "architecture": stream.architecture,
            "callMs": round(stream.load.call_seconds * 1000),
            "rate": round(stream.load.tokens_per_second),
            "firstText": round(stream.first_text_ms),
            "firstLimit": round(stream.first_text_limit_ms),
            "p99": round(stream.p99_ms),
            "last": round(stream.last_token_ms),
            "lagLimit": round(stream.lag_limit_ms),
            "texts": stream.text_messages_a_second,
            "lost": stream.tokens_lost,
            "met": stream.met,
        }
        for stream in measured.streams
    ]


def cost_rows(measured: Measured) -> list[Row]:
    """One row an architecture: the most that any of its streams took of other messages and requests to DynamoDB."""
    rows: list[Row] = []
    for architecture in dict.fromkeys(stream.architecture for stream in measured.streams):
        streams = [stream for stream in measured.streams if stream.architecture == architecture]
        rows.append(
            {
                "architecture": architecture,
                "otherMessages": max(stream.control_messages for stream in streams),
                "requestsToStart": max(stream.requests_to_start for stream in streams),
                "requestsToClaim": max(stream.requests_to_claim for stream in streams),
                "requestsEachSecond": round(max(stream.requests_a_second for stream in streams), 2),
                "requestsToEnd": max(stream.requests_to_end for stream in streams),
            }
        )
    return rows


def memory_rows(measured: Measured) -> list[Row]:
    """One row an architecture; none where the system does not tell."""
    return [
        {
            "architecture": memory.architecture,
            "shortMegabytes": memory.short_megabytes,
            "longMegabytes": memory.long_megabytes,
        }
        for memory in measured.memory
    ]
