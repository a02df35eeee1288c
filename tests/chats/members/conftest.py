"""A chat that others may be invited to."""

import pytest

from shared.chats.members import Members
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.starts import repository, running, used


@pytest.fixture(autouse=True)
def talk(table: Table) -> None:  # noqa: ARG001
    """A chat of one question and its answer."""
    repository().end(running(), used(), [{"type": "text", "text": "Because."}])


@pytest.fixture
def disturbed() -> Members:
    """Members of a client of its own, for what is done to it."""
    return Members(TableClient(TABLE))
