"""What DynamoDB says of a write that it has refused."""

from collections.abc import Mapping
from typing import cast

from botocore.exceptions import ClientError


def condition_failed(error: ClientError) -> bool:
    """Whether a single write was refused by its own condition."""
    return error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"


def cancellation_codes(error: ClientError) -> list[str]:
    """Why a transaction was refused, write by write: `None`, `ConditionalCheckFailed`, `TransactionConflict`, …

    Empty for any other error. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    reasons = cast("list[Mapping[str, str]]", error.response.get("CancellationReasons") or [])
    return [reason.get("Code", "None") for reason in reasons]
