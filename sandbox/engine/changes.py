"""What one run of the program does to the account: what is new is made, what differs is changed, the rest stays.

As in Pulumi's engine nothing is deleted before the program has ended well, so `complete` comes last. Until then
`undo` takes everything back, the youngest change first.
https://www.pulumi.com/docs/iac/concepts/how-pulumi-works/#creation-and-deletion-order
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.engine.resource import Resource
from sandbox.errors import ResourceRefused
from sandbox.resources import registry
from sandbox.resources.difference import Difference
from sandbox.resources.handler import Cloud, Created, PhysicalName, Standing
from sandbox.resources.values import Value

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A resource that the program registers. `provider` is the URN of its provider."""

    urn: str
    type: str
    name: str
    provider: str
    values: Mapping[str, Value]
    property_dependencies: Mapping[str, frozenset[str]]


@dataclass
class Counts:
    """How many resources a run has made, changed, made anew and deleted."""

    created: int = 0
    updated: int = 0
    replaced: int = 0
    deleted: int = 0

    def __str__(self) -> str:
        named = {key: count for key, count in vars(self).items() if count}
        return ", ".join(f"{count} {key}" for key, count in named.items()) or "nothing changed"


Settle = Callable[[str, str], object]
"""Has what runs follow a change of the resource of this type and id. Raises SandboxError."""


def _settled(_type_token: str, _physical_id: str) -> None:
    """Nothing runs yet that could follow."""


@dataclass
class Changes:
    """`before` is what the run before this one registered, by URN and in the order in which it was made."""

    cloud: Cloud
    before: Mapping[str, Resource] = field(default_factory=dict[str, Resource])
    settle: Settle = _settled
    """Called after each change: a version runs before an alias sends anybody there."""
    counts: Counts = field(default_factory=Counts)
    _undo: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])
    _superseded: list[Standing] = field(default_factory=list[Standing])
    """What was replaced, and goes when the program has ended."""
    _replaced_in_place: set[str] = field(default_factory=set[str])
    """URNs of what was deleted before its successor came: what belonged to it went with it."""

    def put(self, wanted: Wanted) -> tuple[Created, Mapping[str, Value]]:
        """Make the resource, change it, or leave it as it is; with its inputs as they hold. Raises SandboxError."""
        before = self.before.get(wanted.urn)
        if before is None:
            inputs = self._check(wanted, None)
            self.counts.created += 1
            return self._create(wanted, inputs), inputs
        inputs = self._check(wanted, before.inputs)
        found = self._compare(wanted, before, inputs)
        if not found.changed:
            return Created(before.id, before.outputs), inputs
        old = before.standing
        if not found.replaces:
            updated = registry.update(self.cloud, old, inputs)
            new = Standing(old.urn, old.type, old.name, old.id, inputs)
            self._undo.append(lambda: registry.update(self.cloud, new, old.inputs))
            self.settle(old.type, old.id)
            self.counts.updated += 1
            return updated, inputs
        _refuse_protected(before, f"{', '.join(found.replaces)} cannot be changed without a new resource")
        self.counts.replaced += 1
        if found.delete_first:
            return self._create_after(old, wanted, inputs), inputs
        inputs = self._check(wanted, None, taken=before.inputs)
        created = self._create(wanted, inputs)
        self._superseded.append(old)
        return created, inputs

    def check_removals(self, registered: Mapping[str, Resource]) -> None:
        """Refuse a run that would delete a protected resource. Raises ResourceRefused."""
        for urn, resource in self.before.items():
            if urn not in registered and resource.custom:
                try:
                    _refuse_protected(resource, "the program has it no more")
                except ResourceRefused as refusal:
                    raise ResourceRefused(f"{resource.type} {resource.name!r}: {refusal}") from None

    def complete(self, registered: Mapping[str, Resource]) -> None:
        """Delete what was replaced and what the program did not register, what depends on it first."""
        gone = [resource.standing for urn, resource in self.before.items() if urn not in registered and resource.custom]
        self.counts.deleted += len(gone)
        kept = {resource.urn for resource in self.before.values() if resource.retain_on_delete}
        for standing in reversed(_in_order(self.before, [*gone, *self._superseded])):
            if standing.urn in kept:
                continue
            try:
                registry.delete(self.cloud, standing)
            except ResourceRefused as refusal:
                _log.warning("%s %r is left behind: %s", standing.type, standing.name, refusal)
        self._undo.clear()

    def undo(self) -> None:
        """Bring back what was there before this run."""
        while self._undo:
            act = self._undo.pop()
            try:
                act()
            except ResourceRefused as refusal:
                _log.warning("a change could not be taken back: %s", refusal)

    def _check(
        self, wanted: Wanted, old: Mapping[str, Value] | None, *, taken: Mapping[str, Value] | None = None
    ) -> dict[str, Value]:
        def automatic(physical_name: PhysicalName) -> str:
            seed = wanted.urn
            while True:
                name = physical_name.make(wanted.name, seed)
                if taken is None or taken.get(physical_name.input) != name:
                    return name
                seed += "+"

        return registry.check(
            self.cloud,
            type_token=wanted.type,
            values=wanted.values,
            provider=wanted.provider,
            old=old,
            automatic=automatic,
        )

    def _compare(self, wanted: Wanted, before: Resource, inputs: Mapping[str, Value]) -> Difference:
        """What depends on a resource that went before its successor came went with it, whatever its inputs say."""
        old = {
            key: value
            for key, value in before.inputs.items()
            if not wanted.property_dependencies.get(key, frozenset()) & self._replaced_in_place
        }
        return registry.compare(wanted.type, old, inputs)

    def _create(self, wanted: Wanted, inputs: Mapping[str, Value]) -> Created:
        made = registry.create(self.cloud, type_token=wanted.type, name=wanted.name, urn=wanted.urn, values=inputs)
        standing = Standing(wanted.urn, wanted.type, wanted.name, made.id, inputs)
        self._undo.append(lambda: registry.delete(self.cloud, standing))
        self.settle(wanted.type, made.id)
        return made

    def _create_after(self, old: Standing, wanted: Wanted, inputs: Mapping[str, Value]) -> Created:
        """Both have one name, so the old one goes first."""
        registry.delete(self.cloud, old)
        self._undo.append(
            lambda: registry.create(self.cloud, type_token=old.type, name=old.name, urn=old.urn, values=old.inputs)
        )
        self._replaced_in_place.add(wanted.urn)
        return self._create(wanted, inputs)


def _in_order(before: Mapping[str, Resource], standings: list[Standing]) -> list[Standing]:
    """In the order in which they were made."""
    places = {urn: number for number, urn in enumerate(before)}
    return sorted(standings, key=lambda standing: places[standing.urn])


def _refuse_protected(resource: Resource, why: str) -> None:
    if resource.protect:
        raise ResourceRefused(f"is protected and would be deleted: {why}. Take `protect` away first")
