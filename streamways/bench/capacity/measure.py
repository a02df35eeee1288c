"""Runs one answer over each architecture, with a second client that reads along, and adds up what DynamoDB bills.

The chat has had one turn before: what is measured is a user's next message. The second client comes when the journal
has begun; over AppSync, where a subscriber reads nothing of the table, it asks once for what it missed.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncGenerator, Sequence
from typing import Final, Protocol

from sandbox.functions.process import Leash
from streamways.bench.capacity.function_url import FunctionUrl
from streamways.bench.capacity.metered_table import Metered, MeteredTable
from streamways.bench.capacity.phases import PHASES, Phases
from streamways.bench.endpoints import Endpoints, Load, Recording
from streamways.bench.functions import ARCHITECTURES, Function, message
from streamways.bench.services import services
from streamways.bench.table import Row

CALL_SECONDS: Final = 0.008
FIRST_TURN: Final = Load(tokens=20, tokens_per_second=100, call_seconds=CALL_SECONDS)
WORKER_SECONDS: Final = 10
"""How long the invocation of a worker is waited for."""
POLL_SECONDS: Final = 0.01


class _Client(Protocol):
    """Two users of one architecture: one asks, the other reads along."""

    async def ask(self, stream_id: str, recording: Recording) -> None: ...

    async def read(self, stream_id: str, recording: Recording) -> None: ...


def measure_capacity(tokens: int, tokens_per_second: float) -> list[Row]:
    """A row for each architecture and phase, and one for all but the second reader. Raises CommandError."""
    load = Load(tokens, tokens_per_second, CALL_SECONDS)
    return asyncio.run(_measure(load))


async def _measure(load: Load) -> list[Row]:
    """All at once: nobody is timed, and each has a table of its own."""
    measured = (_measure_one(architecture, load) for architecture in ("function-url", *ARCHITECTURES))
    return [row for rows in await asyncio.gather(*measured) for row in rows]


async def _measure_one(architecture: str, load: Load) -> list[Row]:
    async with services(MeteredTable) as (endpoints, url, table), _client(architecture, endpoints, url) as client:
        await client.ask(_new_id(), endpoints.record(FIRST_TURN))
        table.metered.clear()
        await _answer(client, endpoints.record(load), table)
        return _rows(architecture, table.metered)


async def _answer(client: _Client, recording: Recording, table: MeteredTable) -> None:
    stream_id = _new_id()
    async with asyncio.TaskGroup() as group:
        group.create_task(client.ask(stream_id, recording))
        phases, seen = Phases(), 0
        while not phases.streaming:
            await asyncio.sleep(POLL_SECONDS)
            for request in table.metered[seen:]:
                phases.of(request.operation, request.sort_keys)
            seen = len(table.metered)
        group.create_task(client.read(stream_id, recording))


def _rows(architecture: str, metered: Sequence[Metered]) -> list[Row]:
    phases = Phases()
    found = [(phases.of(request.operation, request.sort_keys), request) for request in metered]
    rows = [_row(architecture, phase, [request for of, request in found if of == phase]) for phase in PHASES]
    together = [request for phase, request in found if phase != "reader"]
    return [*rows[:-1], _row(architecture, "an answer", together), rows[-1]]


def _row(architecture: str, phase: str, metered: Sequence[Metered]) -> Row:
    return {
        "architecture": architecture,
        "phase": phase,
        "requests": len(metered),
        "writeUnits": sum(request.write_units for request in metered),
        "readUnits": float(sum(request.read_units for request in metered)),
    }


@contextlib.asynccontextmanager
async def _client(architecture: str, endpoints: Endpoints, url: str) -> AsyncGenerator[_Client]:
    leash = Leash()
    client = _Http(endpoints, url, leash) if architecture == "function-url" else _Events(architecture, url, leash)
    try:
        await client.start()
        yield client
    finally:
        await client.stop()
        leash.close()


class _Http:
    """Users of the function URL."""

    def __init__(self, endpoints: Endpoints, url: str, leash: Leash) -> None:
        self._function = FunctionUrl(endpoints, url, leash)

    async def start(self) -> None:
        await self._function.start()

    async def ask(self, stream_id: str, recording: Recording) -> None:  # noqa: ARG002 (nobody invokes a worker)
        await self._function.ask(stream_id, message(_new_id()))

    async def read(self, stream_id: str, recording: Recording) -> None:  # noqa: ARG002
        await self._function.resume()

    async def stop(self) -> None:
        await self._function.stop()


class _Events:
    """Users of an architecture whose front hands over to a worker. Each user has functions of their own."""

    def __init__(self, architecture: str, url: str, leash: Leash) -> None:
        self._handlers = handlers = ARCHITECTURES[architecture]
        self._fronts = [Function(handlers.front, url, leash) for _ in range(2)]
        self._workers = [Function(handlers.worker, url, leash) for _ in range(2)]

    async def start(self) -> None:
        await asyncio.gather(*(function.start() for function in (*self._fronts, *self._workers)))

    async def ask(self, stream_id: str, recording: Recording) -> None:
        event = self._handlers.start(stream_id, message(_new_id()))
        await self._fronts[0].invoke(json.dumps(event).encode())
        payload = await asyncio.wait_for(recording.invoked.get(), WORKER_SECONDS)
        await self._workers[0].invoke(payload)

    async def read(self, stream_id: str, recording: Recording) -> None:
        await self._fronts[1].invoke(json.dumps(self._handlers.read(stream_id)).encode())
        if not recording.invoked.empty():
            await self._workers[1].invoke(recording.invoked.get_nowait())

    async def stop(self) -> None:
        await asyncio.gather(*(function.stop() for function in (*self._fronts, *self._workers)))


def _new_id() -> str:
    return f"bench-{secrets.token_hex(8)}"
