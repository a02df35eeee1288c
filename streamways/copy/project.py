"""All files of a project, in memory: what travels, rewritten, and what is written for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.contract.architecture import Descriptor
from stacks.errors import PackageError
from stacks.packages import locked_requirements
from streamways.copy import manifests
from streamways.copy.permissions import permissions_page
from streamways.copy.provenance import FILE, Provenance, origin_of, sha256
from streamways.copy.rewriting import place, rewritten
from streamways.copy.sources import Sources, sources
from streamways.errors import CommandError


@dataclass(frozen=True)
class File:
    """One file of a project."""

    content: bytes
    source: str | None = None
    """Where it lies in this repository; None for what is written for the project."""


def project(architecture: Descriptor, package: str, root: Path) -> Mapping[str, File]:
    """The files of a project with one architecture of the checkout at `root`, by their paths, provenance included.

    Raises CommandError.
    """
    found = sources(architecture, root)
    made = {
        **_travelled(found, package, root),
        **{path: File(text.encode()) for path, text in _written(architecture, found, package, root).items()},
    }
    version = manifests.version(root)
    remembered = {path: (file.source, sha256(file.content)) for path, file in sorted(made.items())}
    origin = origin_of(root, found.all, version)
    provenance = Provenance(origin, architecture.name, package, remembered)
    return {**made, FILE: File(provenance.to_json().encode())}


def _travelled(found: Sources, package: str, root: Path) -> Mapping[str, File]:
    return {
        place(source, package, found.program): File(rewritten(source, (root / source).read_bytes(), package), source)
        for source in found.all
    }


def _written(architecture: Descriptor, found: Sources, package: str, root: Path) -> Mapping[str, str]:
    ours = {name: manifests.read_text(root, name) for name in ("pyproject.toml", "uv.lock", "Pulumi.yaml")}
    program = manifests.read_text(root, found.program)
    words = {
        "package": package,
        "title": architecture.title,
        "architecture": architecture.name,
        "version": manifests.version(root),
    }
    try:
        requirements = {
            f"requirements/{group}.txt": locked_requirements(group, root=root)
            for group in manifests.function_groups(architecture)
        }
    except PackageError as error:
        raise CommandError(str(error)) from error
    return {
        "pyproject.toml": manifests.pyproject(architecture, package, ours["pyproject.toml"]),
        "uv.lock": manifests.lock(architecture, package, ours["uv.lock"]),
        "Pulumi.yaml": manifests.pulumi_yaml(architecture, package, ours["Pulumi.yaml"], program),
        f"{package}/__init__.py": f'"""{architecture.title}: streams LLM answers on AWS."""\n',
        "Makefile": manifests.template("Makefile", words),
        "README.md": manifests.template("README.md", words),
        ".gitignore": manifests.template("gitignore", words),
        "IAM.md": permissions_page(architecture, found, package, root),
        **requirements,
    }
