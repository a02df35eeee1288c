"""What a user can set and gets back stands in the docs."""

from functools import cache

import pytest

from tests.program.conftest import Deploy
from tests.program.recording import ROOT, defaults

KEYS = [key.removeprefix("streamways:") for key in defaults() if key.startswith("streamways:")]


@cache
def docs() -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_documented(key: str) -> None:
    assert f"`{key}`" in docs(), f"docs/ does not mention the setting {key}"


def test_every_output_is_documented(deploy: Deploy) -> None:
    missing = [name for name in deploy().outputs if f"`{name}`" not in docs()]
    assert not missing, f"docs/ does not mention the outputs {', '.join(missing)}"
