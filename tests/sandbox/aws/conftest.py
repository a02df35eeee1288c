from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.aws.moto import Moto
from tests.sandbox.aws.identity import Identity, serving_identity


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


@pytest.fixture(scope="session")
async def identity(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Identity]:
    """A user pool with demo users, behind Cognito's door; tests that change users make their own."""
    async with serving_identity(moto, Path(tmp_path_factory.mktemp("identity"))) as served:
        yield served
