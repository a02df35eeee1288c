"""The zip packages of the Lambda functions: what each imports, and no more.

`build(name)` makes one when its content is new and answers its path; `python -m stacks.packages` builds all.
The sandbox uses `package_of`, `code_of` and `dependencies` to lay the same things out as layers, for this project and
for others whose packages are built by this code.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from shared.contract.architecture import Package
from stacks.errors import PackageError
from stacks.packages.archive import mode, write_zip
from stacks.packages.catalog import PACKAGES, PROJECT_ROOT, package
from stacks.packages.closure import closure
from stacks.packages.label import label, package_of
from stacks.packages.locked import BUILD_FOLDER, HASH_LENGTH, LAMBDA, LOCAL, Target, dependencies, locked_requirements

__all__ = [
    "LAMBDA",
    "LOCAL",
    "PACKAGES",
    "Target",
    "build",
    "code_files",
    "code_of",
    "dependencies",
    "locked_requirements",
    "package_of",
]

FORMAT = "2"
"""Part of every package's hash; raise it when the layout of the zips changes."""


def build(name: str, *, root: Path = PROJECT_ROOT) -> Path:
    """The package's zip, `build/packages/{name}-{hash}.zip`, built if there is none for its content yet.

    The hash is that of the code and of the locked requirements; building needs a network only when the dependencies
    have never been installed. Raises `PackageError`.
    """
    wanted = package(name)
    code = code_files(name, root=root)
    digest = _digest(code, locked_requirements(wanted.group, root=root), label(wanted))
    path = root / BUILD_FOLDER / "packages" / f"{name}-{digest}.zip"
    if not path.is_file():
        installed = dependencies(wanted.group, LAMBDA, root=root)
        write_zip(path, {**_files_below(installed), **code}, label(wanted))
    return path


def code_files(name: str, *, root: Path = PROJECT_ROOT) -> Mapping[str, Path]:
    """Our own code in the package of this name, as `code_of` has it. Raises `PackageError`."""
    return code_of(package(name), root=root)


def code_of(wanted: Package, *, root: Path) -> Mapping[str, Path]:
    """Our own code in a package of the project at `root`: archive name → source file, without dependencies.

    Raises `PackageError`.
    """
    files = dict(closure(wanted.entry, root).files)
    if wanted.run_script:
        script = root / wanted.run_script
        if not script.is_file():
            raise PackageError(f"The package {wanted.name!r} is started by {wanted.run_script}, which is missing.")
        files[script.name] = script
    return files


def _digest(code: Mapping[str, Path], requirements: str, comment: bytes) -> str:
    digest = hashlib.sha256("\0".join([FORMAT, LAMBDA.name, requirements, comment.decode()]).encode())
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
