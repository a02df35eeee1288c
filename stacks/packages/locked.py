"""The locked dependencies of a group, installed into a folder of their own by uv.

One folder per target and content, `build/dependencies/{target}-{hash}/`, for all groups that are locked alike: made
once and never changed, so that everything after the first build works without a network.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stacks.errors import PackageError
from stacks.packages.catalog import PROJECT_ROOT

BUILD_FOLDER = "build"
HASH_LENGTH = 16


@dataclass(frozen=True)
class Target:
    """What dependencies are installed for: a name for the folder, and uv's own options for `uv pip install`."""

    name: str
    options: tuple[str, ...]


LAMBDA = Target(
    "python3.13-aarch64",
    # Wheels only: a source build would compile for this machine. Amazon Linux 2023 is newer than manylinux2014 asks.
    ("--python-version", "3.13", "--python-platform", "aarch64-manylinux2014", "--only-binary", ":all:"),
)
"""The managed runtime `python3.13` on `arm64`."""

LOCAL = Target(f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}", ())
"""The interpreter that runs this, on this machine."""


def dependencies(group: str, target: Target = LAMBDA, *, root: Path = PROJECT_ROOT) -> Path:
    """The folder that holds the dependency group `group` of pyproject.toml as uv.lock pins it, installed if absent.

    Safe to be called by several processes at once. Raises `PackageError`.
    """
    requirements = locked_requirements(group, root=root)
    digest = hashlib.sha256(requirements.encode()).hexdigest()[:HASH_LENGTH]
    folder = root / BUILD_FOLDER / "dependencies" / f"{target.name}-{digest}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            installed = Path(scratch) / "installed"
            _install(requirements, group, target, installed, root)
            try:
                installed.rename(folder)
            except OSError:
                if not folder.is_dir():
                    raise
                # Another builder was faster; its folder holds the same.
    return folder


def locked_requirements(group: str, *, root: Path = PROJECT_ROOT) -> str:
    """The group's locked requirements with their hashes, as a requirements file. Raises `PackageError`.

    Kept in `build/requirements/`, by the content of what uv reads them from.
    """
    try:
        read = [(root / name).read_bytes() for name in ("pyproject.toml", "uv.lock")]
    except OSError:
        return _exported(group, root)
    digest = hashlib.sha256(b"\0".join(read)).hexdigest()[:HASH_LENGTH]
    path = root / BUILD_FOLDER / "requirements" / f"{group}-{digest}.txt"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text()
    requirements = _exported(group, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", delete=False) as scratch:
        scratch.write(requirements)
    Path(scratch.name).replace(path)
    return requirements


def _exported(group: str, root: Path) -> str:
    return _uv(
        ["export", "--frozen", "--only-group", group, "--no-emit-project", "--no-header", "--no-annotate"],
        root,
        failure=f"The locked dependencies of {group!r} cannot be read: is it a group in pyproject.toml and in uv.lock? "
        "After an edit, run `uv lock`.",
    )


def _install(requirements: str, group: str, target: Target, folder: Path, root: Path) -> None:
    folder.mkdir()
    listing = folder.with_name("requirements.txt")
    listing.write_text(requirements)
    arguments = ["pip", "install", "--target", str(folder), "--requirement", str(listing), "--require-hashes"]
    arguments += ["--no-compile-bytecode", "--no-installer-metadata", "--link-mode", "copy", *target.options]
    _uv(
        arguments,
        root,
        failure=f"The dependencies of {group!r} are not in {BUILD_FOLDER}/dependencies and cannot be downloaded. "
        "Connect to a network (or set UV_DEFAULT_INDEX to your mirror) and run `make build`: once is enough.",
    )
    # Neither is needed to run, and both hold paths of this machine: scripts name the interpreter, RECORD hashes them.
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for path in (folder / ".lock", *folder.glob("*.dist-info/RECORD")):
        path.unlink(missing_ok=True)


def _uv(arguments: Sequence[str], root: Path, *, failure: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    result = subprocess.run(
        [_uv_binary(), *arguments, "--python", sys.executable, "--no-python-downloads", "--quiet"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        said = " ".join(result.stderr.split())
        raise PackageError(f"{failure} uv said: {said or f'exit code {result.returncode}'}")
    return result.stdout


def _uv_binary() -> str:
    try:
        import uv

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError):
        raise PackageError(
            "uv is not installed in the environment that runs this. Run `make build`, or `pip install uv` into it."
        ) from None
