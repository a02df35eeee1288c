"""The credits of users in a streams table, as an operator changes and reads them.

`shared/credits` says how they are kept. Each change is in one transaction with its entry in the ledger.
"""

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from shared.contract.credits import CREDITS_KEY, LEDGER_PREFIX, MOST_CREDITS, NANO_PER_CREDIT, Entry, credits_of
from shared.contract.table import Partition
from streamways.errors import CommandError, Misuse
from streamways.target.table import StreamsTable

ATTEMPTS: Final = 10
"""How often a change is tried while streams of the user begin and end."""
PAUSE_SECONDS: Final = 0.1
LONGEST_REASON: Final = 200


@dataclass(frozen=True)
class Booked:
    """One entry of a ledger. `nano` is in nano-dollars."""

    at: str
    kind: str
    nano: int
    about: str
    """The reason of a change, or the stream of a settlement; empty for a refill."""

    def to_json(self) -> dict[str, object]:
        """`{"at", "kind", "nanoDollars", "about"}`."""
        return {"at": self.at, "kind": self.kind, "nanoDollars": self.nano, "about": self.about}


@dataclass(frozen=True)
class Statement:
    """A user's credits at one moment. Amounts are in nano-dollars."""

    balance: int
    held: int
    entries: tuple[Booked, ...]
    """The whole ledger, the oldest first."""

    @property
    def difference(self) -> int:
        """What the ledger does not explain: 0."""
        return self.balance + self.held - sum(entry.nano for entry in self.entries)

    def to_json(self) -> dict[str, object]:
        """`{"balance", "held", "difference", "entries"}`."""
        entries = [entry.to_json() for entry in self.entries]
        return {"balance": self.balance, "held": self.held, "difference": self.difference, "entries": entries}


class Books:
    """The books in one table. Each method raises CommandError."""

    def __init__(self, table: StreamsTable) -> None:
        self._client = table.client
        self._table = table.name

    def grant(self, user: str, credits: int, reason: str) -> None:
        """Gives credits to the user with this `sub`, who need not have been here before."""
        if not 1 <= credits <= MOST_CREDITS:
            raise Misuse(f"a grant is a whole number from 1 to {MOST_CREDITS}, and not {credits}")
        self._change(Entry.GRANT, user, credits, reason)

    def correct(self, user: str, credits: int, reason: str) -> None:
        """Adds credits, or takes some away that the user has."""
        if credits == 0 or abs(credits) > MOST_CREDITS:
            raise Misuse(f"a correction is a whole number from -{MOST_CREDITS} to {MOST_CREDITS}, and not {credits}")
        self._change(Entry.CORRECTION, user, credits, reason)

    def statement(self, user: str) -> Statement:
        """What the user has, and why. A stream that begins or ends while it is read has it read again."""
        key = self._key(user, CREDITS_KEY)
        for _ in range(ATTEMPTS):
            before = self._ask("get_item", TableName=self._table, Key=key, ConsistentRead=True).get("Item")
            entries = tuple(self._entries(user))
            if self._ask("get_item", TableName=self._table, Key=key, ConsistentRead=True).get("Item") == before:
                break
        else:
            raise CommandError("the user's streams begin and end all the time; try again in a moment")
        item: Mapping[str, Any] = before or {}
        holds = item.get("holds", {"M": {}})["M"].values()
        held = sum(int(hold["M"]["amount"]["N"]) for hold in holds)
        return Statement(int(item.get("balance", {"N": "0"})["N"]), held, entries)

    def _entries(self, user: str) -> Iterator[Booked]:
        query: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": {":pk": {"S": f"{Partition.USER}{user}"}, ":prefix": {"S": LEDGER_PREFIX}},
        }
        while True:
            page = self._ask("query", **query)
            for item in page["Items"]:
                about = item.get("reason", item.get("streamId", {"S": ""}))["S"]
                yield Booked(item["at"]["S"], item["kind"]["S"], int(item["amount"]["N"]), about)
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _change(self, kind: Entry, user: str, credits: int, reason: str) -> None:
        said = reason.strip()
        if not 1 <= len(said) <= LONGEST_REASON:
            raise Misuse(f"--reason says in 1 to {LONGEST_REASON} characters why")
        writes = [{"Update": self._moved(user, credits)}, {"Put": self._entry(kind, user, credits, said)}]
        token = secrets.token_hex(16)
        for _ in range(ATTEMPTS):
            try:
                self._ask("transact_write_items", TransactItems=writes, ClientRequestToken=token)
                return
            except _Cancelled as cancelled:
                if "ConditionalCheckFailed" in cancelled.codes:
                    has = credits_of(self.statement(user).balance)
                    allowed = f"0 to {MOST_CREDITS} are allowed"
                    raise CommandError(f"the user would have {has + credits} credits; {allowed}") from cancelled
            time.sleep(PAUSE_SECONDS)
        raise CommandError("the user's streams begin and end all the time; try again in a moment")

    def _moved(self, user: str, credits: int) -> dict[str, Any]:
        zero, nano = {"N": "0"}, credits * NANO_PER_CREDIT
        bound = "balance <= :bound" if credits > 0 else "balance >= :bound"
        at_most = MOST_CREDITS * NANO_PER_CREDIT - nano if credits > 0 else -nano
        unknown = "attribute_not_exists(pk) OR " if credits > 0 else ""
        names = ("balance", "month", "allowance", "spent")
        sets = [f"{name} = if_not_exists({name}, :zero)" for name in names[1:]]
        sets += ["balance = if_not_exists(balance, :zero) + :nano", "holds = if_not_exists(holds, :none)"]
        values: dict[str, Any] = {
            ":zero": zero,
            ":nano": {"N": str(nano)},
            ":none": {"M": {}},
            ":bound": {"N": str(at_most)},
        }
        return {
            "TableName": self._table,
            "Key": self._key(user, CREDITS_KEY),
            "UpdateExpression": f"SET {', '.join(sets)}".replace("month", "#month"),
            "ConditionExpression": unknown + bound,
            "ExpressionAttributeNames": {"#month": "month"},
            "ExpressionAttributeValues": values,
        }

    def _entry(self, kind: Entry, user: str, credits: int, reason: str) -> dict[str, Any]:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {"kind": kind.value, "at": at, "reason": reason}
        return {
            "TableName": self._table,
            "Item": {
                **self._key(user, f"{LEDGER_PREFIX}{at}#{secrets.token_hex(8)}"),
                **{name: {"S": value} for name, value in told.items()},
                "amount": {"N": str(credits * NANO_PER_CREDIT)},
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def _key(self, user: str, name: str) -> dict[str, Any]:
        return {"pk": {"S": f"{Partition.USER}{user}"}, "sk": {"S": name}}

    def _ask(self, operation: str, **arguments: object) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except ClientError as error:
            reasons: Any = error.response.get("CancellationReasons", [])
            if reasons:
                raise _Cancelled([reason.get("Code", "None") for reason in reasons]) from error
            said = error.response.get("Error", {})
            raise CommandError(f"DynamoDB refused {operation}: {said.get('Code')} {said.get('Message')}") from error
        except BotoCoreError as error:
            raise CommandError(f"DynamoDB cannot be asked: {error}") from error


class _Cancelled(Exception):
    def __init__(self, codes: list[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes
