"""What is to be done for a pull request: by its event, by what GitHub says of it now, and by the repository's mode.

An event tells the past: a job that is run again has the event of its first run. So the event gives the number, and
GitHub is asked for the rest.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from streamways.errors import Misuse
from streamways.previews.github import PullRequest, Repository
from streamways.previews.names import PERSIST_LABEL, PREVIEW_LABEL, stack_of

Mode = Literal["label", "always"]
"""Which pull requests get a preview: those with the label `preview`, or all."""
Action = Literal["deploy", "conformance", "nothing", "destroy"]

EVENT_VARIABLE: Final = "GITHUB_EVENT_PATH"
OUTPUT_VARIABLE: Final = "GITHUB_OUTPUT"


@dataclass(frozen=True)
class Event:
    """What is taken from the event of a workflow."""

    number: int
    label_removed: bool
    """Whether it tells that the label `preview` was removed."""
    head: str | None
    """The commit that the pull request ended in then; None where the event names none."""


@dataclass(frozen=True)
class Plan:
    """What is to be done, and why, in words."""

    action: Action
    number: int
    reason: str

    def to_json(self) -> dict[str, str]:
        """The outputs of the step."""
        stack = stack_of(self.number)
        return {"action": self.action, "stack": stack, "number": str(self.number), "reason": self.reason}


def is_wanted(pull: PullRequest, mode: Mode) -> bool:
    """Whether a pull request asks for a preview."""
    return mode == "always" or PREVIEW_LABEL in pull.labels


def is_needed(pull: PullRequest, mode: Mode) -> tuple[bool, str]:
    """Whether the preview of a pull request stays, if it has one, and why."""
    if PERSIST_LABEL in pull.labels:
        return True, f"the label {PERSIST_LABEL} keeps it"
    if pull.state == "closed":
        return False, "its pull request is closed"
    if not is_wanted(pull, mode):
        return False, f"its pull request has no label {PREVIEW_LABEL}"
    return True, "its pull request is open"


def plan(pull: PullRequest, mode: Mode, *, label_removed: bool = False) -> Plan:
    """What is to be done for a pull request; `label_removed` says that it lost the label `preview` just now."""
    wanted, (needed, reason) = is_wanted(pull, mode), is_needed(pull, mode)
    action: Action = "nothing"
    if pull.fork:
        reason = "its commits come from another repository, which gets no credentials"
        action = "conformance" if wanted and pull.state == "open" else "nothing"
    elif pull.state == "open" and wanted:
        action, reason = "deploy", "it is open" if mode == "always" else f"it is open and has the label {PREVIEW_LABEL}"
    elif not needed and (pull.state == "closed" or label_removed):
        action = "destroy"
    return Plan(action, pull.number, reason)


def read_event(repository: str) -> Event:
    """The event of the workflow, which must be one of a pull request of this repository. Raises Misuse."""
    path = os.environ.get(EVENT_VARIABLE, "")
    if not path:
        raise Misuse(f"{EVENT_VARIABLE} is not set; this command runs in GitHub Actions, see docs/previews.md")
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
        number, full_name = event["number"], event["repository"]["full_name"]
        head = event["pull_request"]["head"]["sha"]
        removed = event["action"] == "unlabeled" and event["label"]["name"] == PREVIEW_LABEL
    except OSError as error:
        raise Misuse(f"{EVENT_VARIABLE} names {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Misuse(f"{path} is not the event of a pull request; start the workflow by `pull_request`") from error
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise Misuse(f"{path} has {number!r} for the number of a pull request")
    if str(full_name).casefold() != repository.casefold():
        raise Misuse(f"{path} is an event of {full_name!r}, and the workflow runs in {repository!r}")
    return Event(number, removed, head if isinstance(head, str) and re.fullmatch(r"[0-9a-f]{40,64}", head) else None)


def plan_for_event(repository: Repository, mode: Mode) -> Plan:
    """The plan for the pull request that started the workflow. Raises Doubt, Misuse."""
    event = read_event(repository.name)
    return plan(repository.pull(event.number), mode, label_removed=event.label_removed)


def write_outputs(plan: Plan) -> None:
    """Hand the plan to the next steps of the job, if this runs in one. No value has more than one line.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-output-parameter
    """
    if path := os.environ.get(OUTPUT_VARIABLE):
        with Path(path).open("a", encoding="utf-8") as outputs:
            outputs.writelines(f"{name}={value}\n" for name, value in plan.to_json().items())
