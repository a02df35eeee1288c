"""What IAM says to a request, as far as the documents of the bootstrap need it; anything else is an error.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Statement = Mapping[str, Any]
# A key that a request has not got fails each of these but the last two: there is no `IfExists` here.
OPERATORS = {
    "StringEquals": lambda given, wanted: given == wanted,
    "StringLike": lambda given, wanted: like(wanted, given),
    "Bool": lambda given, wanted: given == wanted,
    "Null": lambda given, wanted: (given is None) == (wanted == "true"),
    # Of requests with one value.
    "ForAllValues:StringEquals": lambda given, wanted: given in (None, wanted),
}


@dataclass(frozen=True)
class Request:
    """A call: the action, the ARN that it is about, and what conditions can look at."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict[str, str])


def allows(statements: Iterable[Statement], request: Request) -> bool:
    """Whether a statement allows it and none denies it."""
    effects = {statement["Effect"] for statement in statements if matches(statement, request)}
    return effects == {"Allow"}


def matches(statement: Statement, request: Request) -> bool:
    """Whether a statement is about this request."""
    assert set(statement) <= {"Effect", "Action", "Resource", "Condition", "Principal"}, statement
    # A trust policy has no resource: it is about its role.
    resources = texts(statement.get("Resource", "*"))
    return (
        any(like(action.lower(), request.action.lower()) for action in texts(statement["Action"]))
        and any(like(resource, request.resource) for resource in resources)
        and all(
            any(OPERATORS[operator](request.context.get(key), wanted) for wanted in texts(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def statements_of(*documents: str) -> list[Statement]:
    """The statements of policies."""
    return [statement for text in documents for statement in json.loads(text)["Statement"]]


def like(pattern: str, text: str | None) -> bool:
    """`*` stands for any characters, `/` and `:` among them."""
    if text is None:
        return False
    return expression(pattern).fullmatch(text) is not None


@cache
def expression(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
