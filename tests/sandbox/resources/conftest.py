from pathlib import Path

import pytest

from tests.sandbox.resources.account import Account


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)
