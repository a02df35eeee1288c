"""The report of `check`: a line for each case for people, JSON for scripts."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.text import Text

from streamways.cli.text import printable
from streamways.conformance.case import Case, label
from streamways.conformance.runner import Outcome, Result
from streamways.conformance.trial import On

MARKS: dict[Outcome, tuple[str, str]] = {
    "passed": ("ok", "green"),
    "failed": ("FAILED", "bold red"),
    "not run": ("–", "dim"),
}


class Report(Protocol):
    """Tells of a run while it goes on."""

    def begin(self) -> None:
        """The first case is about to run."""
        ...

    def result(self, result: Result) -> None:
        """A case has ended, on one architecture or across two."""
        ...

    def end(self, results: Sequence[Result]) -> None:
        """All have ended."""
        ...


class LineReport:
    """A line for each case and architecture as soon as it is done, and at the end what failed, in words."""

    def __init__(self, where: str, trials: Sequence[tuple[Case, On]]) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._where = where
        self._cases = len({case.name for case, _ in trials})
        self._runs = len(trials)
        self._on_width = max(len(label(on)) for _, on in trials)
        self._name_width = max(len(case.name) for case, _ in trials)

    def begin(self) -> None:
        self._began = time.perf_counter()
        cases, runs = _counted(self._cases, "case"), _counted(self._runs, "run")
        self._print(f"{cases} of the stream protocol, {runs} against {self._where}")

    def result(self, result: Result) -> None:
        mark, style = MARKS[result.outcome]
        seconds = "" if result.outcome == "not run" else f"{result.seconds:.1f} s"
        line = Text(f"{mark:<6} {seconds:>6}  {result.case.name:<{self._name_width}}  ")
        line.stylize(style, 0, len(mark))
        why = f"{result.outcome}: {printable(result.why)}" if result.why else ""
        line.append(f"{label(result.on):<{self._on_width}}  {why}".rstrip())
        self._console.print(line)

    def end(self, results: Sequence[Result]) -> None:
        counts = Counter(result.outcome for result in results)
        failed = list({result.case.name: result.case for result in results if result.outcome == "failed"}.values())
        if failed:
            self._print("\nThese cases failed. Each line says what should hold:")
            for case in failed:
                self._print(f"  {case.name}: {case.says}")
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in MARKS if counts[outcome])
        self._print(f"\n{told}, in {time.perf_counter() - self._began:.0f} s")

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False)


class JsonReport:
    """A line of JSON for each case and architecture, and one for the end."""

    def begin(self) -> None:
        self._began = time.perf_counter()

    def result(self, result: Result) -> None:
        event: dict[str, object] = {
            "event": "case",
            "case": result.case.name,
            "on": list(result.on),
            "outcome": result.outcome,
            "seconds": round(result.seconds, 2),
        }
        _print_json(event | ({"why": result.why} if result.why else {}))

    def end(self, results: Sequence[Result]) -> None:
        counts = Counter(result.outcome for result in results)
        seconds = round(time.perf_counter() - self._began, 1)
        _print_json({"event": "summary", **{outcome: counts[outcome] for outcome in MARKS}, "seconds": seconds})


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _print_json(event: dict[str, object]) -> None:
    print(json.dumps(event, ensure_ascii=False), flush=True)
