"""`copy`: writes one architecture as a project of its own, and says what changed since."""

from pathlib import Path

from sandbox.options import PROJECT_ROOT
from shared.contract.architectures import DESCRIPTORS
from streamways.copy.destination import check, package_name, write
from streamways.copy.difference import difference
from streamways.copy.project import project
from streamways.copy.provenance import Provenance
from streamways.errors import Misuse


def copy(architecture: str, destination: Path, package: str | None) -> None:
    """Writes the project and says what to do there. Raises CommandError; then nothing is written."""
    folder = check(destination, PROJECT_ROOT)
    name = package_name(package, folder, PROJECT_ROOT)
    files = project(DESCRIPTORS[architecture], name, PROJECT_ROOT)
    write(folder, files, PROJECT_ROOT)
    print(f"{destination}: {len(files)} files, with the package {name}; begin with README.md, or: make test")


def print_changes(destination: Path) -> bool:
    """Prints a line for each changed file of a copied project; whether there is any. Raises CommandError."""
    remembered = Provenance.read(destination)
    if remembered.architecture not in DESCRIPTORS:
        raise Misuse(f"{destination} holds {remembered.architecture!r}, which this checkout does not have any more")
    today = project(DESCRIPTORS[remembered.architecture], remembered.package, PROJECT_ROOT)
    changes = difference(destination, remembered, today)
    for change in changes:
        print(change.line())
    if any(change.upstream for change in changes) and remembered.origin.commit:
        print(f"what changed upstream: git diff {remembered.origin.commit[:12]} -- FILE")
    return bool(changes)
