"""`streamways bench waiting`: how much of an answer the function that generates works, and how much it waits."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final

from sandbox.functions.process import Leash
from streamways.bench.capacity.function_url import FunctionUrl
from streamways.bench.endpoints import Endpoints, Load
from streamways.bench.functions import ARCHITECTURES, Function, message
from streamways.bench.services import services
from streamways.bench.table import Row
from streamways.errors import CommandError

CALL_SECONDS: Final = 0.008
WARM_UP: Final = Load(tokens=50, tokens_per_second=100, call_seconds=CALL_SECONDS)
INVOKED_SECONDS: Final = 10
RUNS: Final = 5

Answer = Callable[[Load], Awaitable[float]]
"""Runs one answer and returns how long the function that generates ran."""


def measure_waiting(tokens: int, tokens_per_second: float) -> list[Row]:
    """A row for each architecture: the median of five answers after a warm-up. Raises CommandError."""
    return asyncio.run(_measure(Load(tokens, tokens_per_second, CALL_SECONDS)))


async def _measure(load: Load) -> list[Row]:
    return [await _measure_one(architecture, load) for architecture in ("function-url", *ARCHITECTURES)]


async def _measure_one(architecture: str, load: Load) -> Row:
    async with services() as (endpoints, url, _):
        leash = Leash()
        functions: list[Function | FunctionUrl] = []
        try:
            if architecture == "function-url":
                functions = [generating := FunctionUrl(endpoints, url, leash)]
                answer = _over_http(generating, endpoints)
            else:
                handlers = ARCHITECTURES[architecture]
                functions = [
                    front := Function(handlers.front, url, leash),
                    worker := Function(handlers.worker, url, leash),
                ]
                generating, answer = worker, _by_worker(architecture, front, worker, endpoints)
            await asyncio.gather(*(function.start() for function in functions))
            await answer(WARM_UP)
            runs = [await _run(generating, answer, load) for _ in range(RUNS)]
        finally:
            await asyncio.gather(*(function.stop() for function in functions))
            leash.close()
    worked, seconds = sorted(runs)[RUNS // 2]
    return {
        "architecture": architecture,
        "seconds": round(seconds, 2),
        "processorSeconds": round(worked, 2),
        "waitingPercent": round(100 * (1 - worked / seconds)),
    }


async def _run(generating: Function | FunctionUrl, answer: Answer, load: Load) -> tuple[float, float]:
    before = _worked(generating)
    seconds = await answer(load)
    return _worked(generating) - before, seconds


def _worked(function: Function | FunctionUrl) -> float:
    if (seconds := function.processor_seconds) is None:
        raise CommandError("this system does not tell how long a process has worked (it has no /proc); use Linux")
    return seconds


def _over_http(function: FunctionUrl, endpoints: Endpoints) -> Answer:
    async def answer(load: Load) -> float:
        endpoints.record(load)
        began = perf_counter()
        await function.ask(_new_id(), message(_new_id()))
        return perf_counter() - began

    return answer


def _by_worker(architecture: str, front: Function, worker: Function, endpoints: Endpoints) -> Answer:
    async def answer(load: Load) -> float:
        recording = endpoints.record(load)
        event = ARCHITECTURES[architecture].start(_new_id(), message(_new_id()))
        await front.invoke(json.dumps(event).encode())
        payload = await asyncio.wait_for(recording.invoked.get(), INVOKED_SECONDS)
        began = perf_counter()
        await worker.invoke(payload)
        return perf_counter() - began

    return answer


def _new_id() -> str:
    return f"bench-{secrets.token_hex(8)}"
