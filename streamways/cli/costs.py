"""What AWS's services would bill for one stream, calculated from the price file; nothing here was measured on AWS.

Counted is what one more stream adds: invocations, messages, updates, connection time and writes. Not counted are the
free tier, data transfer, logs, and what is billed by the month whatever one more stream does: Cognito's users, and the
metrics of the stack (docs/cost.md).

https://aws.amazon.com/lambda/pricing/ · https://aws.amazon.com/api-gateway/pricing/ ·
https://aws.amazon.com/appsync/pricing/ · https://aws.amazon.com/dynamodb/pricing/on-demand/
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from streamways.cli.prices import ServicePrices
from streamways.clients.client import Architecture

SHORT_INVOCATION_MS = 50.0
"""Assumed billed time of a function that only admits or authorises a stream, once it is warm."""

SHORT_INVOCATIONS: dict[Architecture, int] = {"function-url": 0, "websocket": 4, "appsync": 1}
"""Invocations besides the one that generates: authoriser, $connect, $default and $disconnect; AppSync's start."""

WRITES: dict[Architecture, int] = {"function-url": 2, "websocket": 3, "appsync": 3}
"""Writes of up to 1 KB to the table of streams: registered, claimed by a worker where there is one, ended."""


@dataclass(frozen=True)
class StreamUse:
    """What one stream used of AWS's services, as its client can tell."""

    duration_ms: float
    """From the request to the last part: the time of the generating invocation, and of the connection."""
    message_bytes: Sequence[int]
    """Size of each transport message that carried parts."""
    memory_megabytes: int
    """Of the functions."""


@dataclass(frozen=True)
class ServiceCost:
    """USD by service."""

    functions: float = 0.0
    web_socket_api: float = 0.0
    app_sync: float = 0.0
    table: float = 0.0

    @property
    def total(self) -> float:
        return self.functions + self.web_socket_api + self.app_sync + self.table


def service_cost(architecture: Architecture, use: StreamUse, prices: ServicePrices) -> ServiceCost:
    """What one stream over `architecture` costs besides the model."""
    return ServiceCost(
        functions=_functions(architecture, use, prices),
        web_socket_api=_web_socket_api(use, prices) if architecture == "websocket" else 0.0,
        app_sync=_app_sync(use, prices) if architecture == "appsync" else 0.0,
        table=WRITES[architecture] * prices.dynamodb_write,
    )


def _functions(architecture: Architecture, use: StreamUse, prices: ServicePrices) -> float:
    short = SHORT_INVOCATIONS[architecture]
    billed_ms = math.ceil(use.duration_ms) + short * SHORT_INVOCATION_MS
    gb_seconds = billed_ms / 1000 * use.memory_megabytes / 1024
    return (1 + short) * prices.lambda_request + gb_seconds * prices.lambda_gb_second


def _web_socket_api(use: StreamUse, prices: ServicePrices) -> float:
    """The client's `send`, each frame back, and `start` and `end`, which carry no part; metered in units of 32 KB."""
    frames = 3 + _units(use.message_bytes, prices.web_socket_message_bytes)
    return frames * prices.web_socket_message + _minutes(use) * prices.web_socket_minute


def _app_sync(use: StreamUse, prices: ServicePrices) -> float:
    """The mutation; for each batch the worker's publish and the update of the one subscriber, in units of 5 KB; and
    the connection itself, which is metered as one update."""
    operations = 1 + len(use.message_bytes)
    updates = 1 + _units(use.message_bytes, prices.app_sync_update_bytes)
    return (
        operations * prices.app_sync_operation
        + updates * prices.app_sync_update
        + _minutes(use) * prices.app_sync_minute
    )


def _units(sizes: Sequence[int], unit: int) -> int:
    return sum(max(1, math.ceil(size / unit)) for size in sizes)


def _minutes(use: StreamUse) -> float:
    return use.duration_ms / 60_000
