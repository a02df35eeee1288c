"""The setting of a streams table that is there already: one for this stack alone."""

import re
from dataclasses import dataclass

import pulumi

from stacks.settings.reader import ConfigReader

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
_TABLE = re.compile(r"(arn:aws:dynamodb:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):table/)?(?P<name>[\w.-]{3,255})")


@dataclass(frozen=True)
class ExistingTable:
    """A table of this stack's account and region."""

    name: str
    account_id: str | None
    """Of its ARN; None where the setting is a name."""

    def name_in(self, account_id: pulumi.Output[str]) -> pulumi.Output[str]:
        """Its name, once it is known that it is of this account; fails with `pulumi.RunError` if it is not."""
        return account_id.apply(self._checked)

    def _checked(self, account_id: str) -> str:
        if self.account_id not in (None, account_id):
            where = f"this table is of the account {self.account_id}, and the stack of {account_id}"
            raise pulumi.RunError(f"{pulumi.get_project()}:streamsTable is {self.name!r}: {where}.")
        return self.name


def read_table(reader: ConfigReader, region: str) -> ExistingTable | None:
    """`streamsTable`: a name or an ARN."""
    key = "streamsTable"
    given = reader.text(key)
    if not given:
        return None
    found = _TABLE.fullmatch(given)
    if found is None:
        reader.refuse(key, given, "set it to the name or the ARN of a DynamoDB table")
        return None
    if found["region"] not in (None, region):
        reader.refuse(key, given, f"this table is in another region than the stack, which is in {region}")
    if reader.optional_text("identityStack"):
        reader.refuse(key, given, "a stack that shares a pool has a table of its own; leave it empty")
    return ExistingTable(found["name"], found["account"])
