from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sandbox.functions.lab import Lab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    lab = Lab(tmp_path)
    await lab.gate.open()
    yield lab
    await lab.close()
