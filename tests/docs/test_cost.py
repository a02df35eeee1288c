"""The figures of the cost page follow from the price file and from what the page says it assumes."""

import ast
import json
import math
import re

import pytest

from shared.generation.journal_writer import FLUSH_SECONDS
from shared.streams.heartbeat import INTERVAL_SECONDS
from stacks.reaper import SWEEP_RATE
from stacks.settings import ARCHITECTURES
from tests.docs.pages import ROOT, default, page

COST = page("docs/cost.md")
PRICES = json.loads((ROOT / "shared" / "prices.json").read_text())
SERVICES = PRICES["services"]
NOVA_LITE = PRICES["models"]["amazon.nova-lite-v1:0"]
MILLION = 1_000_000

UNIT_PRICES = {
    "Lambda, arm64": SERVICES["lambda"]["arm64GbSecond"],
    "Lambda, request": SERVICES["lambda"]["request"] * MILLION,
    "WebSocket message, 32 KB": SERVICES["apiGatewayWebSocket"]["message"] * MILLION,
    "WebSocket connection minute": SERVICES["apiGatewayWebSocket"]["connectionMinute"] * MILLION,
    "AppSync query or mutation": SERVICES["appSync"]["operation"] * MILLION,
    "AppSync real-time update, 5 KB": SERVICES["appSync"]["realTimeUpdate"] * MILLION,
    "AppSync connection minute": SERVICES["appSync"]["connectionMinute"] * MILLION,
    "DynamoDB write unit": SERVICES["dynamodb"]["writeRequestUnit"] * MILLION,
    "CloudWatch metric": SERVICES["cloudWatch"]["metricMonth"],
    "CloudWatch Logs, taken in": SERVICES["cloudWatch"]["logGigabyte"],
    "DynamoDB read unit": SERVICES["dynamodb"]["readRequestUnit"] * MILLION,
    "Amazon Nova Lite, input": NOVA_LITE["input"],
    "Amazon Nova Lite, output": NOVA_LITE["output"],
}

INPUT_TOKENS, OUTPUT_TOKENS, TOKENS_PER_SECOND, FIRST_TOKEN_SECONDS, GIGABYTES = 500, 300, 60, 0.3, 0.5
SECONDS = FIRST_TOKEN_SECONDS + OUTPUT_TOKENS / TOKENS_PER_SECOND
PIECES = round(OUTPUT_TOKENS / TOKENS_PER_SECOND * 1000 / default("webSocketIntervalMilliseconds"))
FRAMES = 3 + 6 + PIECES
"""`send`, `start` and `end`; the six parts around the text; the text."""
PUBLISHES = PIECES + 2


PULSES, FLUSHES = int(SECONDS / INTERVAL_SECONDS), math.ceil(SECONDS / FLUSH_SECONDS)
STARTED, ENDED = 6 * 2 + 1 + 2, 2 + 2 + 1 + 2 * 2
"""Items of a transaction count double; one more where the slot enters or leaves the index, and two where the chat moves
within the index of its user's list; an answer has 2 KB."""
WRITE_UNITS = [STARTED + claim + PULSES + item * FLUSHES + ENDED for claim, item in ((0, 3), (1, 1), (1, 1))]


def transport() -> list[float]:
    """Millionths of a dollar for carrying one answer: function URL, WebSocket, AppSync with one subscriber."""
    socket, app_sync = SERVICES["apiGatewayWebSocket"], SERVICES["appSync"]
    return [
        0,
        (FRAMES * socket["message"] + socket["connectionMinute"]) * MILLION,
        (1 + PUBLISHES) * (app_sync["operation"] + app_sync["realTimeUpdate"]) * MILLION
        + app_sync["connectionMinute"] * MILLION,
    ]


def test_every_unit_price_is_that_of_the_price_file() -> None:
    rows = {name: (float(price), source) for name, price, _, source in COST.table_after("What is paid for")}
    assert {name: price for name, (price, _) in rows.items()} == pytest.approx(UNIT_PRICES)
    sources = {service["source"] for service in SERVICES.values()} | {NOVA_LITE["source"]}
    assert {re.search(r"\((.+)\)", source)[1] for _, source in rows.values()} == sources  # type: ignore[index]


def test_the_page_says_how_old_the_prices_are() -> None:
    assert f"dated {PRICES['date']}, for {PRICES['region']}" in COST.prose


def test_the_worked_example_adds_up() -> None:
    model = INPUT_TOKENS * NOVA_LITE["input"] + OUTPUT_TOKENS * NOVA_LITE["output"]
    compute = GIGABYTES * SECONDS * SERVICES["lambda"]["arm64GbSecond"] * MILLION
    rows = [[float(cell.strip("*")) for cell in cells] for _, *cells in COST.table_after("One answer, worked out")]
    table = [units * SERVICES["dynamodb"]["writeRequestUnit"] * MILLION for units in WRITE_UNITS]
    together = [model + compute + kept + carried for kept, carried in zip(table, transport(), strict=True)]
    expected = [[model] * 3, [compute] * 3, table, transport(), together]
    for row, wanted in zip(rows, expected, strict=True):
        assert row == pytest.approx(wanted, abs=0.05)


def test_the_sentences_around_the_example_say_what_it_counts() -> None:
    assert f"about {PIECES} deliveries" in COST.prose
    units = f"{WRITE_UNITS[0]} for the function URL and {WRITE_UNITS[1]} for the others"
    assert units in " ".join(COST.prose.split())
    assert f"carries {FRAMES} messages" in COST.prose
    assert f"{PUBLISHES} publishes, and {PUBLISHES} deliveries" in COST.prose


MINUTES_OF_A_MONTH, HOURS_OF_A_MONTH = 43_800, 730
SWEEP_SECONDS, SWEEP_LOG_BYTES, SWEEP_READ_UNITS = 0.1, 400, 0.5
SWEEP = [
    SERVICES["lambda"]["request"],
    SWEEP_SECONDS * GIGABYTES * SERVICES["lambda"]["arm64GbSecond"],
    SWEEP_READ_UNITS * SERVICES["dynamodb"]["readRequestUnit"],
    SWEEP_LOG_BYTES / 1_000_000_000 * SERVICES["cloudWatch"]["logGigabyte"],
]
"""What one firing of a schedule costs: request, compute, query, log lines."""


def test_an_idle_stack_costs_what_its_schedules_cost() -> None:
    rows = [
        [float(cell.strip("*")) for cell in cells]
        for _, *cells in COST.table_after("What a stack costs while nobody uses it")
    ]
    month = [MINUTES_OF_A_MONTH * each for each in SWEEP]
    for row, one in zip(rows, [*month, sum(month)], strict=True):
        assert row == pytest.approx([one, len(ARCHITECTURES) * one], abs=0.0006)


def test_the_schedules_fire_as_often_as_the_page_says() -> None:
    assert SWEEP_RATE == "rate(1 minute)"
    assert f"{MINUTES_OF_A_MONTH:,} times" in COST.prose
    assert f"{HOURS_OF_A_MONTH}\nhours" in COST.prose


def test_the_metrics_are_as_many_and_cost_as_much_as_the_page_says() -> None:
    tree = ast.parse((ROOT / "shared/streams/metrics.py").read_bytes())
    calls = [getattr(node.func, "attr", "") for node in ast.walk(tree) if isinstance(node, ast.Call)]
    metrics, stack = calls.count("add_metric"), calls.count("add_metric") * len(ARCHITECTURES)
    month = SERVICES["cloudWatch"]["metricMonth"]
    prose = " ".join(COST.prose.split())

    assert f"writes {metrics} metrics" in prose
    assert f"has {stack} metrics: {stack * month:.2f} USD a month" in prose
    assert f"in 10 hours of the month costs {stack * month * 10 / HOURS_OF_A_MONTH:.2f} USD" in prose


def test_what_strangers_can_cost_follows_from_the_copies_that_may_run() -> None:
    rate, hour = 10, 3600
    copy = rate * hour * SERVICES["lambda"]["request"] + GIGABYTES * hour * SERVICES["lambda"]["arm64GbSecond"]
    prose = " ".join(COST.prose.split())

    assert f"costs {copy:.3f} USD: {rate * hour:,} requests" in prose
    assert f"with 10 it is {10 * copy:.2f} USD an hour, or {240 * copy:.2f} a day" in prose
    assert f"1,000 bounds it, at {1000 * copy:.2f} USD an hour" in prose
