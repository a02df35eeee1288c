"""Faults of AppSync, asked for by whoever tests what a publisher or a subscriber makes of them."""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, cast, get_args

from sandbox.edge.appsync.errors import RequestRefused
from sandbox.edge.appsync.subscriptions import Delivery, Subscription
from sandbox.faults import Faults
from sandbox.forms import Form

PublishFaultKind = Literal["throttled", "unavailable"]
REFUSALS: dict[PublishFaultKind, tuple[HTTPStatus, str, str]] = {
    "throttled": (HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate exceeded."),
    "unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailableException", "Service Unavailable"),
}
"""Status, error type and message of each kind; AWS does not document them for the data plane."""

DeliveryFaultKind = Literal["duplicated", "reordered", "dropped"]
DELIVERY_KINDS: tuple[DeliveryFaultKind, ...] = get_args(DeliveryFaultKind)


@dataclass(frozen=True)
class PublishFault:
    """How one mutation that publishes goes wrong: it is refused before anything of it ran."""

    kind: PublishFaultKind


class PublishFaults(Faults[PublishFault]):
    """The faults of the next mutations over HTTP that publish to subscribers."""

    def __init__(self) -> None:
        super().__init__(lambda form: PublishFault(cast("PublishFaultKind", form.choice("fault", tuple(REFUSALS)))))

    def check(self) -> None:
        """Count one publish. Raises RequestRefused."""
        fault = self.take()
        if fault is not None:
            status, error_type, message = REFUSALS[fault.kind]
            raise RequestRefused(status, error_type, message)


@dataclass(frozen=True)
class DeliveryFault:
    """How one message to one subscriber goes wrong."""

    kind: DeliveryFaultKind
    seconds: float = 2
    """How long a `reordered` one waits for another that may overtake it."""


class DeliveryFaults(Faults[DeliveryFault]):
    """The faults of the next messages to subscribers, and those that are being held."""

    def __init__(self) -> None:
        super().__init__(_delivery_fault)
        self._held: dict[Subscription, tuple[Delivery, asyncio.TimerHandle]] = {}

    def hand_over(self, delivery: Delivery) -> None:
        """Give a message to its subscription: once, twice, later or never."""
        subscription = delivery.subscription
        fault = self.take()
        if fault is not None and fault.kind == "dropped":
            return
        if fault is not None and fault.kind == "reordered" and subscription not in self._held:
            timer = asyncio.get_running_loop().call_later(fault.seconds, self._release, subscription)
            self._held[subscription] = delivery, timer
            return
        for _ in range(2 if fault is not None and fault.kind == "duplicated" else 1):
            subscription.deliver(delivery)
        self._release(subscription)

    def _release(self, subscription: Subscription) -> None:
        held = self._held.pop(subscription, None)
        if held is not None:
            delivery, timer = held
            timer.cancel()
            subscription.deliver(delivery)


@dataclass(frozen=True)
class AppSyncFaults:
    """What goes wrong on the way in, and on the way out."""

    publishes: PublishFaults = field(default_factory=PublishFaults)
    deliveries: DeliveryFaults = field(default_factory=DeliveryFaults)


def _delivery_fault(form: Form) -> DeliveryFault:
    kind = cast("DeliveryFaultKind", form.choice("fault", DELIVERY_KINDS))
    if kind != "reordered":
        return DeliveryFault(kind)
    return DeliveryFault(kind, form.number("seconds", DeliveryFault.seconds))
