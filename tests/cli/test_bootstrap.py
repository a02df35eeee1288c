"""`sandbox/bootstrap.py` runs before anything is installed, so it is run here as make runs it: by path."""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "sandbox" / "bootstrap.py"
MAKEFILE = SCRIPT.parents[1] / "Makefile"

PYPROJECT = """
[project]
name = "tiny"
version = "1"
[dependency-groups]
infrastructure = ["uv"]
sandbox = [{ include-group = "infrastructure" }]
dev = [{ include-group = "sandbox" }]
docs = []
"""
LOCK = '[[package]]\nname = "uv"\nversion = "9.9.9"\nwheels = []\n'

FAKE_UV = """#!{python}
import os, sys
from pathlib import Path
if sys.argv[1] == "--version":
    print("uv 9.9.9")
else:
    with open({calls!r}, "a") as calls:
        print(*sys.argv[1:], "in", os.environ["UV_PROJECT_ENVIRONMENT"], file=calls)
    for folder in Path(os.environ["UV_PROJECT_ENVIRONMENT"]).glob("lib/*/site-packages"):
        (folder / "tiny-1.dist-info").mkdir(exist_ok=True)
    print("Resolved 3 packages", file=sys.stderr)
    print(" + tiny==1", file=sys.stderr)
    sys.exit({code})
"""


def bootstrap(*groups: str, script: Path = SCRIPT, pretend: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the script, after `pretend` has made the machine another."""
    code = f"import sys, runpy\n{pretend}\nsys.argv = ['bootstrap.py', *{groups!r}]\n"
    code += f"runpy.run_path({str(script)!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def refusal(finished: subprocess.CompletedProcess[str]) -> str:
    """The one line of standard error."""
    assert finished.returncode == 1
    assert finished.stderr.count("\n") == 1
    return finished.stderr


def test_an_old_python_can_read_the_script_as_far_as_the_line_that_says_it_is_too_old():
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))


@pytest.mark.parametrize("version", ["3, 6, 9", "3, 10, 0", "3, 15, 0"])
def test_a_python_that_is_not_supported_is_told_in_one_line(version: str):
    line = refusal(bootstrap("sandbox", pretend=f"sys.version_info = ({version}, 'final', 0)"))
    major, minor, _ = version.split(", ")
    assert f"this is Python {major}.{minor} (" in line
    assert "3.11 to 3.14 is needed" in line
    assert "make demo PYTHON=" in line


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_what_to_install(module: str):
    line = refusal(bootstrap("sandbox", pretend=f"sys.modules[{module!r}] = None"))
    assert "apt install python3-venv" in line


@pytest.mark.parametrize(("system", "machine"), [("Windows", "AMD64"), ("Linux", "riscv64"), ("FreeBSD", "amd64")])
def test_a_platform_that_is_not_supported_is_named(system: str, machine: str):
    pretend = f"import platform; platform.system = lambda: {system!r}; platform.machine = lambda: {machine!r}"
    line = refusal(bootstrap("sandbox", pretend=pretend))
    assert f"{system} on {machine} is not supported" in line


class Project:
    """A folder with the script, a lock, and a uv that only writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        self.calls = folder / "calls"
        self.script = folder / "sandbox" / "bootstrap.py"
        self.script.parent.mkdir()
        self.script.write_text(SCRIPT.read_text())
        (folder / "pyproject.toml").write_text(PYPROJECT)
        (folder / "uv.lock").write_text(LOCK)

    def have_venv(self, code: int = 0) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(self.venv)], check=True)
        uv = self.venv / "bin" / "uv"
        uv.write_text(FAKE_UV.format(python=sys.executable, calls=str(self.calls), code=code))
        uv.chmod(0o755)

    def install(self, *groups: str, pretend: str = "") -> subprocess.CompletedProcess[str]:
        return bootstrap(*groups, script=self.script, pretend=pretend)

    def synced(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


NO_RMTREE = "import shutil; shutil.rmtree = sys.exit"
"""It stops where it would remove the environment."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


NO_PROCESS = "import subprocess; subprocess.Popen = None"
"""Nothing may be started: neither uv nor pip, and so nothing may reach for the network."""


def test_the_groups_are_synced_as_locked_and_nothing_is_removed(project: Project):
    project.have_venv()
    finished = project.install("sandbox")
    assert finished.returncode == 0, finished.stderr
    [call] = project.synced()
    assert call.startswith("sync --locked --inexact --no-default-groups ")
    assert call.endswith(f"--group sandbox in {project.venv}")
    assert "Resolved 3 packages" in finished.stderr
    assert "tiny==1" not in finished.stderr


def test_a_second_run_starts_nothing_and_is_quick(project: Project):
    project.have_venv()
    project.install("sandbox")
    started = time.monotonic()
    finished = project.install("sandbox", pretend=NO_PROCESS)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert time.monotonic() - started < 5
    assert len(project.synced()) == 1


def test_what_a_larger_group_includes_needs_no_second_installation(project: Project):
    project.have_venv()
    project.install("dev")
    assert project.install("sandbox", pretend=NO_PROCESS).returncode == 0
    assert project.install("infrastructure", pretend=NO_PROCESS).returncode == 0
    assert project.install("docs").returncode == 0
    assert project.install("dev", "docs", pretend=NO_PROCESS).returncode == 0
    assert len(project.synced()) == 2


@pytest.mark.parametrize("file", ["uv.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed_and_what_was_installed_before_counts_no_more(project: Project, file: str):
    project.have_venv()
    project.install("dev")
    with (project.folder / file).open("a") as changed:
        changed.write("\n# changed\n")
    project.install("sandbox")
    project.install("dev")
    assert len(project.synced()) == 3


def test_what_another_took_out_of_the_environment_is_installed_again(project: Project):
    # `pulumi install` runs `uv sync`, which keeps the default group alone.
    project.have_venv()
    project.install("dev")
    [distribution] = project.venv.glob("lib/*/site-packages/tiny-1.dist-info")
    distribution.rmdir()
    project.install("sandbox")
    assert project.synced()[-1].endswith(f"--group sandbox in {project.venv}")
    project.install("dev")
    assert len(project.synced()) == 3
    assert project.install("dev", pretend=NO_PROCESS).returncode == 0


def test_an_installation_that_failed_is_not_trusted_by_the_next_run(project: Project):
    project.have_venv(code=7)
    finished = project.install("sandbox")
    assert finished.returncode == 1
    assert "the installation failed in" in finished.stderr.splitlines()[-1]
    again = project.install("sandbox", pretend=NO_RMTREE)
    assert "replacing .venv" in again.stderr


def test_an_interrupted_installation_is_not_trusted_by_the_next_run(project: Project):
    project.have_venv()
    project.install("sandbox")
    pretend = """
import subprocess
class Interrupted(subprocess.Popen):
    def __init__(self, command, **options):
        if "sync" in command:
            raise KeyboardInterrupt
        super().__init__(command, **options)
subprocess.Popen = Interrupted
"""
    interrupted = project.install("docs", pretend=pretend)
    assert interrupted.returncode == 130
    assert interrupted.stderr.splitlines()[-1].startswith("streamways: interrupted")
    again = project.install("sandbox", pretend=NO_RMTREE)
    assert "replacing .venv" in again.stderr


def test_a_venv_that_was_moved_is_replaced(project: Project):
    project.have_venv()
    project.install("sandbox")
    moved = project.folder / "elsewhere"
    moved.mkdir()
    for entry in list(project.folder.iterdir()):
        if entry != moved:
            entry.rename(moved / entry.name)
    again = bootstrap("sandbox", script=moved / "sandbox" / "bootstrap.py", pretend=NO_RMTREE)
    assert "replacing .venv" in again.stderr


def test_a_venv_of_another_python_is_replaced(project: Project):
    project.have_venv()
    project.install("sandbox")
    older = f"sys.version_info = (3, {sys.version_info.minor - 1}, 0, 'final', 0)"
    newer = f"sys.version_info = (3, {sys.version_info.minor + 1}, 0, 'final', 0)"
    again = project.install("sandbox", pretend=f"{older if sys.version_info.minor > 11 else newer}\n{NO_RMTREE}")
    assert "replacing .venv" in again.stderr


def test_an_unknown_group_is_told_with_those_there_are(project: Project):
    line = refusal(project.install("sandbocks"))
    assert "no dependency group sandbocks in pyproject.toml; there are: dev, docs, infrastructure, sandbox" in line


def test_without_a_group_it_says_what_to_name(project: Project):
    assert project.install().returncode == 2


def test_the_targets_of_the_makefile_install_groups_that_there_are():
    named = {line.split()[1] for line in MAKEFILE.read_text().splitlines() if line.startswith("\t@$(install)")}
    groups = (MAKEFILE.parent / "pyproject.toml").read_text()
    assert named
    assert all(f"\n{group} = [" in groups for group in named)


def test_make_alone_lists_the_targets():
    finished = subprocess.run(["make"], cwd=MAKEFILE.parent, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in finished.stdout.splitlines() if line.startswith("  make ")] == [
        *("help", "demo", "test", "lint", "docs", "build")
    ]


def test_whatever_the_container_says_the_commands_of_make_keep_bytecode():
    finished = subprocess.run(
        ["make", "-f", str(MAKEFILE), "-f", "-", "show"],
        input="show:\n\t@env\n",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "KEPT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    names = {line.partition("=")[0] for line in finished.stdout.splitlines()}
    assert "KEPT" in names
    assert "PYTHONDONTWRITEBYTECODE" not in names
