from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.aws.moto import Moto


@pytest.fixture(scope="session")
async def moto(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Moto]:
    """One moto process for all tests of this worker."""
    process = Moto(Path(tmp_path_factory.mktemp("moto")) / "moto.log")
    await process.start()
    try:
        await process.answering()
        yield process
    finally:
        await process.stop()
