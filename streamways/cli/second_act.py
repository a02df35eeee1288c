"""The demo's second act: one answer is cut, resumed on another way in, and stopped; and what came of that."""

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final, cast

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from streamways.cli.one_answer import OneAnswer
from streamways.cli.side_by_side import fits
from streamways.cli.text import milliseconds, printable
from streamways.cli.views import PlainLines
from streamways.clients.client import Architecture, Received
from streamways.clients.summary import answer
from streamways.target.control import Control
from streamways.target.interrupted import AWAY_SECONDS, Interrupted, Teller, interrupt
from streamways.target.stack import Stack
from streamways.target.streams import Outcome

ENDED_SECONDS: Final = 3.0
"""How long the emulated model may take to notice that nobody reads it any more."""
POLL_SECONDS: Final = 0.05


@dataclass(frozen=True)
class SecondAct:
    """What was seen."""

    view: OneAnswer
    told: RenderableType
    well: bool
    """Whether everything went as it should: nothing refused, nothing lost."""


def play_second_act(stack: Stack, control: Control, race: Outcome, prompt: str, console: Console) -> SecondAct:
    """Begins the answer of a race anew, cuts it after a sixth of the text, and stops it after another sixth."""
    sixth = max(1, len(answer(race.received)) // 6)
    shown, on_terminal = OneAnswer(console), fits(console)
    teller = shown if on_terminal else _Tellers(shown, PlainLines())
    with shown if on_terminal else nullcontext():
        interrupted = asyncio.run(interrupt(stack, prompt, teller, cut_after=sixth, stop_after=sixth))
    whole = (race.summary.usage or {}).get("outputTokens")
    words = told(interrupted, _made(control, prompt) if interrupted.stopped else None, whole)
    console.print("", words, sep="\n")
    well = interrupted.problem is None and (interrupted.over or interrupted.exact)
    return SecondAct(shown, words, well)


class _Tellers:
    """Several as one."""

    def __init__(self, *tellers: Teller) -> None:
        self._tellers = tellers

    def part(self, architecture: Architecture, received: Received) -> None:
        for each in self._tellers:
            each.part(architecture, received)

    def said(self, architecture: Architecture, words: str) -> None:
        for each in self._tellers:
            each.said(architecture, words)


def _made(control: Control, prompt: str) -> int | None:
    """How many tokens the model made in the last call with this prompt, by its own count."""
    until = time.monotonic() + ENDED_SECONDS
    while time.monotonic() < until:
        call = next(call for call in reversed(control.model_calls()) if call["prompt"] == prompt)
        if call["ended"] is not None:
            return cast("int", call["outputTokens"])
        time.sleep(POLL_SECONDS)
    return None


def told(interrupted: Interrupted, made: int | None, whole: int | None) -> RenderableType:
    """What came of it, with the tokens that the model made and those that the whole answer has, if they are known."""
    if interrupted.over:
        return "The answer had ended before its connection could be cut: slow the model down with --tokens-per-second."
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    if interrupted.before and interrupted.after:
        table.add_row("cut, resumed", _resumed(interrupted))
    if interrupted.recorded:
        table.add_row("complete", _complete(interrupted))
        table.add_row("stopped", _stopped(interrupted, made, whole))
    if interrupted.problem is not None:
        table.add_row(Text("failed", style="red"), Text(printable(interrupted.problem)))
    return table


def _resumed(interrupted: Interrupted) -> str:
    return (
        f"begun over {interrupted.begun_on}, cut after part {interrupted.before[-1].sequence}, {AWAY_SECONDS:g} s "
        f"without a connection; resumed over {interrupted.resumed_on}, where the next part came after "
        f"{milliseconds(interrupted.after[0].at_ms)}"
    )


def _complete(interrupted: Interrupted) -> str:
    came, recorded = len(interrupted.before) + len(interrupted.after), len(interrupted.recorded)
    if not interrupted.exact:
        return f"[red]no: {came} parts came, and they are not the {recorded} that are recorded[/]"
    return (
        f"parts 0 to {recorded - 1}: none is missing and none came twice; they are, part by part, the recorded answer "
        f"as a reader over {interrupted.read_on} gets it now"
    )


def _stopped(interrupted: Interrupted, made: int | None, whole: int | None) -> str:
    if not interrupted.stopped:
        return "the answer came to its end before the stop arrived, so nothing was saved"
    if made is None or whole is None:
        return "the model stopped"
    return (
        f"what the model wrote until the stop reached it came too: {made} of the {whole} tokens that this answer has "
        f"in the race, so the stop saved {whole - made} [dim](emulated)[/]"
    )
