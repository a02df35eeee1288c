from pathlib import Path

import pytest

from sandbox.options import SandboxOptions


@pytest.fixture
def state_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No sandbox runs, whatever runs on this machine."""
    monkeypatch.setattr(SandboxOptions, "state_root", property(lambda _: tmp_path / ".sandbox"))
    monkeypatch.delenv("STREAMWAYS_PORT", raising=False)
    monkeypatch.delenv("STREAMWAYS_TOKEN", raising=False)
    return tmp_path / ".sandbox"
