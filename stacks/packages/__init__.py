"""The zip packages of the Lambda functions: what each imports, and no more.

`build(name)` makes one when its content is new and answers its path; `python -m stacks.packages` builds all.
The sandbox uses `code_files`, `dependencies` and `package_of` to lay the same things out as layers.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from stacks.errors import PackageError
from stacks.packages.archive import mode, write_zip
from stacks.packages.catalog import PACKAGES, PROJECT_ROOT, package
from stacks.packages.closure import closure
from stacks.packages.locked import BUILD_FOLDER, HASH_LENGTH, LAMBDA, LOCAL, Target, dependencies, locked_requirements

__all__ = [
    "LAMBDA",
    "LOCAL",
    "PACKAGES",
    "Target",
    "build",
    "code_files",
    "dependencies",
    "locked_requirements",
    "package_of",
]

FORMAT = "1"
"""Part of every package's hash; raise it when the layout of the zips changes."""

_FILE_NAME = re.compile(rf"(?P<name>[a-z-]+)-[0-9a-f]{{{HASH_LENGTH}}}\.zip")


def build(name: str, *, root: Path = PROJECT_ROOT) -> Path:
    """The package's zip, `build/packages/{name}-{hash}.zip`, built if there is none for its content yet.

    The hash is that of the code and of the locked requirements; building needs a network only when the dependencies
    have never been installed. Raises `PackageError`.
    """
    wanted = package(name)
    code = code_files(name, root=root)
    digest = _digest(code, locked_requirements(wanted.group, root=root))
    path = root / BUILD_FOLDER / "packages" / f"{name}-{digest}.zip"
    if not path.is_file():
        installed = dependencies(wanted.group, LAMBDA, root=root)
        write_zip(path, {**_files_below(installed), **code})
    return path


def code_files(name: str, *, root: Path = PROJECT_ROOT) -> Mapping[str, Path]:
    """Our own code in the package: archive name → source file, without dependencies. Raises `PackageError`."""
    wanted = package(name)
    files = dict(closure(wanted.entry, root).files)
    if wanted.run_script:
        script = root / wanted.run_script
        if not script.is_file():
            raise PackageError(f"The package {name!r} is started by {wanted.run_script}, which is missing.")
        files[script.name] = script
    return files


def package_of(path: Path) -> str:
    """The name of the package that `build` wrote to `path`. Raises `PackageError` for any other file."""
    match = _FILE_NAME.fullmatch(path.name)
    if match is None or match["name"] not in PACKAGES:
        raise PackageError(
            f"{path.name} is not a package of this project: expected {{name}}-{{hash}}.zip with a name out of "
            f"{', '.join(PACKAGES)}. Build it with stacks.packages.build."
        )
    return match["name"]


def _digest(code: Mapping[str, Path], requirements: str) -> str:
    digest = hashlib.sha256("\0".join([FORMAT, LAMBDA.name, requirements]).encode())
    for name in sorted(code):
        content = hashlib.sha256(code[name].read_bytes()).hexdigest()
        digest.update(f"\0{name} {mode(name):o} {content}".encode())
    return digest.hexdigest()[:HASH_LENGTH]


def _files_below(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
