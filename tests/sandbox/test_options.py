"""Which Pulumi project a sandbox deploys: the one that its caller stands in."""

from pathlib import Path

import pytest

from sandbox import options
from sandbox.options import PROJECT_ROOT, SandboxOptions


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "theirs" / "deep").mkdir(parents=True)
    (tmp_path / "theirs" / "Pulumi.yaml").write_text("name: theirs\nruntime: python\n")
    return tmp_path / "theirs"


@pytest.mark.parametrize("below", [".", "deep"])
def test_it_is_the_nearest_folder_above_with_a_pulumi_project(
    project: Path, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / below)
    assert SandboxOptions().project_root == project
    assert SandboxOptions().state_root == project / ".sandbox"


def test_outside_of_any_project_a_checkout_deploys_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert SandboxOptions().project_root == PROJECT_ROOT


def test_an_installed_sandbox_has_none_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "PROJECT_ROOT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert SandboxOptions().project_root == tmp_path
