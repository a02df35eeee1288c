"""The example program of a copied project, in a sandbox that is started in the project's folder, and asked there."""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from watchfiles import watch

from sandbox import state
from streamways.clients.outputs import StackOutputs
from tests.copy.conftest import PACKAGE
from tests.sandbox.aws.serving import client
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


def test_an_edit_of_its_program_takes_effect_and_a_broken_one_leaves_what_was_there(
    project: Path, running: state.State
) -> None:
    """The last of these tests: afterwards the project is another one."""
    folder, program = project / ".sandbox" / str(running.port), project / "__main__.py"
    log, source = folder / "sandbox.log", program.read_text()
    (handler,) = [name for name in running.function_seconds if name.startswith("answers-handler-")]
    functions = client("lambda", f"{running.origin}/aws", running.credentials)

    def live() -> str:
        return functions.get_alias(FunctionName=handler, Name="live")["FunctionVersion"]

    def edit(seconds: int, more: str = "") -> None:
        program.write_text(source.replace('"timeout_seconds": 60', f'"timeout_seconds": {seconds}') + more)

    assert live() == "1"
    edit(61)
    eventually(folder, lambda: "the program was edited: " in log.read_text())
    (after,) = state.running(project / ".sandbox")
    assert (after.function_seconds[handler], after.outputs, live()) == (61, running.outputs, "2")

    code = project / PACKAGE / "handlers" / "function_url" / "app.py"
    code.write_text(code.read_text() + "# edited\n")
    eventually(folder, lambda: live() == "3")

    edit(62, "raise LookupError('half-way')\n")
    eventually(folder, lambda: "stays: the program failed: LookupError: half-way" in log.read_text())
    assert functions.list_versions_by_function(FunctionName=handler)["Versions"][-1]["Version"] > "3", "it had begun"
    assert live() == "3"
    assert streamways(project, "ask", QUESTION, "--port", str(running.port)).strip()


def eventually(folder: Path, holds: Callable[[], bool]) -> None:
    """Asks after each change in the folder, and now and then."""
    deadline = time.monotonic() + 60
    for _ in watch(folder, rust_timeout=500, yield_on_timeout=True):
        if holds():
            return
        assert time.monotonic() < deadline
