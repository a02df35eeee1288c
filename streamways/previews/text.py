"""The text of the comment, as Markdown. It shows what is on a list of things to show, and nothing else."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final, Literal

from shared.contract.architectures import DESCRIPTORS
from streamways.clients.client import Architecture
from streamways.costs.answer import Answer, answer_lines
from streamways.costs.assumptions import Idle, Workload
from streamways.costs.lines import total
from streamways.costs.month import idle_lines
from streamways.costs.prices import Prices, read_prices
from streamways.previews.changes import Changes
from streamways.previews.conformance import Conformance
from streamways.previews.names import stack_of

State = Literal["deployed", "failed", "destroyed"]
TITLES: Final[Mapping[State, str]] = {
    "deployed": "is deployed",
    "failed": "could not be deployed",
    "destroyed": "was destroyed",
}
MOST_LINES: Final = 300
"""Of permissions."""
MOST_CHARACTERS: Final = 50_000
"""Of permissions, too: a comment has at most 65,536.

https://github.com/orgs/community/discussions/27190
"""
MILLION: Final = 1_000_000

_ADDRESS = re.compile(r"(?:https|wss)://[a-z0-9.-]{1,253}(?::\d{1,5})?(?:/[\w.~-]*)*", re.ASCII)
_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
_RUN = re.compile(r"https://[\w.:/-]+", re.ASCII)


@dataclass(frozen=True)
class Preview:
    """All that a comment is made of. What is None is told as missing."""

    number: int
    state: State
    head: str | None = None
    """The commit that was deployed."""
    addresses: Mapping[str, str] | None = None
    """The stack's outputs that are addresses."""
    changes: Changes | None = None
    conformance: Conformance | None = None


def read_addresses(path: Path) -> dict[str, str] | None:
    """The addresses among a stack's outputs; None for a file that is not there or holds something else."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        names = [name for one in DESCRIPTORS.values() for name in one.outputs]
        given = {name: values[name] for name in names if name in values}
    except (OSError, ValueError, TypeError):
        return None
    return {name: value for name, value in given.items() if isinstance(value, str) and _ADDRESS.fullmatch(value)}


def text_of(preview: Preview) -> str:
    """The comment, without its marker."""
    return "\n\n".join(_sections(preview)) + "\n"


def _sections(preview: Preview) -> Iterator[str]:
    yield f"### The preview `{stack_of(preview.number)}` {TITLES[preview.state]}"
    if origin := _origin(preview.head):
        yield origin
    if preview.state == "destroyed":
        return
    if preview.changes is not None and preview.changes.failed:
        names = ", ".join(f"`{_shown(_NAME, urn.rpartition('::')[2])}`" for urn in preview.changes.failed[:10])
        yield f"Pulumi could not change {names}. The log of the run says why. A push or a new run tries again."
    if preview.addresses:
        yield _table(["address of", ""], [[f"`{name}`", value] for name, value in preview.addresses.items()])
    yield f"**Conformance:** {_conformance(preview.conformance)}"
    there = (preview.addresses or {}).keys()
    architectures = [name for name, one in DESCRIPTORS.items() if one.addresses.keys() <= there]
    if architectures:
        yield _cost(architectures, read_prices())
    yield _permissions(preview.changes)


def _origin(head: str | None) -> str:
    """Which commit, and the run that tells more."""
    server, name, run = (os.environ.get(f"GITHUB_{key}", "") for key in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    address = f"{server}/{name}/actions/runs/{run}"
    told = [f"commit {head[:12]}"] if head else []
    told += [f"[log of the run]({address})"] if run.isdecimal() and _RUN.fullmatch(address) else []
    return " · ".join(told)


def _conformance(conformance: Conformance | None) -> str:
    if conformance is None:
        return "there is no result."
    failed = ". Failed: " + ", ".join(f"`{name}`" for name in conformance.failed) if conformance.failed else ""
    if not conformance.counts:
        return f"the run did not come to its end{failed}."
    return ", ".join(f"{count} {outcome}" for outcome, count in conformance.counts.items()) + f"{failed}."


def _cost(architectures: Sequence[Architecture], prices: Prices) -> str:
    workload = Workload()
    idle = len(architectures) * total(idle_lines(Idle()), prices)
    model = prices.of_tokens(workload.model, workload.input_tokens, workload.output_tokens) * MILLION
    rows = [
        [
            DESCRIPTORS[name].title,
            f"{total(answer_lines(Answer.assumed(name, workload), prices), prices) * MILLION:.0f}",
            f"{model:.0f}",
        ]
        for name in architectures
    ]
    table = _table(["one answer, in millionths of a dollar", "services", f"the model `{workload.model}`"], rows)
    return (
        f"**Cost** (*calculated*, prices of {prices.date} in {prices.region}): "
        f"{idle:.2f} USD a month while nobody uses it.\n\n{table}"
    )


def _permissions(changes: Changes | None) -> str:
    if changes is None:
        return "**Permissions:** the update left no document that tells what changed."
    granted, revoked = (sum(map(len, found.values())) for found in (changes.granted, changes.revoked))
    if not granted and not revoked:
        return "**Permissions:** nothing changed in IAM."
    everywhere = sum(f"{line} ".count(" on * ") for lines in changes.granted.values() for line in lines)
    told = f"{granted} granted, {revoked} revoked" + (f", {everywhere} of them on every resource" if everywhere else "")
    lines: list[str] = []
    for urn in sorted({*changes.granted, *changes.revoked}):
        lines.append(f"  {_shown(_NAME, urn.rpartition('::')[2])}")
        lines += [f"- {line}" for line in changes.revoked.get(urn, ())]
        lines += [f"+ {line}" for line in changes.granted.get(urn, ())]
    shown = _cut(lines)
    if left := len(lines) - len(shown):
        shown.append(f"  … and {left} more lines")
    block = "\n".join(["```diff", *shown, "```"])
    return f"**Permissions:** {told}.\n\n<details><summary>What changed in IAM</summary>\n\n{block}\n\n</details>"


def _cut(lines: Sequence[str]) -> list[str]:
    """As many of the first lines as a comment has room for."""
    sizes = accumulate(len(line) + 1 for line in lines)
    return [line for line, size in zip(lines[:MOST_LINES], sizes, strict=False) if size <= MOST_CHARACTERS]


def _shown(shape: re.Pattern[str], value: str) -> str:
    return value if shape.fullmatch(value) else "(not shown)"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *rows])
