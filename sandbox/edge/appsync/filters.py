"""Which subscribers get what a mutation published: enhanced filters, and subscription arguments where there are none.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-enhanced-filtering.html and the tables
of https://docs.aws.amazon.com/appsync/latest/devguide/extensions.html. Both look at the fields that the *mutation
selected*, by the names they have in its answer.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from sandbox.edge.appsync.errors import FieldFailed
from sandbox.edge.appsync.values import as_list, as_object

MAX_FILTERS = 10
"""Filters in a group, joined by OR; each value of an `in` counts as one ("Exceptions" in the extensions page)."""
MAX_FIELDS = 5
"""Different field names in one filter, joined by AND."""
MAX_VALUES: Mapping[str, int] = {"in": 5, "notIn": 5, "containsAny": 20}
MAX_STRING = 256
"""Characters of a string in a filter."""
MAX_NESTING = 5
"""Levels of `a.b.c` in a field name."""

Condition = tuple[str, str, object]
"""Field name, operator, value."""
Matcher = Callable[[Mapping[str, object]], bool]

_MISSING = object()
_LISTS = frozenset(["in", "notIn", "containsAny", "between"])


def from_arguments(arguments: Mapping[str, object]) -> Matcher:
    """Basic filtering: each given argument equals the field of its name; null matches a field that is null."""

    def matches(published: Mapping[str, object]) -> bool:
        return all(_equal(published.get(name, _MISSING), value) for name, value in arguments.items())

    return matches


def from_filter(expression: object) -> Matcher:
    """Enhanced filtering, from the argument of `extensions.setSubscriptionFilter`. Raises FieldFailed."""
    groups = [[_condition(entry) for entry in _list(group, "filters")] for group in _list(expression, "filterGroup")]
    _check_limits(groups)

    def matches(published: Mapping[str, object]) -> bool:
        return any(all(_holds(condition, published) for condition in conditions) for conditions in groups)

    return matches


def _list(value: object, key: str) -> Sequence[object]:
    found = as_list(as_object(value).get(key))
    if not found:
        raise _invalid(f"a subscription filter needs a non-empty list {key!r}")
    return found


def _condition(entry: object) -> Condition:
    fields = as_object(entry)
    name, comparison, value = fields.get("fieldName"), fields.get("operator"), fields.get("value")
    if not isinstance(name, str) or not isinstance(comparison, str) or comparison not in _OPERATORS:
        raise _invalid(f"{entry} needs fieldName, and an operator of {', '.join(_OPERATORS)}")
    if name.count(".") >= MAX_NESTING:
        raise _invalid(f"{name} goes deeper than {MAX_NESTING} levels")
    values = as_list(cast(object, value)) if comparison in _LISTS else [value]
    if not values or (comparison == "between" and len(values) != 2):
        raise _invalid(
            f"the operator {comparison} takes a {'pair' if comparison == 'between' else 'list'}, not {value}"
        )
    for item in values:
        if not isinstance(item, (str, int, float)):
            raise _invalid(f"the filter on {name} compares with {item}; strings, numbers and booleans can be compared")
        if isinstance(item, str) and len(item) > MAX_STRING:
            raise _invalid(f"the filter on {name} has a string of {len(item)} characters, the limit is {MAX_STRING}")
    if len(values) > MAX_VALUES.get(comparison, len(values)):
        raise _invalid(f"the operator {comparison} has {len(values)} values, the limit is {MAX_VALUES[comparison]}")
    return name, comparison, values if comparison in _LISTS else value


def _check_limits(groups: Sequence[Sequence[Condition]]) -> None:
    total = 0
    for conditions in groups:
        if len({name for name, _, _ in conditions}) > MAX_FIELDS:
            raise _invalid(f"a filter has more than {MAX_FIELDS} different fields")
        alternatives = 1
        for _, comparison, value in conditions:
            alternatives *= len(as_list(value)) if comparison == "in" else 1
        total += alternatives
    if total > MAX_FILTERS:
        raise _invalid(f"the filter group comes to {total} filters, the limit is {MAX_FILTERS}")


def _invalid(message: str) -> FieldFailed:
    return FieldFailed(f"Invalid subscription filter: {message}.", "InvalidSubscriptionFilter")


def _holds(condition: Condition, published: Mapping[str, object]) -> bool:
    name, comparison, value = condition
    found: object = published
    for step in name.split("."):
        found = as_object(found).get(step, _MISSING)
    if found is _MISSING:
        return False
    return _OPERATORS[comparison](found, value)


def _ordered(compare: Callable[[float | str, float | str], bool]) -> Callable[[object, object], bool]:
    def holds(found: object, value: object) -> bool:
        if isinstance(found, str) and isinstance(value, str):
            return compare(found, value)
        if _is_number(found) and _is_number(value):
            return compare(cast(float, found), cast(float, value))
        return False

    return holds


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _equal(found: object, value: object) -> bool:
    """Strictly: `true` is not 1, "1" is not 1."""
    return isinstance(found, bool) == isinstance(value, bool) and found == value


def _among(found: object, values: object) -> bool:
    return any(_equal(found, value) for value in as_list(values))


def _contains(found: object, value: object) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    return _among(value, cast(object, found)) if isinstance(found, list) else _equal(found, value)


def _between(found: object, pair: object) -> bool:
    low, high = as_list(pair)
    return _OPERATORS["gt"](found, low) and _OPERATORS["lt"](found, high)


def _contains_any(found: object, values: object) -> bool:
    return any(_among(item, values) for item in as_list(found))


_OPERATORS: Mapping[str, Callable[[object, object], bool]] = {
    "eq": _equal,
    "ne": lambda found, value: not _equal(found, value),
    "le": _ordered(operator.le),
    "lt": _ordered(operator.lt),
    "ge": _ordered(operator.ge),
    "gt": _ordered(operator.gt),
    "contains": _contains,
    "notContains": lambda found, value: not _contains(found, value),
    "beginsWith": lambda found, value: isinstance(found, str) and isinstance(value, str) and found.startswith(value),
    "in": _among,
    "notIn": lambda found, values: not _among(found, values),
    "between": _between,
    "containsAny": _contains_any,
}
