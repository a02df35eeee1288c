"""What a changed input means for a resource: nothing, an update in place, or another resource in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sandbox.resources.handler import Handler
from sandbox.resources.values import Archive, Asset, Unknown, Value

DEFAULTS = "__defaults"
"""The input in which pulumi-aws notes which inputs it chose itself."""


@dataclass(frozen=True)
class Difference:
    """Names of top-level inputs, sorted."""

    changed: tuple[str, ...]
    replaces: tuple[str, ...]
    """Those of `changed` that demand a new resource."""
    delete_first: bool
    """Whether the old resource has to go before the new one comes, because both would have the same name."""


def difference(handler: Handler, old: Mapping[str, Value], new: Mapping[str, Value]) -> Difference:
    """Compare inputs with inputs, both as `registry.check` gives them.

    An unknown input counts as a change: in a preview of a resource whose dependency is made anew, it is one.
    """
    keys = sorted((old.keys() | new.keys()) - {DEFAULTS})
    changed = tuple(key for key in keys if not same(old.get(key), new.get(key)))
    replaces = tuple(key for key in changed if key in handler.replaces or key == "region")
    return Difference(changed, replaces, bool(replaces) and _named_alike(handler, old, new))


def same(one: Value, other: Value) -> bool:
    """Whether two values are equal; files are when their contents are, wherever they lie."""
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return False
    if isinstance(one, Archive | Asset) and isinstance(other, Archive | Asset):
        if one.hash and other.hash:
            return type(one) is type(other) and one.hash == other.hash
        return one == other
    if isinstance(one, dict) and isinstance(other, dict):
        keys = (one.keys() | other.keys()) - {DEFAULTS}
        return all(same(one.get(key), other.get(key)) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return (type(one) is type(other) and one == other) or _equal_numbers(one, other)


def chosen(inputs: Mapping[str, Value]) -> tuple[str, ...]:
    """The inputs that the provider chose itself."""
    defaults = inputs.get(DEFAULTS)
    return tuple(cast("list[str]", defaults)) if isinstance(defaults, list) else ()


def _equal_numbers(one: Value, other: Value) -> bool:
    numbers = (int, float)
    return type(one) in numbers and type(other) in numbers and one == other


def _named_alike(handler: Handler, old: Mapping[str, Value], new: Mapping[str, Value]) -> bool:
    """The name that the program gave is the same before and after."""
    if handler.physical_name is None or handler.physical_name.input in chosen(new):
        return False
    return same(old.get(handler.physical_name.input), new.get(handler.physical_name.input))
