"""The dated price file `shared/prices.json`: USD for one unit each, in us-east-1, without free tiers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from shared.contract.prices import PRICE_FILE, TOKENS_PER_PRICE


class Priced(StrEnum):
    """What is billed: the place of its price in the file. The last ten are what else may run the code."""

    COMPUTE = "lambda.arm64GbSecond"
    REQUEST = "lambda.request"
    KEPT_WARM = "lambdaProvisioned.arm64GbSecond"
    RUNNING_WARM = "lambdaProvisioned.arm64RunningGbSecond"
    SOCKET_MESSAGE = "apiGatewayWebSocket.message"
    SOCKET_MINUTE = "apiGatewayWebSocket.connectionMinute"
    OPERATION = "appSync.operation"
    UPDATE = "appSync.realTimeUpdate"
    REALTIME_MINUTE = "appSync.connectionMinute"
    WRITE = "dynamodb.writeRequestUnit"
    READ = "dynamodb.readRequestUnit"
    STORAGE = "dynamodb.gigabyteMonth"
    METRIC = "cloudWatch.metricMonth"
    LOG = "cloudWatch.logGigabyte"
    TRACE = "xray.trace"
    ALARM_METRIC = "cloudWatchAlarms.metricMonth"
    DASHBOARD = "cloudWatchAlarms.dashboardMonth"
    SECRET = "secretsManager.secretMonth"
    SECRET_CALL = "secretsManager.call"
    EDGE_REQUEST = "cloudFront.httpsRequest"
    EDGE_FUNCTION = "cloudFront.functionInvocation"
    EDGE_TRANSFER = "cloudFront.gigabyteOut"
    USER = "cognito.monthlyActiveUser"
    TRANSFER = "dataTransfer.gigabyteOut"
    CONTAINER_CPU = "fargate.arm64VcpuHour"
    CONTAINER_MEMORY = "fargate.arm64GigabyteHour"
    BALANCER = "loadBalancer.hour"
    BALANCER_UNIT = "loadBalancer.capacityUnitHour"
    ADDRESS = "publicAddress.hour"
    AGENT_CPU = "agentCore.vcpuHour"
    AGENT_MEMORY = "agentCore.gigabyteHour"
    FLUID_CPU = "fluidCompute.vcpuHour"
    FLUID_MEMORY = "fluidCompute.gigabyteHour"
    FLUID_REQUEST = "fluidCompute.invocation"


@dataclass(frozen=True)
class Prices:
    """The prices of one file."""

    date: str
    """ISO date of the file. A service whose prices were read on another day has a `date` of its own there."""
    region: str
    services: Mapping[str, Mapping[str, Any]]
    models: Mapping[str, Mapping[str, Any]]

    def of(self, priced: Priced) -> float:
        """USD for one unit. Raises KeyError for a price that the file lacks."""
        service, name = priced.split(".")
        return float(self.services[service][name])

    def source(self, priced: Priced) -> str:
        """The page that the price comes from."""
        return str(self.services[priced.split(".")[0]]["source"])

    def of_tokens(self, model: str, input_tokens: float, output_tokens: float) -> float:
        """USD for one call of a model. Raises KeyError for a model that the file lacks."""
        price = self.models[model]
        return float(input_tokens * price["input"] + output_tokens * price["output"]) / TOKENS_PER_PRICE

    def unit_bytes(self, priced: Priced) -> int:
        """The size that a WebSocket message or a real-time update of AppSync is metered in."""
        service, name = priced.split(".")
        return int(self.services[service][f"{name}UnitBytes"])


def read_prices(path: Path = PRICE_FILE) -> Prices:
    """Reads the file. Raises KeyError for a price that it lacks."""
    document = json.loads(path.read_text(encoding="utf-8"))
    prices = Prices(document["date"], document["region"], document["services"], document["models"])
    for priced in Priced:
        prices.of(priced)
    return prices
