"""What a program registered, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.resources.handler import Standing
from sandbox.resources.values import Value


@dataclass(frozen=True)
class Resource:
    """A resource as the engine sees it: what the program said of it, and what became of it."""

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    """URN; empty for the stack itself."""
    provider: str
    """URN of its provider; empty for components, providers and the stack."""
    protect: bool
    retain_on_delete: bool
    dependencies: frozenset[str]
    """URNs: `depends_on` and every resource whose outputs its inputs use."""
    property_dependencies: Mapping[str, frozenset[str]]
    inputs: Mapping[str, Value]
    """As the program gave them; for a resource that the sandbox made, with what pulumi-aws adds (`registry.check`)."""
    secrets: frozenset[str]
    """Top-level properties that hold a secret."""
    id: str
    outputs: Mapping[str, Value]

    @property
    def standing(self) -> Standing:
        """What a resource handler is told of it."""
        return Standing(self.urn, self.type, self.name, self.id, self.inputs)


@dataclass
class Deployment:
    """All that a program registered, by URN and in the order in which it was made, and its stack outputs."""

    project: str
    stack: str
    resources: dict[str, Resource] = field(default_factory=dict[str, Resource])
    outputs: Mapping[str, Value] = field(default_factory=dict[str, Value])
    secret_outputs: frozenset[str] = frozenset()
    refusals: list[str] = field(default_factory=list[str])
    """What was refused, one line each, in order."""
    errors: list[str] = field(default_factory=list[str])
    """What the program logged as an error."""
