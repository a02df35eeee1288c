import json
from pathlib import Path
from typing import Any

import pytest

from streamways.cli.costs import SHORT_INVOCATION_MS, StreamUse, service_cost
from streamways.cli.figures import MEMORY_MEGABYTES
from streamways.cli.prices import PRICE_FILE, ServicePrices, read_prices
from streamways.clients.client import Architecture

ROUND = ServicePrices(
    date="2026-01-01",
    lambda_gb_second=1.0,
    lambda_request=100.0,
    web_socket_message=10.0,
    web_socket_message_bytes=1000,
    web_socket_minute=6.0,
    app_sync_operation=20.0,
    app_sync_update=3.0,
    app_sync_update_bytes=100,
    app_sync_minute=12.0,
    dynamodb_write=0.5,
)
"""Prices that tell in a sum which of them is in it."""


@pytest.mark.parametrize(
    ("architecture", "use", "functions", "web_socket_api", "app_sync", "table"),
    [
        # 10 s at half a gigabyte, and one request; a function URL costs nothing itself; registered and ended.
        ("function-url", StreamUse(10_000, [50, 60], 512), 5.0 + 100, 0, 0, 1.0),
        # Billed by the whole millisecond.
        ("function-url", StreamUse(0.2, [50], 1024), 0.001 + 100, 0, 0, 1.0),
        # Four short functions beside the worker; send, start and end beside two frames; a sixth of a minute.
        ("websocket", StreamUse(10_000, [50, 60], 1024), 10 + 4 * SHORT_INVOCATION_MS / 1000 + 500, 51.0, 0, 1.5),
        # A message above the metered unit counts as often as it holds the unit, begun ones included.
        ("websocket", StreamUse(0, [1000, 1001, 2001], 1024), 4 * SHORT_INVOCATION_MS / 1000 + 500, 90.0, 0, 1.5),
        # The mutation and a publish for each batch; the connection and an update for each; a minute.
        ("appsync", StreamUse(60_000, [50, 60], 1024), 60 + SHORT_INVOCATION_MS / 1000 + 200, 0, 60 + 9 + 12, 1.5),
        # An update above the metered unit counts twice, its publish once.
        ("appsync", StreamUse(0, [101], 1024), SHORT_INVOCATION_MS / 1000 + 200, 0, 40 + 9, 1.5),
    ],
)
def test_what_a_stream_costs_by_service(
    architecture: Architecture,
    use: StreamUse,
    functions: float,
    web_socket_api: float,
    app_sync: float,
    table: float,
):
    cost = service_cost(architecture, use, ROUND)
    assert cost.functions == pytest.approx(functions)
    assert cost.web_socket_api == pytest.approx(web_socket_api)
    assert cost.app_sync == pytest.approx(app_sync)
    assert cost.table == pytest.approx(table)
    assert cost.total == pytest.approx(functions + web_socket_api + app_sync + table)


def test_the_projects_price_file_names_every_price():
    prices = read_prices()
    document = json.loads(PRICE_FILE.read_text())
    assert prices.date == document["date"]
    assert prices.lambda_gb_second == document["services"]["lambda"]["arm64GbSecond"]
    assert prices.app_sync_update_bytes == 5 * 1024
    assert prices.web_socket_message_bytes == 32 * 1024


def test_a_price_that_is_missing_is_named(tmp_path: Path):
    document: dict[str, Any] = json.loads(PRICE_FILE.read_text())
    del document["services"]["appSync"]["operation"]
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(document))
    with pytest.raises(KeyError, match="operation"):
        read_prices(file)


def test_the_assumed_memory_is_the_programs_default():
    lines = (PRICE_FILE.parents[1] / "Pulumi.yaml").read_text().splitlines()
    setting = lines[lines.index("  memoryMegabytes:") :]
    default = next(line for line in setting if line.strip().startswith("default:"))
    assert int(default.split(":")[1]) == MEMORY_MEGABYTES
