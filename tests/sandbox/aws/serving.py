"""An application on a real socket, in this event loop, and boto3 clients that speak to it."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import boto3
from botocore.config import Config
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from sandbox.http_server import HttpServer
from sandbox.iam.credentials import Keys


def listener() -> tuple[socket.socket, str]:
    """A listening socket of loopback, and its origin."""
    listening = socket.create_server(("127.0.0.1", 0))
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}"


@asynccontextmanager
async def serving(listening: socket.socket, routes: Sequence[BaseRoute]) -> AsyncIterator[None]:
    server = HttpServer(Starlette(routes=list(routes)), listening)
    await server.start()
    try:
        yield
    finally:
        await server.stop()


def client(service: str, endpoint: str, keys: Keys, region: str = "us-east-1") -> Any:
    """A boto3 client as a function has it."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
        config=Config(retries={"total_max_attempts": 1}),
    )
