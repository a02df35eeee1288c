"""The dated price file `shared/prices.json`, as far as services go: USD for one unit each, in us-east-1."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

PRICE_FILE = Path(__file__).resolve().parents[2] / "shared" / "prices.json"


@dataclass(frozen=True)
class ServicePrices:
    """What AWS's services take. Where each price comes from stands beside it in the file."""

    date: str
    """ISO date at which the prices were read."""
    lambda_gb_second: float
    lambda_request: float
    web_socket_message: float
    web_socket_message_bytes: int
    """A message is metered in units of this size."""
    web_socket_minute: float
    app_sync_operation: float
    app_sync_update: float
    app_sync_update_bytes: int
    """A real-time update is metered in units of this size."""
    app_sync_minute: float
    dynamodb_write: float


def read_prices(path: Path = PRICE_FILE) -> ServicePrices:
    """Reads the file. Raises KeyError for a price that it lacks."""
    document = cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))
    services = cast("Mapping[str, Mapping[str, float]]", document["services"])
    functions, sockets = services["lambda"], services["apiGatewayWebSocket"]
    graphql, tables = services["appSync"], services["dynamodb"]
    return ServicePrices(
        date=str(document["date"]),
        lambda_gb_second=functions["arm64GbSecond"],
        lambda_request=functions["request"],
        web_socket_message=sockets["message"],
        web_socket_message_bytes=int(sockets["messageUnitBytes"]),
        web_socket_minute=sockets["connectionMinute"],
        app_sync_operation=graphql["operation"],
        app_sync_update=graphql["realTimeUpdate"],
        app_sync_update_bytes=int(graphql["realTimeUpdateUnitBytes"]),
        app_sync_minute=graphql["connectionMinute"],
        dynamodb_write=tables["writeRequestUnit"],
    )
