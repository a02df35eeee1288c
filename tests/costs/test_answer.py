"""The bill of an answer: each line by itself, with prices that tell which of them is in it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.contract.prices import PRICE_FILE
from streamways.cli.figures import answer_of
from streamways.clients.client import ARCHITECTURES, Architecture, Received
from streamways.costs import table
from streamways.costs.answer import Answer, answer_lines
from streamways.costs.assumptions import INVOCATION_LOG_BYTES, STREAM_LOG_BYTES, Workload
from streamways.costs.lines import Line, total
from streamways.costs.prices import Priced, read_prices
from streamways.target.streams import Outcome

PRICES = read_prices()
BYTES_PER_GIGABYTE = 1e9


def answer(architecture: Architecture, **changes: Any) -> Answer:
    measured = Answer(
        architecture=architecture,
        seconds=10,
        text_bytes=100,
        parts=2,
        message_bytes=[50, 60],
        connection_seconds=120,
        memory_megabytes=512,
        short_function_seconds=0.05,
    )
    return replace(measured, **changes)


def bill(architecture: Architecture, **changes: Any) -> dict[str, float]:
    """Quantities by line; a line that comes to nothing is left out."""
    lines = answer_lines(answer(architecture, **changes), PRICES)
    assert len({line.what for line in lines}) == len(lines)
    return {line.what: pytest.approx(line.quantity) for line in lines if line.quantity}


def test_an_answer_over_the_function_url_takes_one_invocation_and_no_transport() -> None:
    assert bill("function-url") == {
        "Lambda: requests": 1,
        "Lambda: generating, waiting included": 5,
        "DynamoDB: start": 17,
        "DynamoDB: heartbeat": 2,
        "DynamoDB: journal": 18,
        "DynamoDB: end": 11,
        "DynamoDB: reads": 6 + 8,
        "CloudWatch: logs": (INVOCATION_LOG_BYTES + STREAM_LOG_BYTES) / BYTES_PER_GIGABYTE,
        "data to the client": (50 + 60 + 2 * 75) / BYTES_PER_GIGABYTE,
    }


def test_an_answer_over_websocket_takes_short_functions_frames_minutes_and_a_ticket() -> None:
    lines = bill("websocket")
    assert lines["Lambda: requests"] == 6
    assert lines["Lambda: short functions"] == 0.5 * 5 * 0.05
    assert lines["DynamoDB: start"] == 18
    assert lines["DynamoDB: ticket"] == 2
    assert lines["API Gateway: messages"] == 2 + 2
    assert lines["API Gateway: connection, in minutes"] == 2


def test_an_answer_over_appsync_takes_a_mutation_for_each_batch_and_an_update_for_each_subscriber() -> None:
    lines = bill("appsync")
    assert lines["Lambda: requests"] == 2
    assert lines["AppSync: mutations"] == 1 + 2
    assert lines["AppSync: updates, connecting included"] == 1 + 2
    assert lines["AppSync: connection, in minutes"] == 2


@pytest.mark.parametrize(
    ("architecture", "line", "unit", "others"),
    [
        ("websocket", "API Gateway: messages", 32 * 1024, 2),
        ("appsync", "AppSync: updates, connecting included", 5 * 1024, 1),
    ],
)
def test_a_message_counts_as_often_as_it_holds_the_metered_unit(
    architecture: Architecture, line: str, unit: int, others: int
) -> None:
    sizes = [unit // 2, unit, 2 * unit + 1]
    assert bill(architecture, message_bytes=sizes)[line] == 1 + 2 + 3 + others


def test_time_is_billed_by_the_begun_millisecond() -> None:
    assert bill("function-url", seconds=0.0002)["Lambda: generating, waiting included"] == 0.5 * 0.001


@pytest.mark.parametrize(
    ("architecture", "more"),
    [
        ("function-url", {"Lambda: followers": 5, "DynamoDB: reads": 14 + 50, "Lambda: requests": 2}),
        (
            "websocket",
            {
                "Lambda: followers": 5,
                "DynamoDB: reads": 14 + 50,
                "DynamoDB: followers": 2,
                "DynamoDB: ticket": 4,
                "Lambda: requests": 12,
                "API Gateway: messages": 8,
            },
        ),
        ("appsync", {"AppSync: updates, connecting included": 6, "AppSync: mutations": 3, "Lambda: requests": 2}),
    ],
)
def test_a_second_reader_follows_by_the_journal_or_over_appsync_by_its_subscription(
    architecture: Architecture, more: dict[str, float]
) -> None:
    alone, together = bill(architecture), bill(architecture, readers=1)
    assert {name: together[name] for name in more} == more
    same = ("DynamoDB: start", "DynamoDB: heartbeat", "DynamoDB: journal", "DynamoDB: end")
    assert {name: together[name] for name in same} == {name: alone[name] for name in same}


def test_a_longer_answer_takes_more_of_the_journal_and_of_the_end() -> None:
    short = table.write_units("websocket", seconds=20, text_bytes=1000, part_bytes=10_000)
    long = table.write_units("websocket", seconds=20, text_bytes=6000, part_bytes=360_000)
    assert (short["start"], short["heartbeat"]) == (long["start"], long["heartbeat"])
    assert long["journal"] > short["journal"]
    assert long["end"] - short["end"] == 2 * 5


def test_what_text_leaves_as_follows_from_the_interval() -> None:
    usual = Workload()
    counts = {name: len(Answer.assumed(name, usual).message_bytes) for name in ARCHITECTURES}
    assert counts == {"function-url": 306, "websocket": 106, "appsync": 102}
    slow = replace(usual, tokens_per_second=10)
    assert {len(Answer.assumed(name, slow).message_bytes) for name in ("function-url", "websocket")} == {306}


def test_what_a_command_measured_is_what_is_billed() -> None:
    parts = [{"type": "start"}, {"type": "text-delta", "id": "0", "delta": "zwölf"}, {"type": "finish"}]
    received = [Received(index, part, 1000.0 * (index + 1), message=min(index, 1)) for index, part in enumerate(parts)]
    measured = answer_of(Outcome("appsync", received))
    assert (measured.seconds, measured.connection_seconds) == (3, 3)
    assert (measured.text_bytes, measured.parts, len(measured.message_bytes)) == (6, 3, 2)


def test_a_bill_is_the_sum_of_its_lines() -> None:
    lines = [Line("a", 2, Priced.WRITE), Line("b", 3, Priced.REQUEST)]
    assert total(lines, PRICES) == pytest.approx(2 * 0.000000625 + 3 * 0.0000002)
    assert lines[0].times(5).usd(PRICES) == pytest.approx(10 * 0.000000625)


def test_the_projects_price_file_names_every_price_and_its_source() -> None:
    document = json.loads(PRICE_FILE.read_text())
    assert (PRICES.date, PRICES.region) == (document["date"], document["region"])
    for priced in Priced:
        assert PRICES.of(priced) > 0
        assert PRICES.source(priced).startswith(("https://aws.amazon.com/", "https://vercel.com/"))
    assert PRICES.unit_bytes(Priced.UPDATE) == 5 * 1024
    assert PRICES.unit_bytes(Priced.SOCKET_MESSAGE) == 32 * 1024


def test_a_price_that_is_missing_is_named(tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(PRICE_FILE.read_text())
    del document["services"]["appSync"]["operation"]
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(document))
    with pytest.raises(KeyError, match="operation"):
        read_prices(file)
