"""Where a project is written, and what it may be called. It is written whole or not at all."""

import keyword
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

from streamways.copy.project import File
from streamways.copy.sources import FIRST_PARTY
from streamways.errors import CommandError, Misuse

_NAME = re.compile(r"[a-z][a-z0-9_]*")
MOST_CHARACTERS = 40
"""Pulumi's names of projects and AWS's of resources grow from it."""


def package_name(given: str | None, destination: Path, root: Path) -> str:
    """The name of the project's package: the given one, else that of the folder. Raises Misuse."""
    name = given if given is not None else re.sub(r"[-. ]", "_", destination.absolute().name.lower())
    reason = _unusable(name, root)
    if reason:
        raise Misuse(f"the package cannot be called {name!r}: {reason}; name another with --package")
    return name


def _unusable(name: str, root: Path) -> str | None:
    if not _NAME.fullmatch(name) or len(name) > MOST_CHARACTERS:
        return f"a name has lower-case letters, digits and underscores, a letter first, and at most {MOST_CHARACTERS}"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "it is a keyword of Python"
    if name in sys.stdlib_module_names:
        return "it is a module of Python's standard library"
    if name in FIRST_PARTY | {"docs", "requirements", "tools"}:
        return "streamways has a folder of this name, and the sandbox or the tests would take one for the other"
    locked = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]
    taken = {str(package["name"]).replace("-", "_") for package in locked} | set(packages_distributions())
    return "an installed distribution has it" if name in taken else None


def check(destination: Path, root: Path) -> Path:
    """The absolute folder to write. Raises Misuse when it is not new, or lies in the repository at `root`."""
    folder = destination.absolute()
    resolved = destination.resolve()
    if resolved.is_relative_to(root.resolve()):
        raise Misuse(f"{destination} lies in this repository ({root}); name a folder outside of it")
    if folder.is_file():
        raise Misuse(f"{destination} is a file; name a folder that does not exist yet")
    if folder.is_symlink():
        raise Misuse(f"{destination} is a symbolic link; name the folder itself")
    if folder.is_dir() and any(folder.iterdir()):
        raise Misuse(f"{destination} is not empty; name a folder that does not exist yet")
    if not folder.parent.is_dir():
        raise Misuse(f"{folder.parent} does not exist; make it first, or name a folder elsewhere")
    return folder


def write(folder: Path, files: Mapping[str, File], root: Path) -> None:
    """Write a project to a folder that is new or empty: into another one beside it, which takes its place at the end.

    Raises CommandError; then nothing is left.
    """
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise CommandError(f"{folder.parent} cannot be written: {error.strerror}") from error
    try:
        for name, file in files.items():
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            if file.source and os.access(root / file.source, os.X_OK):
                path.chmod(0o755)
        scratch.chmod(0o755)
        scratch.rename(folder)
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
