"""What an update did to permissions, from the documents that the Pulumi CLI prints.

`pulumi preview --json` prints one object, whose `steps` have `oldState` and `newState`. `pulumi up --json` prints one
engine event a line; those named `resOutputsEvent` have `metadata` with `old` and `new`.

https://github.com/pulumi/pulumi/blob/master/sdk/go/common/display/json.go
https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/events.go
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from streamways.previews.permissions import permissions_of

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of an update."""

    urn: str
    type: str
    old: Inputs | None
    new: Inputs | None


@dataclass(frozen=True)
class Changes:
    """What one document tells."""

    granted: Mapping[str, tuple[str, ...]]
    """What is allowed now and was not before, by the resource's logical name."""
    revoked: Mapping[str, tuple[str, ...]]
    """What was allowed before and is not now."""
    resources: Mapping[str, int]
    """How many resources were created, updated and so on; empty if the update did not come to its end."""
    failed: tuple[str, ...]
    """URNs of the resources that could not be changed."""
    errors: tuple[str, ...]
    """What the engine said of them. For the log of the job alone: a message of a provider can hold anything."""


def read_changes(path: Path) -> Changes | None:
    """What a document tells; None for a file that is not there or holds something else."""
    try:
        text = path.read_text(encoding="utf-8")
        rows = _rows(text)
        return _changes(rows)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _rows(text: str) -> list[dict[str, Any]]:
    """The events of a document: the preview's one object is taken for one, and so is each line of an update.

    The last line may be cut off: the CLI was killed while it wrote.
    """
    try:
        return [_object(json.loads(text))]
    except ValueError:
        *lines, last = text.splitlines() or [""]
        rows = [_object(json.loads(line)) for line in lines if line.strip()]
        try:
            return [*rows, _object(json.loads(last))]
        except ValueError:
            if not rows:
                raise
            return rows


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return cast("dict[str, Any]", value)


def _changes(rows: Iterable[dict[str, Any]]) -> Changes:
    rows = list(rows)
    before: dict[str, tuple[str, ...]] = {}
    after: dict[str, tuple[str, ...]] = {}
    for step in (step for row in rows for step in _steps(row)):
        # A replacement is told in three steps: the first one knows what was, and none that deletes knows what is.
        if step.old is not None:
            before.setdefault(step.urn, permissions_of(step.type, step.old))
        if step.new is not None:
            after[step.urn] = permissions_of(step.type, step.new)
    failed = [row["resOpFailedEvent"]["metadata"]["urn"] for row in rows if "resOpFailedEvent" in row]
    counts: list[dict[str, int]] = [row["summaryEvent"]["resourceChanges"] for row in rows if "summaryEvent" in row]
    counts += [row["changeSummary"] for row in rows if "changeSummary" in row]
    told = [row["diagnosticEvent"] for row in rows if "diagnosticEvent" in row]
    return Changes(
        granted=_less(after, before),
        revoked=_less(before, after),
        resources=counts[-1] if counts else {},
        failed=tuple(map(str, failed)),
        errors=tuple(str(one["message"]).strip() for one in told if one.get("severity") == "error"),
    )


def _steps(row: dict[str, Any]) -> Iterator[Step]:
    for step in row.get("steps") or ():
        old, new = step.get("oldState"), step.get("newState")
        state: Mapping[str, Any] = new or old or {"type": ""}
        yield Step(step["urn"], state["type"], _inputs(old), _inputs(new))
    if event := row.get("resOutputsEvent"):
        step = event["metadata"]
        yield Step(step["urn"], step["type"], _inputs(step.get("old")), _inputs(step.get("new")))


def _inputs(state: Mapping[str, Any] | None) -> Inputs | None:
    return None if state is None else state.get("inputs") or {}


def _less(these: Mapping[str, tuple[str, ...]], those: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """By URN, in order: what these have and those have not."""
    found = {urn: tuple(line for line in lines if line not in those.get(urn, ())) for urn, lines in these.items()}
    return {urn: lines for urn, lines in found.items() if lines}
