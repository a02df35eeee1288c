"""What a call needs of IAM."""

from typing import NamedTuple


class Permission(NamedTuple):
    """An action and a resource: `("dynamodb:PutItem", "arn:aws:dynamodb:…:table/streams")`."""

    action: str
    resource: str
    leading_keys: frozenset[str] = frozenset()
    """The partition keys of the items that a call to DynamoDB names."""
