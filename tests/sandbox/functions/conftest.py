import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sandbox.functions.lab import Lab


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    # The port is never listened on; it only spreads the ports of web servers between tests that run side by side.
    lab = Lab(tmp_path, port=zlib.crc32(str(tmp_path).encode()) % 100)
    await lab.gate.open()
    yield lab
    await lab.close()
