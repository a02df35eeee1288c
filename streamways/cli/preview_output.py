"""What `streamways preview` prints: a line for each result for people, JSON for scripts."""

import json
from collections import Counter
from collections.abc import Iterable

from streamways.cli.text import printable
from streamways.previews.plan import Plan
from streamways.previews.sweep import Outcome, Row


def print_plan(plan: Plan, *, as_json: bool) -> None:
    """What is to be done, and why."""
    given = plan.to_json()
    print(json.dumps(given) if as_json else f"{given['action']} {given['stack']}: {plan.reason}")


def print_comment(number: int, comment: int, *, as_json: bool) -> None:
    """Which comment was written."""
    written = {"number": number, "comment": comment}
    print(json.dumps(written) if as_json else f"comment {comment} on pull request {number} is up to date")


def print_sweep(rows: Iterable[Row], *, as_json: bool) -> set[Outcome]:
    """Each row as soon as there is one: a destroy takes minutes. Returns the outcomes that there were."""
    counts: Counter[Outcome] = Counter()
    for row in rows:
        counts[row.outcome] += 1
        text = json.dumps({"event": "stack", **row.to_json()}, ensure_ascii=False)
        print(text if as_json else f"{printable(row.stack)}: {row.outcome}: {printable(row.reason)}", flush=True)
    if as_json:
        print(json.dumps({"event": "summary", **counts}))
    else:
        print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "there is no preview")
    return set(counts)
