"""The client as other projects have it: packed and installed, or as a copy of its folder."""

import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.support.node import NODE, ROOT
from tests.support.stock import installed

FOLDER = ROOT / "frontend-sample"
PACKAGE = json.loads((FOLDER / "package.json").read_text())
SOURCES = sorted((FOLDER / "src" / "streamways").iterdir())
EXAMPLES = sorted(path for path in (ROOT / "docs" / "examples").iterdir() if path.suffix in (".ts", ".tsx"))
OF_AN_APPLICATION: dict[str, Any] = {
    "target": "es2023",
    "lib": ["es2024", "dom", "dom.iterable"],
    "jsx": "react-jsx",
    "strict": True,
    "skipLibCheck": True,
    "noEmit": True,
    "types": [],
}
OF_NEXT: dict[str, Any] = {
    "target": "ES2017",
    "lib": ["dom", "dom.iterable", "esnext"],
    "allowJs": True,
    "skipLibCheck": True,
    "strict": True,
    "noEmit": True,
    "incremental": True,
    "module": "esnext",
    "esModuleInterop": True,
    "moduleResolution": "bundler",
    "resolveJsonModule": True,
    "isolatedModules": True,
    "jsx": "react-jsx",
}
"""What `next build` of Next 16 writes into a `tsconfig.json` that is not there, apart from `strict`."""


@pytest.fixture
def project() -> Iterator[Path]:
    """An empty folder where the package is installed."""
    with TemporaryDirectory(dir=installed()) as folder:
        yield Path(folder)


def compiled(project: Path, options: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    """What the TypeScript compiler has to say about these sources."""
    for name, source in sources.items():
        (project / name).write_text(source)
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": list(sources)}))
    compiler = installed().parent / "node_modules" / "typescript" / "bin" / "tsc"
    return subprocess.run([NODE, compiler, "-p", project], capture_output=True, text=True, check=False).stdout


def test_it_is_packed_with_types_readme_and_licence() -> None:
    [packed] = (installed() / "frontend-sample").glob("*.tgz")
    with tarfile.open(packed) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    modules = {f"dist/{source.stem}{ending}" for source in SOURCES for ending in (".js", ".d.ts")}
    assert names == {*modules, "package.json", "README.md", "LICENSE"}
    assert (FOLDER / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert (PACKAGE["license"], PACKAGE["sideEffects"]) == ("MIT-0", False)


@pytest.mark.parametrize(("module", "resolution"), [("esnext", "bundler"), ("nodenext", "nodenext")])
def test_an_application_that_installs_it_has_its_types(project: Path, module: str, resolution: str) -> None:
    """The examples of the documentation, and a mistake that is one only if the types are there."""
    mistake = """
        import { Refusal } from 'streamways-client';
        // @ts-expect-error: a code is text
        export const code: number = new Refusal('internal', 'A fault.').code;
    """
    options = {**OF_AN_APPLICATION, "module": module, "moduleResolution": resolution}
    examples = {path.name: path.read_text() for path in EXAMPLES}
    assert compiled(project, options, {**examples, "mistake.mts": mistake}) == ""


def test_a_copy_of_its_folder_compiles_in_a_project_of_next(project: Path) -> None:
    sources = {path.name: path.read_text() for path in SOURCES}
    assert compiled(project, OF_NEXT, sources) == ""


def test_it_needs_no_other_package_at_run_time(tmp_path: Path) -> None:
    """Of the AI SDK it takes the types alone."""
    [packed] = (installed() / "frontend-sample").glob("*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    module = (tmp_path / "package" / "dist" / "index.js").as_uri()
    subprocess.run([NODE, "--input-type=module", "--eval", f"import {json.dumps(module)}"], check=True)
