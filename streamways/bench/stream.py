"""The architectures together at 100 tokens a second from the model: does every token arrive, and how soon the first?

The lag is from the moment at which the emulated model sent its first token to the moment at which the client had the
first text: clock against clock of one machine.
"""

import asyncio
import statistics
import time
from typing import cast

from sandbox.aws.model import tokens
from shared.contract.parts import PartType
from streamways.bench.table import Row
from streamways.clients.client import Architecture, Received
from streamways.clients.summary import answer
from streamways.errors import CommandError
from streamways.target.control import Control
from streamways.target.launch import StartOptions, interruptible, launch
from streamways.target.stack import DEFAULT_TIER, Stack, sandbox_outputs
from streamways.target.streams import Outcome, run_streams

TOKENS_PER_SECOND = 100
FIRST_TOKEN_MS = 300
RUNS = 5
PROMPT = "How do the three architectures stream an answer?"
FILLER = " please"
"""Not looked up in the documentation, but counted as input: prompts that differ in it get the same answer, and the
records of their model calls can be told apart."""


class FirstTexts:
    """A view that notes when the first text of each stream came, in epoch milliseconds."""

    def __init__(self) -> None:
        self.at: dict[Architecture, float] = {}

    def part(self, architecture: Architecture, received: Received) -> None:
        if received.type == PartType.TEXT_DELTA:
            self.at.setdefault(architecture, time.time() * 1000)

    def ended(self, outcome: Outcome) -> None:
        pass


def measure_streams(port: int | None) -> list[Row]:
    """Starts a sandbox of its own, warms its functions, and runs the architectures together. Raises CommandError."""
    options = StartOptions(port, first_token_ms=FIRST_TOKEN_MS, tokens_per_second=TOKENS_PER_SECOND)
    with interruptible():
        launched = launch(options, attached=True, progress=lambda _: None)
        try:
            control = Control.of(launched.state)
            outputs = sandbox_outputs(launched.state)
            stack = Stack(outputs, control.token(DEFAULT_TIER), emulated=True)
            prompts: dict[Architecture, str] = {
                name: PROMPT + FILLER * index for index, name in enumerate(outputs.architectures)
            }
            _run(stack, prompts, control)
            runs = [_run(stack, prompts, control) for _ in range(RUNS)]
        finally:
            launched.stop()
    return [_row(architecture, [run[architecture] for run in runs]) for architecture in prompts]


def _run(stack: Stack, prompts: dict[Architecture, str], control: Control) -> dict[Architecture, dict[str, float]]:
    """For each architecture: tokens the model sent, tokens that arrived, lag of the first text, tokens a second."""
    view = FirstTexts()
    outcomes = asyncio.run(run_streams(stack, prompts, view))
    calls = control.model_calls()[-len(prompts) :]
    return {outcome.architecture: _figures(outcome, calls, view) for outcome in outcomes}


def _figures(outcome: Outcome, calls: list[dict[str, object]], view: FirstTexts) -> dict[str, float]:
    summary = outcome.summary
    if outcome.problem is not None or summary.usage is None:
        raise CommandError(f"{outcome.architecture} failed: {outcome.problem or 'it told no usage'}")
    call = next((call for call in calls if call["inputTokens"] == summary.usage["inputTokens"]), None)
    if call is None:
        raise CommandError(f"the model has no record of the call of {outcome.architecture}; is the sandbox in use?")
    return {
        "sent": cast("int", call["outputTokens"]),
        "received": len(tokens(answer(outcome.received))),
        "lag": view.at[outcome.architecture] - cast("float", call["firstTextMs"]),
        "rate": summary.tokens_per_second or 0.0,
        "messages": summary.messages,
    }


def _row(architecture: Architecture, runs: list[dict[str, float]]) -> Row:
    lags = [run["lag"] for run in runs]
    return {
        "architecture": architecture,
        "runs": len(runs),
        "tokensSent": sum(run["sent"] for run in runs),
        "tokensReceived": sum(run["received"] for run in runs),
        "complete": all(run["sent"] == run["received"] for run in runs),
        "lagMsMedian": round(statistics.median(lags), 1),
        "lagMsMax": round(max(lags), 1),
        "tokensPerSecond": round(statistics.median(run["rate"] for run in runs), 1),
        "messages": statistics.median(run["messages"] for run in runs),
    }
