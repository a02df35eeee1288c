"""Runs the streams one after the other: each architecture, each pace of the model, each time that a delivery takes."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from time import perf_counter

from sandbox.functions.process import Leash
from streamways.bench.endpoints import Endpoints, Load
from streamways.bench.functions import ARCHITECTURES, Function, message
from streamways.bench.lag.figures import Figures, figures
from streamways.bench.services import services

TOKENS = 500
TOKENS_PER_SECOND = (50, 100, 250, 500)
CALL_MS = (8, 25, 80, 250)
LONG_ANSWER_TOKENS = 5_000
WARM_UP = Load(tokens=50, tokens_per_second=100, call_seconds=0.008)
MEMORY_CALL_SECONDS = 0.080
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
    """About four minutes; it ends by itself. Raises CommandError."""
    return asyncio.run(_measure(progress))


async def _measure(progress: Progress) -> Measured:
    streams: list[Figures] = []
    memory: list[Memory] = []
    async with services() as (endpoints, url, _):
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
        pair = cls(architecture, endpoints, Function(handlers.front, url, leash), Function(handlers.worker, url, leash))
        try:
            await asyncio.gather(pair.starting.start(), pair.worker.start())
            yield pair
        finally:
            await asyncio.gather(pair.starting.stop(), pair.worker.stop())
            leash.close()

    async def run(self, load: Load) -> Figures:
        """One stream, from the client's request to its end."""
        recording = self.endpoints.record(load)
        event = ARCHITECTURES[self.architecture].start(f"bench-{secrets.token_hex(8)}", message("m"))
        await self.starting.invoke(json.dumps(event).encode())
        payload = await asyncio.wait_for(recording.invoked.get(), INVOKED_SECONDS)
        handed_over_at = perf_counter()
        await self.worker.invoke(payload)
        return figures(self.architecture, recording, handed_over_at)

    async def memory(self) -> list[Memory]:
        """Empty where the system does not tell. The client is slow, and the model fast."""
        peaks: list[int | None] = []
        for tokens in (TOKENS, LONG_ANSWER_TOKENS):
            await self.run(Load(tokens, max(TOKENS_PER_SECOND), MEMORY_CALL_SECONDS))
            peaks.append(self.worker.peak_megabytes)
        short, long = peaks
        return [] if short is None or long is None else [Memory(self.architecture, short, long)]
