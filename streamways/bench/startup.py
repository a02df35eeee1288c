"""How soon a sandbox is ready, and how much memory all its processes hold, before and after it has answered."""

import asyncio

from streamways.bench.table import Row
from streamways.target.control import Control
from streamways.target.launch import Launched, StartOptions, interruptible, launch
from streamways.target.processes import tree
from streamways.target.stack import DEFAULT_TIER, Stack, sandbox_outputs
from streamways.target.streams import Silent, run_streams

BYTES_PER_MEGABYTE = 1_000_000
PROMPT = "What is a stream?"


def measure_startup(port: int | None) -> list[Row]:
    """Starts a sandbox of its own, asks it once over each architecture, and ends it. Raises CommandError."""
    with interruptible():
        launched = launch(StartOptions(port), attached=True, progress=lambda _: None)
        try:
            ready = _memory(launched)
            outputs = sandbox_outputs(launched.state)
            stack = Stack(outputs, Control.of(launched.state).token(DEFAULT_TIER), emulated=True)
            asyncio.run(run_streams(stack, dict.fromkeys(outputs.architectures, PROMPT), Silent()))
            used = _memory(launched)
        finally:
            launched.stop()
    return [
        {"secondsToReady": round(launched.seconds, 2)}
        | {"processes": ready[0], "memoryMegabytes": ready[1]}
        | {"processesAfterUse": used[0], "memoryMegabytesAfterUse": used[1]}
    ]


def _memory(launched: Launched) -> tuple[int, int]:
    processes = tree(launched.process.pid)
    return len(processes), sum(process.memory_bytes for process in processes) // BYTES_PER_MEGABYTE
