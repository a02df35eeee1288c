"""Conditional writes of the one table, said without DynamoDB's placeholders.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.table.attributes import to_attributes
from shared.table.keys import Key


@dataclass(frozen=True)
class Where:
    """A condition. Attributes are written `#name`, values `:name`."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict[str, object])


def where(text: str, **values: object) -> Where:
    """For example `where("#fencingToken = :token", token=fencing_token)`."""
    return Where(text, {f":{name}": value for name, value in values.items()})


NEW = where("attribute_not_exists(#pk)")
"""There is no such item."""


@dataclass(frozen=True)
class Write:
    """One write, alone or in a transaction: what DynamoDB's API calls its arguments, but for the table."""

    kind: Literal["Put", "Update", "Delete"]
    arguments: Mapping[str, Any]


def put(item: Mapping[str, object], condition: Where | None = None) -> Write:
    """Writes a whole item."""
    return Write("Put", {"Item": to_attributes(item), **_expressions(condition)})


def update(
    key: Key,
    changes: Mapping[str, object],
    condition: Where | None = None,
    *,
    append: Mapping[str, Sequence[object]] | None = None,
    remove: Iterable[str] = (),
) -> Write:
    """Sets attributes (None: leaves it), appends to lists and removes attributes of an item, or of a new one."""
    given = {name: value for name, value in changes.items() if value is not None}
    sets = [f"#{name} = :set_{name}" for name in given]
    sets += [f"#{name} = list_append(#{name}, :append_{name})" for name in append or {}]
    removes = [f"#{name}" for name in remove]
    text = " ".join(f"{verb} {', '.join(names)}" for verb, names in (("SET", sets), ("REMOVE", removes)) if names)
    values = {f":set_{name}": value for name, value in given.items()}
    values |= {f":append_{name}": list(items) for name, items in (append or {}).items()}
    return Write(
        "Update", {"Key": to_attributes(key), "UpdateExpression": text, **_expressions(condition, text, values)}
    )


def update_by(
    key: Key,
    sets: Sequence[str],
    conditions: Sequence[str],
    values: Mapping[str, object],
    *,
    removes: Sequence[str] = (),
    names: Mapping[str, str],
) -> Write:
    """Updates an item by actions that `update` has no words for, such as sums and entries of maps.

    Attributes are written `#name`, values `:name`; `names` has those `#name`s that stand for another name, as the key
    of a map does. All conditions must hold.
    """
    text = " ".join(f"{verb} {', '.join(acts)}" for verb, acts in (("SET", sets), ("REMOVE", removes)) if acts)
    condition = " AND ".join(conditions)
    return Write(
        "Update",
        {
            "Key": to_attributes(key),
            "UpdateExpression": text,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {**names_in(f"{text} {condition}"), **names},
            "ExpressionAttributeValues": to_attributes({f":{name}": value for name, value in values.items()}),
        },
    )


def delete(key: Key, condition: Where | None = None) -> Write:
    """Removes an item, if it is there."""
    return Write("Delete", {"Key": to_attributes(key), **_expressions(condition)})


def _expressions(
    condition: Where | None, text: str = "", values: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The condition, and the names and values of all expressions of a write."""
    given = {**(values or {}), **(condition.values if condition else {})}
    names = names_in(f"{text} {condition.text if condition else ''}")
    return {
        **({"ConditionExpression": condition.text} if condition else {}),
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": to_attributes(given)} if given else {}),
    }


def names_in(text: str) -> dict[str, str]:
    """What the `#name`s of an expression stand for: themselves, some of which DynamoDB reserves."""
    return {f"#{name}": name for name in re.findall(r"#(\w+)", text)}
