"""One saved result: how it is written, and what a file has to hold to be one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self, cast
from urllib.parse import urlsplit

from shared.contract.outputs import Output
from streamways.clients.addresses import is_loopback
from streamways.clients.outputs import StackOutputs
from streamways.errors import CommandError
from streamways.results.machine import machine, versions

AWS_HOSTS: Final = (".amazonaws.com", ".on.aws")
"""How the hosts of function URLs, of API Gateway and of AppSync end."""


Row = Mapping[str, object]
"""A figure or a name by its key; all rows of a table have the same keys."""


class Label(StrEnum):
    """What the figures are."""

    EMULATED = "emulated"
    ON_AWS = "measured on AWS"
    ELSEWHERE = "measured elsewhere"
    """At an address that does not say whether AWS is behind it: a domain of one's own, for instance."""


@dataclass(frozen=True)
class Saved:
    """What a command found out. Neither addresses nor prompts nor tokens are in it."""

    what: str
    """The command: `race`, `check`, `bench lag`, …"""
    label: str
    date: str
    """When, in UTC, to the second."""
    region: str | None
    """Of a stack that is no sandbox."""
    machine: str
    """From which it was measured."""
    versions: Mapping[str, str]
    tables: Mapping[str, Sequence[Row]]

    @classmethod
    def now(cls, what: str, tables: Mapping[str, Sequence[Row]], stack: StackOutputs | None = None) -> Self:
        """A result of this moment and this machine; `stack` is what it was measured on, if that was no sandbox."""
        date = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        region = None if stack is None else stack.get(Output.REGION)
        return cls(what, label_of(stack), date, region, machine(), versions(), tables)

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a file. Raises CommandError."""
        try:
            document = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
            saved = cls(**document)
            datetime.fromisoformat(saved.date)
            Label(saved.label)
            assert all(isinstance(row, dict) for rows in saved.tables.values() for row in rows)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except (ValueError, TypeError, AttributeError, AssertionError) as error:
            raise CommandError(f"{path} is not what --save writes; save the result again") from error
        return saved

    def write(self, folder: Path) -> Path:
        """Into a new file of the folder, which is made if it is not there. Raises CommandError."""
        words = f"{self.what} {self.label}".replace(" ", "-").lower()
        path = folder / f"{self.date.replace(':', '')}-{words}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}; nothing was saved") from error
        return path


def label_of(stack: StackOutputs | None) -> Label:
    """What figures of this stack are. A sandbox may be spoken to by a file of outputs, too."""
    if stack is None:
        return Label.EMULATED
    addresses = [value for value in stack.values.values() if "://" in value]
    reached = [address for address in addresses if not _is_issuer(stack, address)]
    if any(is_loopback(address) for address in reached):
        return Label.EMULATED
    on_aws = all((urlsplit(address).hostname or "").endswith(AWS_HOSTS) for address in reached)
    return Label.ON_AWS if on_aws else Label.ELSEWHERE


def _is_issuer(stack: StackOutputs, address: str) -> bool:
    """An issuer says who signs tokens, and not where the stack is: a sandbox's is AWS's."""
    return address == stack.get(Output.ISSUER)
