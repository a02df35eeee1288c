"""The record of each stream in DynamoDB: registered once, claimed by one worker, ended once with what it used.

One item per stream: `pk` = `stream#<owner>#<stream id>`, `sk` = `stream`, `state` = registered | running | ended.
Every step is one conditional write, so a repeated request and a repeated event do nothing. A step names its call in
`movedBy`: when the SDK repeats a write whose answer was lost, it finds its own mark and has succeeded.
"""

import json
import os
import secrets
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Self

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from shared.aws import client
from shared.errors import AlreadyStarted

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

State = Literal["registered", "running", "ended"]

KEPT_SECONDS = 24 * 3600
"""How long a stream's record is kept: as long as its id may not be used again."""


class StreamRegistry:
    """The table of streams, on one pooled client."""

    def __init__(self, table: str) -> None:
        self._table = table
        self.client: DynamoDBClient = client("dynamodb", read_timeout=1.5, attempts=3)

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(os.environ["STREAMS_TABLE"])

    def register(self, owner: str, stream_id: str, chat_id: str, *, state: State = "registered") -> None:
        """Makes the stream known before anything is spent on it. Raises AlreadyStarted.

        Whoever runs the stream in the same invocation registers it as `running`.
        """
        now = int(time.time())
        item = {
            **_key(owner, stream_id),
            "state": state,
            "chatId": chat_id,
            "registeredAt": now,
            "expiresAt": now + KEPT_SECONDS,
            "movedBy": (mark := secrets.token_hex(8)),
        }
        try:
            self.client.put_item(
                TableName=self._table,
                Item=_attributes(item),
                ConditionExpression="attribute_not_exists(pk) OR movedBy = :mark",
                ExpressionAttributeValues=_attributes({":mark": mark}),
            )
        except ClientError as error:
            if _condition_failed(error):
                raise AlreadyStarted(f"The stream {stream_id!r} was started before.") from error
            raise

    def claim(self, owner: str, stream_id: str) -> bool:
        """Takes the stream for the caller to run; False when another has it, or had it."""
        return self._move(owner, stream_id, "registered", {"state": "running"})

    def end(self, owner: str, stream_id: str, booked: Mapping[str, object]) -> bool:
        """Books what a running stream used, once; False when it was ended before."""
        return self._move(owner, stream_id, "running", {"state": "ended", **booked})

    def withdraw(self, owner: str, stream_id: str) -> bool:
        """Forgets a stream that nobody has taken, so that its id may be used again; False when somebody has."""
        try:
            self.client.delete_item(
                TableName=self._table,
                Key=_attributes(_key(owner, stream_id)),
                ConditionExpression="attribute_not_exists(pk) OR #state = :origin",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=_attributes({":origin": "registered"}),
            )
        except ClientError as error:
            if _condition_failed(error):
                return False
            raise
        return True

    def _move(self, owner: str, stream_id: str, origin: State, changes: Mapping[str, object]) -> bool:
        changes = {**changes, "movedBy": secrets.token_hex(8), "movedAt": int(time.time())}
        try:
            self.client.update_item(
                TableName=self._table,
                Key=_attributes(_key(owner, stream_id)),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
                ConditionExpression="#state = :origin OR #movedBy = :movedBy",
                ExpressionAttributeNames={f"#{name}": name for name in changes},
                ExpressionAttributeValues=_attributes(
                    {":origin": origin, **{f":{name}": value for name, value in changes.items()}}
                ),
            )
        except ClientError as error:
            if _condition_failed(error):
                return False
            raise
        return True


def _key(owner: str, stream_id: str) -> dict[str, object]:
    return {"pk": f"stream#{owner}#{stream_id}", "sk": "stream"}


def _attributes(values: Mapping[str, object]) -> dict[str, Any]:
    exact = json.loads(json.dumps(values), parse_float=Decimal)  # DynamoDB takes no binary fractions
    return {name: TypeSerializer().serialize(value) for name, value in exact.items()}


def _condition_failed(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
