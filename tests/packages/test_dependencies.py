"""The cache of locked dependencies: made once, whole or not at all, and clear about what is missing."""

import re
import shutil
import subprocess
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uv

from stacks.errors import PackageError
from stacks.packages import LAMBDA, LOCAL, dependencies, locked

ROOT = Path(__file__).resolve().parents[2]
GROUP = "function-appsync-api"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our lock and an empty cache."""
    for file in ("pyproject.toml", "uv.lock"):
        shutil.copyfile(ROOT / file, tmp_path / file)
    return tmp_path


def cached(project: Path) -> list[Path]:
    return list((project / "build/dependencies").iterdir())


def test_the_folder_is_named_by_target_and_lock(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked, "_install", lambda *arguments: arguments[3].mkdir())
    first = dependencies(GROUP, LOCAL, root=project)
    assert first.name.startswith(f"{LOCAL.name}-")
    assert dependencies(GROUP, LAMBDA, root=project) != first

    lock = project / "uv.lock"
    before, name, after = lock.read_text().partition('name = "aws-lambda-powertools"')
    lock.write_text(before + name + re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", after, count=1))
    assert dependencies(GROUP, LOCAL, root=project) != first


def test_groups_that_are_locked_alike_share_a_folder_and_others_do_not(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked, "_install", lambda *arguments: arguments[3].mkdir())
    first = dependencies(GROUP, LOCAL, root=project)
    assert dependencies("function-websocket-reaper", LOCAL, root=project) == first
    assert dependencies("function-websocket-routes", LOCAL, root=project) != first


def test_two_at_once_install_twice_and_keep_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=30)

    def install(_requirements: str, group: str, _target: object, folder: Path, _root: Path) -> None:
        folder.mkdir()
        (folder / "module.py").write_text(group)
        both.wait()

    monkeypatch.setattr(locked, "_install", install)
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda _: dependencies(GROUP, LOCAL, root=project), range(2))

    assert one == other
    assert cached(project) == [one]
    assert (one / "module.py").read_text() == GROUP


def test_a_failed_installation_leaves_nothing_behind(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def install(_requirements: str, _group: str, _target: object, folder: Path, _root: Path) -> None:
        folder.mkdir()
        (folder / "half.py").touch()
        raise PackageError("cut off")

    monkeypatch.setattr(locked, "_install", install)
    with pytest.raises(PackageError, match="cut off"):
        dependencies(GROUP, LOCAL, root=project)
    assert cached(project) == []


def test_without_a_network_the_message_says_how_to_get_them(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(project / "empty"))
    with pytest.raises(
        PackageError, match=rf"'{GROUP}' are not in build/dependencies.*Connect to a network.*make build"
    ):
        dependencies(GROUP, LOCAL, root=project)
    assert cached(project) == []


def test_without_uv_the_message_says_how_to_get_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(uv, "find_uv_bin", nowhere)
    with pytest.raises(PackageError, match=r"uv is not installed.*make build"):
        dependencies(GROUP, LOCAL, root=project)


def test_a_group_that_does_not_exist_is_refused(project: Path) -> None:
    with pytest.raises(PackageError, match=r"'sms' cannot be read: is it a group in pyproject\.toml"):
        dependencies("sms", LOCAL, root=project)


def test_what_is_installed_says_nothing_of_the_machine_that_installed_it(tmp_path: Path) -> None:
    _write_wheel(tmp_path / "thing-1.0-py3-none-any.whl")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "project"\nversion = "1"\nrequires-python = ">=3.11"\n'
        '[dependency-groups]\nfunction = ["thing"]\n'
        '[tool.uv.sources]\nthing = {path = "thing-1.0-py3-none-any.whl"}\n'
    )
    subprocess.run([uv.find_uv_bin(), "lock", "--offline", "--quiet"], cwd=tmp_path, check=True)

    installed = dependencies("function", LAMBDA, root=tmp_path)

    names = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert names == {"thing.py", *(f"thing-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "entry_points.txt"))}


def _write_wheel(path: Path) -> None:
    """A wheel with a module and a command, whose script would name the interpreter."""
    info = "thing-1.0.dist-info"
    files = {
        "thing.py": "def main(): ...\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nthing = thing:main\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"]))
