"""SDK clients, made in one way: pooled, kept between invocations, and with retries only where they do no harm."""

from collections.abc import Callable
from typing import Any, cast

import boto3
from botocore.config import Config

CONNECT_TIMEOUT_SECONDS = 1


def client(service: str, *, read_timeout: float, attempts: int, endpoint_url: str | None = None) -> Any:
    """A client of this service. `attempts` = 1 means that the SDK never sends a request twice."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        tcp_keepalive=True,
    )
    # boto3-stubs gives `client` one overload for each service of AWS.
    make = cast("Callable[..., Any]", boto3.client)  # pyright: ignore[reportUnknownMemberType]
    return make(service, config=config, endpoint_url=endpoint_url)
