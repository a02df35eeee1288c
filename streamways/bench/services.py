"""The services that a benchmark's functions call, on one loopback address, and the streams table behind them."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Final, TypeVar

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.http_server import HttpServer
from streamways.bench.capacity.units import Index
from streamways.bench.endpoints import Endpoints

REGION: Final = "us-east-1"
TABLE: Final = "streams"
KEYS: Final = ("pk", "sk")
LOCAL_INDEX: Final = "listed"
GLOBAL_INDEX: Final = "open"
INDEXES: Final = {
    LOCAL_INDEX: Index("pk", "listed", all_attributes=True),
    GLOBAL_INDEX: Index("open", "startedAt", all_attributes=False),
}
"""As `stacks/streaming_core.py` declares them; a test compares them with the program."""

T = TypeVar("T", bound=MotoProxy)


@contextlib.asynccontextmanager
async def services(proxy: Callable[[Moto], T] = MotoProxy) -> AsyncGenerator[tuple[Endpoints, str, T]]:
    """The endpoints, where they answer, and the proxy before the table."""
    with tempfile.TemporaryDirectory() as scratch:
        moto = Moto(Path(scratch) / "moto.log")
        await moto.start()
        table = proxy(moto)
        endpoints = Endpoints(table)
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = HttpServer(endpoints.application, listener)
        try:
            await moto.answering()
            await asyncio.to_thread(_create_table, moto)
            await server.start()
            yield endpoints, f"http://127.0.0.1:{listener.getsockname()[1]}", table
        finally:
            await server.stop()
            await table.close()
            await moto.stop()


def _create_table(moto: Moto) -> None:
    local, open_streams = INDEXES[LOCAL_INDEX], INDEXES[GLOBAL_INDEX]
    MotoClients(moto, REGION).dynamodb().create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": local.range_key, "AttributeType": "S"},
            {"AttributeName": open_streams.hash_key, "AttributeType": "S"},
            {"AttributeName": open_streams.range_key, "AttributeType": "N"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": LOCAL_INDEX,
                "KeySchema": [
                    {"AttributeName": local.hash_key, "KeyType": "HASH"},
                    {"AttributeName": local.range_key, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": GLOBAL_INDEX,
                "KeySchema": [
                    {"AttributeName": open_streams.hash_key, "KeyType": "HASH"},
                    {"AttributeName": open_streams.range_key, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
