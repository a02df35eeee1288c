"""The sweep: stacks against pull requests. A stack is destroyed only when GitHub says clearly that nobody needs it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from streamways.errors import CommandError
from streamways.previews import checkpoint, engine
from streamways.previews.engine import Stack
from streamways.previews.github import Doubt, RateLimited, Repository
from streamways.previews.names import PERSIST_LABEL, RESEMBLES_A_PREVIEW, number_of
from streamways.previews.plan import Mode, is_needed

Outcome = Literal["kept", "would be destroyed", "destroyed", "in doubt", "failed"]
UNFINISHED: tuple[Outcome, ...] = ("in doubt", "failed")
"""With one of these, the sweep has not done its work."""


@dataclass(frozen=True)
class Row:
    """What became of one stack, and why."""

    stack: str
    outcome: Outcome
    reason: str

    def to_json(self) -> dict[str, str]:
        """The row for scripts."""
        return {"stack": self.stack, "outcome": self.outcome, "reason": self.reason}


@dataclass(frozen=True)
class Sweep:
    """What to look at, and what to do about it."""

    repository: Repository
    mode: Mode
    longest: timedelta
    """A preview that was not updated for longer is destroyed, though its pull request is open."""
    now: datetime
    dry_run: bool

    def run(self, stacks: Sequence[Stack]) -> Iterator[Row]:
        """Look at each preview, and destroy it at once if it is not needed: between question and act lies no other."""
        limited: RateLimited | None = None
        for stack in stacks:
            number = number_of(stack.name)
            if number is None:
                if RESEMBLES_A_PREVIEW.match(stack.name):
                    yield Row(
                        stack.name, "in doubt", "only a stack named pr-<number> is a preview; look at it yourself"
                    )
            elif stack.update_in_progress:
                yield Row(stack.name, "in doubt", "an update is under way; sweep again when it has ended")
            elif limited is not None:
                yield Row(stack.name, "in doubt", str(limited))
            else:
                try:
                    needed, reason = self._is_needed(stack, number)
                except Doubt as doubt:
                    limited = doubt if isinstance(doubt, RateLimited) else None
                    yield Row(stack.name, "in doubt", str(doubt))
                else:
                    yield Row(stack.name, "kept", reason) if needed else self._destroyed(stack, reason)

    def _is_needed(self, stack: Stack, number: int) -> tuple[bool, str]:
        """Whether a preview stays, and why. Raises Doubt."""
        pull = self.repository.pull(number)
        if pull.fork and pull.state == "open":
            raise Doubt(f"pull request {number} comes from a fork, which gets no preview; look at the stack yourself")
        needed, reason = is_needed(pull, self.mode)
        age = self.now - stack.last_update if stack.last_update else timedelta(0)
        if needed and PERSIST_LABEL not in pull.labels and age > self.longest:
            return False, f"its last update was {age.days} days ago; the next push deploys it again"
        return needed, reason

    def _destroyed(self, stack: Stack, reason: str) -> Row:
        try:
            checkpoint.check(stack.name, engine.export(stack.name))
        except CommandError as doubt:
            return Row(stack.name, "in doubt", str(doubt))
        if self.dry_run:
            return Row(stack.name, "would be destroyed", reason)
        if engine.destroy(stack.name):
            return Row(stack.name, "destroyed", reason)
        return Row(
            stack.name,
            "failed",
            f"{reason}, but `pulumi destroy` failed, see its output; if an update is under way, sweep again later",
        )
