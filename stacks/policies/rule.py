"""A rule: what it is called, what it says, where that comes from, and the function that checks it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stacks.policies.graph import Resource

ResourceCheck = Callable[[Resource], Iterable[str]]
"""What is wrong with a resource, a sentence each: what was given, and what to do."""
StackCheck = Callable[[Sequence[Resource]], Iterable[tuple[Resource, str]]]
"""The same for resources that are looked at together."""


@dataclass(frozen=True)
class Violation:
    """A rule that a resource breaks."""

    rule: str
    urn: str
    message: str


@dataclass(frozen=True)
class ResourceRule:
    """A rule about single resources. Pulumi checks it before it makes the resource."""

    name: str
    sentence: str
    """What holds in every stack."""
    page: str
    """Where that comes from."""
    types: frozenset[str] | None
    """The types that it is about; None for all that a provider makes."""
    check: ResourceCheck

    def problems(self, resource: Resource) -> Iterator[str]:
        """What is wrong with a resource of any type, a sentence each."""
        if resource.type in self.types if self.types is not None else resource.type.startswith("aws:"):
            yield from self.check(resource)

    def violations(self, resources: Iterable[Resource]) -> Iterator[Violation]:
        """Where these resources break it."""
        for resource in resources:
            for problem in self.problems(resource):
                yield Violation(self.name, resource.urn, problem)


@dataclass(frozen=True)
class StackRule:
    """A rule about resources together. Pulumi checks it once all of them are known, and so after an update."""

    name: str
    sentence: str
    page: str
    check: StackCheck

    def violations(self, resources: Iterable[Resource]) -> Iterator[Violation]:
        """Where these resources, a whole stack, break it."""
        for resource, problem in self.check([*resources]):
            yield Violation(self.name, resource.urn, problem)


Rule = ResourceRule | StackRule
