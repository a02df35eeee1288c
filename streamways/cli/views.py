"""Views of running streams that write lines: for scripts (JSON), for files and pipes, and for a single answer."""

import json
import sys
import textwrap

from shared.contract.parts import PartType
from streamways.cli.figures import summary_event
from streamways.cli.text import milliseconds, printable
from streamways.clients.client import ARCHITECTURES, Architecture, Received
from streamways.target.streams import Outcome

PLAIN_WIDTH = 88
"""Characters of answer on a line where nothing tells the width."""
_NAME_WIDTH = max(map(len, ARCHITECTURES))


class JsonLines:
    """A line per part, and one for the end of each stream."""

    def part(self, architecture: Architecture, received: Received) -> None:
        print_json(
            {
                "architecture": architecture,
                "event": "part",
                "sequence": received.sequence,
                "atMs": round(received.at_ms, 1),
                "part": received.part,
            }
        )

    def ended(self, outcome: Outcome) -> None:
        print_json(summary_event(outcome))


class PlainLines:
    """The answers, line by line as they come, each under the name of its architecture; no control codes."""

    def __init__(self) -> None:
        self._pending: dict[Architecture, str] = {}

    def part(self, architecture: Architecture, received: Received) -> None:
        if received.type != PartType.TEXT_DELTA:
            return
        if architecture not in self._pending:
            self._pending[architecture] = ""
            self._print(architecture, f"[first text after {milliseconds(received.at_ms)}]")
        text = self._pending[architecture] + printable(str(received.part.get("delta", "")))
        *lines, rest = text.split("\n")
        for line in lines:
            self._print_wrapped(architecture, line)
        wrapped = textwrap.wrap(rest, PLAIN_WIDTH, drop_whitespace=False)
        for line in wrapped[:-1]:
            self._print(architecture, line.strip())
        self._pending[architecture] = wrapped[-1] if wrapped else ""

    def ended(self, outcome: Outcome) -> None:
        problem = outcome.problem
        total = milliseconds(outcome.summary.total_ms)
        self.said(outcome.architecture, f"failed: {printable(problem)}" if problem else f"finished in {total}")

    def said(self, architecture: Architecture, words: str) -> None:
        """Says what happened to a stream, below what came of it."""
        if pending := self._pending.get(architecture):
            self._print_wrapped(architecture, pending)
            self._pending[architecture] = ""
        self._print(architecture, f"[{words}]")

    def _print_wrapped(self, architecture: Architecture, text: str) -> None:
        for line in textwrap.wrap(text.strip(), PLAIN_WIDTH):
            self._print(architecture, line)

    def _print(self, architecture: Architecture, text: str) -> None:
        print(f"{architecture:<{_NAME_WIDTH}} | {text}", flush=True)


class Answer:
    """The text of one answer as it comes, nothing else."""

    def part(self, architecture: Architecture, received: Received) -> None:  # noqa: ARG002
        if received.type == PartType.TEXT_DELTA:
            sys.stdout.write(printable(str(received.part.get("delta", ""))))
            sys.stdout.flush()

    def ended(self, outcome: Outcome) -> None:
        if any(received.type == PartType.TEXT_DELTA for received in outcome.received):
            print(flush=True)


def print_json(event: object) -> None:
    """A line of `--json`."""
    print(json.dumps(event, ensure_ascii=False), flush=True)
