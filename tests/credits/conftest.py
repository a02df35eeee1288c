"""Functions of their own for what comes in between each other, and a clock that a test moves on."""

from collections.abc import Callable

import pytest

from shared.table.client import TableClient
from tests.support import profiles
from tests.support.aws import TABLE, lambda_environment, mocked_aws, table
from tests.support.credits import JANUARY
from tests.support.interference import impatient
from tests.support.logs import logs
from tests.support.starts import repository

__all__ = ["impatient", "lambda_environment", "logs", "mocked_aws", "profiles", "table"]


@pytest.fixture(scope="module")
def client() -> TableClient:
    """Of a second function: what the test lets come in between does not disturb it."""
    return TableClient(TABLE)


@pytest.fixture
def other() -> TableClient:
    """Of a third, whose requests come in between."""
    return repository().table


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """It is in the middle of January; has that many seconds pass, and no others."""
    now = [JANUARY]
    monkeypatch.setattr("time.time", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance
