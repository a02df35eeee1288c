"""The example program of a copied project, in a sandbox that is started in the project's folder, and asked there."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sandbox import state
from streamways.clients.outputs import StackOutputs
from tests.copy.conftest import PACKAGE
from tests.support.imports import ROOT
from tests.support.sandbox import worker_port

STREAMWAYS = Path(sys.executable).with_name("streamways")
QUESTION = "What is a stream?"


@pytest.fixture(scope="module")
def project(folders: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own with the dependencies that are installed here already: they are locked alike."""
    folder: Path = tmp_path_factory.mktemp("deployed") / "theirs"
    shutil.copytree(folders["function-url"], folder)
    (folder / "build").mkdir()
    (ROOT / "build" / "dependencies").mkdir(parents=True, exist_ok=True)
    (folder / "build" / "dependencies").symlink_to(ROOT / "build" / "dependencies")
    return folder


def streamways(project: Path, *arguments: str) -> str:
    """The standard output of a command that is called in the project's folder, with nothing of ours in its path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMWAYS_")}
    run = subprocess.run(
        [STREAMWAYS, *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def running(project: Path) -> Iterator[state.State]:
    streamways(project, "sandbox", "start", "--port", str(worker_port()), "--tokens-per-second", "400")
    try:
        (found,) = state.running(project / ".sandbox")
        yield found
    finally:
        streamways(project, "sandbox", "stop")


def test_the_program_of_the_folder_is_deployed_and_answers(project: Path, running: state.State) -> None:
    outputs = StackOutputs.from_json(running.outputs)
    assert outputs.architectures == ("function-url",)
    assert {name.rpartition("-")[0] for name in running.function_seconds} == {"answers-handler", "answers-reaper"}
    assert streamways(project, "ask", QUESTION, "--port", str(running.port)).strip()


@pytest.mark.usefixtures("running")
def test_its_packages_hold_its_own_code(project: Path) -> None:
    (package,) = (project / "build" / "packages").glob("function-url-????????????????.zip")
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
        script = archive.read("run.sh").decode()
    assert f"{PACKAGE}/handlers/function_url/app.py" in names
    assert not [name for name in names if name.startswith(("handlers/", "shared/", f"{PACKAGE}/stacks/"))]
    assert f"-m uvicorn {PACKAGE}.handlers.function_url.app:app" in script
