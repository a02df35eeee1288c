from collections.abc import Iterator

import pytest

from tests.support import profiles
from tests.support.aws import Table, lambda_environment
from tests.support.conflicting import Conflicting, conflicting_dynamodb
from tests.support.interference import impatient
from tests.support.logs import logs

__all__ = ["impatient", "lambda_environment", "logs", "profiles"]


@pytest.fixture(scope="session")
def kept_dynamodb() -> Iterator[Conflicting]:
    with conflicting_dynamodb() as dynamodb:
        yield dynamodb


@pytest.fixture
def dynamodb(kept_dynamodb: Conflicting, monkeypatch: pytest.MonkeyPatch) -> Conflicting:
    """DynamoDB as it is when many write at once, for the clients that the test makes."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", kept_dynamodb.url)
    return kept_dynamodb


@pytest.fixture
def table(dynamodb: Conflicting) -> Iterator[Table]:
    """An empty table of streams there."""
    table = Table(dynamodb.url)
    table.create()
    yield table
    dynamodb.rule()
    table.delete()
