"""`streamways preview`: what the workflows in `stacks/previews/github/` call, one command a step."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from streamways.cli.options import Json

LONGEST_DAYS = 14
"""How long a preview lives without an update, unless it is told otherwise."""


class Mode(StrEnum):
    """Which pull requests get a preview."""

    LABEL = "label"
    ALWAYS = "always"


class Ended(StrEnum):
    """How a step of a workflow ended.

    https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#steps-context
    """

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


ModeOption = Annotated[
    Mode,
    typer.Option("--mode", envvar="PREVIEW_MODE", help="Previews for pull requests with the label preview, or always."),
]

app = typer.Typer(rich_markup_mode=None, help="A preview stack for each pull request, from GitHub Actions.")


@app.command(short_help="Say what is to be done for the pull request of this workflow.")
def plan(mode: ModeOption = Mode.LABEL, json: Json = False) -> None:
    """Say what is to be done for the pull request of this workflow: deploy, conformance, nothing or destroy.

    The result also becomes the outputs of the workflow's step: action, stack, number and reason. GITHUB_TOKEN must hold
    the token of the workflow.

    \b
    Examples:
      streamways preview plan
      streamways preview plan --mode always --json
    """
    from streamways.cli.preview_output import print_plan
    from streamways.previews.github import Repository
    from streamways.previews.plan import plan_for_event, write_outputs

    planned = plan_for_event(Repository.of_environment(), mode.value)
    write_outputs(planned)
    print_plan(planned, as_json=json)


@app.command(short_help="Write the preview's comment on the pull request.")
def comment(
    changes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Output of `pulumi up --json` or `pulumi preview --json`.", show_default=False
        ),
    ] = None,
    outputs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Output of `pulumi stack output --json`.", show_default=False),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Output of `streamways check --json`.", show_default=False),
    ] = None,
    update: Annotated[
        Ended, typer.Option(metavar="<success|failure|cancelled|skipped>", help="How the step of `pulumi up` ended.")
    ] = Ended.SUCCESS,
    destroyed: Annotated[bool, typer.Option("--destroyed", help="Say that the preview is gone.")] = False,
    json: Json = False,
) -> None:
    """Write the preview's comment on the pull request of this workflow: addresses, permissions, cost, conformance.

    There is one comment: it is found and rewritten. A file that is not there is told as missing. GITHUB_TOKEN must hold
    the token of the workflow.

    \b
    Examples:
      streamways preview comment --changes up.jsonl --outputs outputs.json --check check.jsonl
      streamways preview comment --changes up.jsonl --update failure
      streamways preview comment --destroyed
    """
    from streamways.cli.preview_output import print_comment
    from streamways.previews.changes import read_changes
    from streamways.previews.comment import write_comment
    from streamways.previews.conformance import Conformance
    from streamways.previews.github import Repository
    from streamways.previews.plan import read_event
    from streamways.previews.text import Preview, read_addresses, text_of

    repository = Repository.of_environment()
    event = read_event(repository.name)
    state = "destroyed" if destroyed else "deployed" if update is Ended.SUCCESS else "failed"
    told = read_changes(changes) if changes else None
    preview = Preview(
        event.number,
        state,
        head=event.head,
        addresses=read_addresses(outputs) if outputs else None,
        changes=told,
        conformance=Conformance.read(check) if check else None,
    )
    for error in told.errors if told else ():
        typer.echo(error, err=True)
    print_comment(event.number, write_comment(repository, event.number, text_of(preview)), as_json=json)


@app.command(short_help="Destroy the previews that nobody needs.")
def sweep(
    mode: ModeOption = Mode.LABEL,
    stack: Annotated[
        str | None,
        typer.Option(metavar="pr-N", help="Look at this stack alone. Without it: at all of them.", show_default=False),
    ] = None,
    days: Annotated[
        int,
        typer.Option(envvar="PREVIEW_DAYS", min=1, help="Destroy a preview whose last update is longer ago, in days."),
    ] = LONGEST_DAYS,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be destroyed, and destroy nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Destroy the stacks of pull requests that are closed, have lost the label preview, or are too old.

    The label persist keeps a preview. A stack is destroyed only when GitHub's answer is clear. The exit code is 1 when
    a stack was in doubt or could not be destroyed.

    \b
    Examples:
      streamways preview sweep --dry-run
      streamways preview sweep --days 7 --json
      streamways preview sweep --stack pr-12
    """
    from datetime import UTC, datetime, timedelta

    from streamways.cli.preview_output import print_sweep
    from streamways.previews.engine import stacks
    from streamways.previews.github import Repository
    from streamways.previews.sweep import UNFINISHED, Sweep

    sweeping = Sweep(
        Repository.of_environment(), mode.value, timedelta(days=days), now=datetime.now(UTC), dry_run=dry_run
    )
    there = [each for each in stacks() if stack is None or each.name == stack]
    outcomes = print_sweep(sweeping.run(there), as_json=json)
    raise typer.Exit(1 if outcomes & set(UNFINISHED) else 0)
