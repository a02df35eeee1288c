"""The outputs of a stack, all that a client must know of it, as `pulumi stack output --json` prints them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

from shared.contract.architectures import DESCRIPTORS
from shared.contract.outputs import PAGE_DOMAIN_TARGET, PAGE_URL, Output, SigningOutput
from streamways.clients.client import Architecture

KNOWN: tuple[str, ...] = (
    *(name for one in DESCRIPTORS.values() for name in (*one.outputs, *one.domain_outputs)),
    *map(str, (*Output, *SigningOutput)),
    PAGE_URL,
    PAGE_DOMAIN_TARGET,
)
"""The outputs that there are, in the order in which they are shown."""


class OutputsError(ValueError):
    """A file that does not hold a stack's outputs. The text is one line: what is wrong, and what to do."""


@dataclass(frozen=True)
class StackOutputs:
    """Addresses and identifiers of a stack, by the names of its outputs; those that the stack lacks are absent."""

    values: Mapping[str, str]

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Self:
        """From the outputs' own names (`functionUrl`, …). Unknown names are passed over. Raises OutputsError."""
        known: dict[str, str] = {}
        for name in KNOWN:
            value = values.get(name)
            if value is None:
                continue
            if not isinstance(value, str):
                raise OutputsError(f"the output {name} is {json.dumps(value)}, and must be a string")
            known[name] = value
        return cls(known)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """From a file with the JSON object. Raises OutputsError."""
        advice = "write it with: pulumi stack output --json > outputs.json"
        try:
            values: object = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise OutputsError(f"{path}: {error.strerror}; {advice}") from error
        except ValueError as error:
            raise OutputsError(f"{path} is not JSON; {advice}") from error
        if not isinstance(values, dict):
            raise OutputsError(f"{path} holds no JSON object; {advice}")
        try:
            outputs = cls.from_json(cast("dict[str, object]", values))
        except OutputsError as error:
            raise OutputsError(f"{path}: {error}; {advice}") from error
        if not outputs.architectures:
            *names, last = (next(iter(one.addresses)) for one in DESCRIPTORS.values())
            raise OutputsError(f"{path} names none of {', '.join(names)} and {last}; {advice}")
        return outputs

    def to_json(self) -> dict[str, str]:
        """The JSON object, without what the stack lacks."""
        return dict(self.values)

    def get(self, name: str) -> str | None:
        """An output; None when the stack lacks it."""
        return self.values.get(name)

    def __getitem__(self, name: str) -> str:
        """An output that the stack must have. Raises OutputsError."""
        try:
            return self.values[name]
        except KeyError:
            raise OutputsError(f"the stack has no output {name}") from None

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """The architectures that the stack has."""
        return tuple(name for name, one in DESCRIPTORS.items() if one.addresses.keys() <= self.values.keys())
