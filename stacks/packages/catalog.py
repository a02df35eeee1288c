"""Which packages there are: those of all architectures, as their descriptors say."""

from collections.abc import Mapping
from pathlib import Path

from shared.contract.architecture import Package
from shared.contract.architectures import DESCRIPTORS
from stacks.errors import PackageError


def _project_root() -> Path:
    """The nearest folder above with a `pyproject.toml`: dependencies are locked there, and packages built."""
    folders = Path(__file__).resolve().parents
    return next((folder for folder in folders if (folder / "pyproject.toml").is_file()), folders[2])


PROJECT_ROOT = _project_root()

PACKAGES: Mapping[str, Package] = {
    package.name: package for descriptor in DESCRIPTORS.values() for package in descriptor.packages.values()
}


def package(name: str) -> Package:
    """The package of this name. Raises `PackageError`."""
    try:
        return PACKAGES[name]
    except KeyError:
        raise PackageError(f"There is no package {name!r}; there are {', '.join(PACKAGES)}.") from None
