"""Runs the streams one after the other: each architecture, each pace of the model, each time that a delivery takes."""

import asyncio
import contextlib
import json
import secrets
import socket
import tempfile
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.functions.process import Leash
from sandbox.http_server import HttpServer
from streamways.bench.lag.endpoints import Endpoints, Load
from streamways.bench.lag.figures import Figures, figures
from streamways.bench.lag.functions import ARCHITECTURES, REGION, TABLE, Function

TOKENS = 500
TOKENS_PER_SECOND = (50, 100, 250, 500)
CALL_MS = (8, 25, 80)
LONG_ANSWER_TOKENS = 5_000
WARM_UP = Load(tokens=50, tokens_per_second=100, call_seconds=0.008)
SLOWEST_CALL_SECONDS = 0.080
INVOKED_SECONDS = 10


@dataclass(frozen=True)
class Memory:
    """The most memory that a worker had, in megabytes, after a stream and after one ten times as long."""

    architecture: str
    short_megabytes: int
    long_megabytes: int


@dataclass(frozen=True)
class Measured:
    """All figures."""

    streams: list[Figures]
    memory: list[Memory]


Progress = Callable[[str], None]


def measure(progress: Progress) -> Measured:
    """About three minutes; it ends by itself. Raises CommandError."""
    return asyncio.run(_measure(progress))


async def _measure(progress: Progress) -> Measured:
    streams: list[Figures] = []
    memory: list[Memory] = []
    async with _services() as (endpoints, url):
        for architecture in ARCHITECTURES:
            async with _Pair.started(architecture, endpoints, url) as pair:
                await pair.run(WARM_UP)
                for call_ms in CALL_MS:
                    for rate in TOKENS_PER_SECOND:
                        progress(f"{architecture}: {rate} tokens/s, {call_ms} ms a delivery")
                        streams.append(await pair.run(Load(TOKENS, rate, call_ms / 1000)))
            progress(f"{architecture}: memory")
            async with _Pair.started(architecture, endpoints, url) as pair:
                memory += await pair.memory()
    return Measured(streams, memory)


@dataclass(frozen=True)
class _Pair:
    """The function that starts streams of one architecture, and its worker."""

    architecture: str
    endpoints: Endpoints
    starting: Function
    worker: Function

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, architecture: str, endpoints: Endpoints, url: str) -> "AsyncGenerator[_Pair]":
        handlers, leash = ARCHITECTURES[architecture], Leash()
        pair = cls(architecture, endpoints, Function(handlers.start, url, leash), Function(handlers.worker, url, leash))
        try:
            await asyncio.gather(pair.starting.start(), pair.worker.start())
            yield pair
        finally:
            await asyncio.gather(pair.starting.stop(), pair.worker.stop())
            leash.close()

    async def run(self, load: Load) -> Figures:
        """One stream, from the client's request to its end."""
        recording = self.endpoints.record(load)
        event = ARCHITECTURES[self.architecture].event(f"bench-{secrets.token_hex(8)}")
        await self.starting.invoke(json.dumps(event).encode())
        payload = await asyncio.wait_for(recording.invoked, INVOKED_SECONDS)
        handed_over_at = perf_counter()
        await self.worker.invoke(payload)
        return figures(self.architecture, recording, handed_over_at)

    async def memory(self) -> list[Memory]:
        """Empty where the system does not tell. The client is slow, and the model fast."""
        peaks: list[int | None] = []
        for tokens in (TOKENS, LONG_ANSWER_TOKENS):
            await self.run(Load(tokens, max(TOKENS_PER_SECOND), SLOWEST_CALL_SECONDS))
            peaks.append(self.worker.peak_megabytes)
        short, long = peaks
        return [] if short is None or long is None else [Memory(self.architecture, short, long)]


@contextlib.asynccontextmanager
async def _services() -> AsyncGenerator[tuple[Endpoints, str]]:
    """The endpoints, and where they answer."""
    with tempfile.TemporaryDirectory() as scratch:
        moto = Moto(Path(scratch) / "moto.log")
        await moto.start()
        table = MotoProxy(moto)
        endpoints = Endpoints(table)
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = HttpServer(endpoints.application, listener)
        try:
            await moto.answering()
            await asyncio.to_thread(_create_table, moto)
            await server.start()
            yield endpoints, f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await server.stop()
            await table.close()
            await moto.stop()


def _create_table(moto: Moto) -> None:
    """As the program does, but for the index of open streams, which nothing here asks."""
    MotoClients(moto, REGION).dynamodb().create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    )
