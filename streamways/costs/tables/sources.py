"""Where the figures come from: each price with its page, each assumption with its reason."""

from collections.abc import Mapping
from typing import Final

from streamways.costs.assumptions import Workload
from streamways.costs.named import assumed
from streamways.costs.prices import Priced, Prices
from streamways.costs.tables.amounts import MILLION
from streamways.pages import table

UNITS: Final[Mapping[Priced, tuple[str, int, str]]] = {
    Priced.COMPUTE: ("Lambda, arm64", 1, "GB-second"),
    Priced.REQUEST: ("Lambda, request", MILLION, "million"),
    Priced.KEPT_WARM: ("Lambda, arm64, kept warm", 1, "GB-second"),
    Priced.RUNNING_WARM: ("Lambda, arm64, running in an environment that is kept warm", 1, "GB-second"),
    Priced.SOCKET_MESSAGE: ("WebSocket message, each 32 KB", MILLION, "million"),
    Priced.SOCKET_MINUTE: ("WebSocket connection minute", MILLION, "million"),
    Priced.OPERATION: ("AppSync query or mutation", MILLION, "million"),
    Priced.UPDATE: ("AppSync real-time update, each 5 KB", MILLION, "million"),
    Priced.REALTIME_MINUTE: ("AppSync connection minute", MILLION, "million"),
    Priced.WRITE: ("DynamoDB write unit, on demand", MILLION, "million"),
    Priced.READ: ("DynamoDB read unit, on demand", MILLION, "million"),
    Priced.STORAGE: ("DynamoDB storage", 1, "GB and month"),
    Priced.METRIC: ("CloudWatch metric", 1, "month"),
    Priced.LOG: ("CloudWatch Logs, taken in", 1, "GB"),
    Priced.TRACE: ("X-Ray, recorded trace", MILLION, "million"),
    Priced.ALARM_METRIC: ("CloudWatch alarm, each metric", 1, "month"),
    Priced.DASHBOARD: ("CloudWatch dashboard", 1, "month"),
    Priced.SECRET: ("Secrets Manager, secret", 1, "month"),
    Priced.SECRET_CALL: ("Secrets Manager, call", MILLION, "million"),
    Priced.EDGE_REQUEST: ("CloudFront, HTTPS request in the United States", MILLION, "million"),
    Priced.EDGE_FUNCTION: ("CloudFront Functions, invocation", MILLION, "million"),
    Priced.EDGE_TRANSFER: ("data from CloudFront to the internet, in the United States", 1, "GB"),
    Priced.USER: ("Cognito Essentials, active user", 1, "month"),
    Priced.TRANSFER: ("data from AWS to the internet", 1, "GB"),
    Priced.CONTAINER_CPU: ("Fargate, arm64, vCPU", 1, "hour"),
    Priced.CONTAINER_MEMORY: ("Fargate, arm64, memory", 1, "GB and hour"),
    Priced.BALANCER: ("Application Load Balancer", 1, "hour"),
    Priced.BALANCER_UNIT: ("Application Load Balancer, capacity unit", 1, "hour"),
    Priced.ADDRESS: ("public IPv4 address", 1, "hour"),
    Priced.AGENT_CPU: ("AgentCore Runtime, vCPU in use", 1, "hour"),
    Priced.AGENT_MEMORY: ("AgentCore Runtime, memory", 1, "GB and hour"),
    Priced.FLUID_CPU: ("Vercel Fluid Compute, vCPU in use", 1, "hour"),
    Priced.FLUID_MEMORY: ("Vercel Fluid Compute, memory", 1, "GB and hour"),
    Priced.FLUID_REQUEST: ("Vercel Fluid Compute, invocation", MILLION, "million"),
}


def price_list(prices: Prices) -> str:
    """Each price in the unit of its page."""
    rows = [
        [name, f"{prices.of(priced) * quantity:.12f}".rstrip("0").rstrip("."), per, _link(prices.source(priced))]
        for priced, (name, quantity, per) in UNITS.items()
    ]
    model = prices.models[Workload().model]
    for kind in ("input", "output"):
        rows.append([f"`{Workload().model}`, {kind}", str(model[kind]), "million tokens", _link(str(model["source"]))])
    return table(["what", "USD", "per", "source"], rows)


def assumptions(_: Prices) -> str:
    """Each by its name."""
    rows = ([f"`{each.name}`", each.value, each.why] for each in assumed())
    return table(["name", "value", "why, or where from"], rows)


def _link(source: str) -> str:
    return f"[{'Vercel' if '://vercel.com/' in source else 'AWS'}]({source})"
