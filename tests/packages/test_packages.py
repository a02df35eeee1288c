"""The real packages: what is in them, and that the same content makes the same bytes."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stacks.errors import PackageError
from stacks.packages import LAMBDA, LOCAL, PACKAGES, build, code_files, dependencies, package_of
from stacks.packages.closure import closure

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
MOST_WORKER_BYTES = 5 * MEGABYTE
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MOST_ZIPPED_BYTES = 50 * MEGABYTE
GIVEN_BY_THE_RUNTIME = {"boto3", "botocore"}
COMMAND_LINE_MODULES = {"function-url": {"uvicorn"}}
"""What a package's run script starts with `python -m`."""


@pytest.fixture(params=PACKAGES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    """The project as another clone has it: the same text, other dates; the dependency cache is the real one."""
    for folder in ("handlers", "shared"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "uv.lock"):
        shutil.copyfile(ROOT / file, tmp_path / file)
    for path in tmp_path.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        if path.is_file():
            path.chmod(0o600)
    (tmp_path / "build").mkdir()
    (ROOT / "build/dependencies").mkdir(parents=True, exist_ok=True)
    (tmp_path / "build/dependencies").symlink_to(ROOT / "build/dependencies")
    return tmp_path


def entries(path: Path) -> dict[str, zipfile.ZipInfo]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry for entry in archive.infolist()}


def test_a_package_holds_its_import_closure_and_its_locked_dependencies(name: str) -> None:
    installed = dependencies(PACKAGES[name].group, LAMBDA)
    third_party = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert set(entries(build(name))) == set(code_files(name)) | third_party


def test_a_package_does_not_bring_what_the_runtime_has(name: str) -> None:
    assert not GIVEN_BY_THE_RUNTIME & {entry.partition("/")[0] for entry in entries(build(name))}


def test_a_package_holds_nothing_compiled_for_or_named_after_this_machine(name: str) -> None:
    path = build(name)
    assert not [entry for entry in entries(path) if "__pycache__" in entry or entry.endswith((".pyc", "/RECORD"))]
    assert not [
        entry for entry in entries(path) if entry.endswith(".so") and "aarch64" not in entry and "abi3" not in entry
    ]
    with zipfile.ZipFile(path) as archive:
        texts = [archive.read(entry) for entry in archive.namelist() if not entry.endswith(".so")]
    assert not [text for text in texts if str(ROOT).encode() in text]


def test_only_the_run_script_is_executable(name: str) -> None:
    found = entries(build(name))
    for entry in found.values():
        assert entry.create_system == 3
        assert entry.external_attr >> 16 == (0o100755 if entry.filename == "run.sh" else 0o100644)
    assert ("run.sh" in found) is (name == "function-url")


def test_the_run_script_starts_the_module_that_the_package_is_made_for() -> None:
    function_url = PACKAGES["function-url"]
    assert function_url.run_script is not None
    script = (ROOT / function_url.run_script).read_text()

    assert f"-m uvicorn {function_url.entry}:" in script
    assert "\r" not in script


def test_packages_are_small_enough(name: str) -> None:
    size = build(name).stat().st_size
    assert size < (MOST_WORKER_BYTES if name.endswith("-worker") else MOST_ZIPPED_BYTES)


def test_what_is_imported_is_what_the_dependency_group_names(name: str) -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text())
    package = PACKAGES[name]
    modules: dict[str, str] = {
        canonicalize_name(distribution): module
        for module, distributions in packages_distributions().items()
        for distribution in distributions
        if not module.startswith("_")
    }
    declared = {
        modules[canonicalize_name(Requirement(line).name)] for line in document["dependency-groups"][package.group]
    }
    imported = closure(package.entry, ROOT).imports - sys.stdlib_module_names - GIVEN_BY_THE_RUNTIME

    assert imported | COMMAND_LINE_MODULES.get(name, set()) == declared


def test_a_package_can_be_imported_with_nothing_else_on_the_path(name: str, tmp_path: Path) -> None:
    for archive_name, source in code_files(name).items():
        target = tmp_path / archive_name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    package = PACKAGES[name]
    path = [tmp_path, dependencies(package.group, LOCAL), dependencies("lambda-runtime", LOCAL)]
    program = f"import sys; sys.path += {[str(folder) for folder in path]!r}; import {package.entry}"
    environment = {"AWS_REGION": "us-east-1", "POWERTOOLS_SERVICE_NAME": "test"}
    subprocess.run([sys.executable, "-I", "-S", "-c", program], env=environment, cwd=tmp_path, check=True)


def test_another_clone_makes_the_same_bytes(name: str, copied_tree: Path) -> None:
    here, there = build(name), build(name, root=copied_tree)
    assert there.name == here.name
    assert there.read_bytes() == here.read_bytes()


def test_a_package_is_made_anew_when_its_code_changes_and_only_then(copied_tree: Path) -> None:
    worker, api = (build(name, root=copied_tree) for name in ("appsync-worker", "appsync-api"))
    made = worker.stat().st_mtime_ns
    with (copied_tree / "handlers/appsync/worker.py").open("a") as module:
        module.write("\n# changed\n")

    assert build("appsync-api", root=copied_tree) == api
    changed = build("appsync-worker", root=copied_tree)
    assert changed != worker
    assert worker.stat().st_mtime_ns == made
    assert "# changed" in zipfile.ZipFile(changed).read("handlers/appsync/worker.py").decode()


def test_builders_that_run_at_once_leave_one_whole_package(copied_tree: Path) -> None:
    processes = multiprocessing.get_context("spawn")
    with processes.Pool(4) as pool:
        results = [pool.apply_async(build, ("websocket-worker",), {"root": copied_tree}) for _ in range(8)]
        paths = {result.get(timeout=60) for result in results}
        pool.close()
        pool.join()

    (path,) = paths
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    assert list(path.parent.iterdir()) == [path]


def test_a_package_says_what_it_was_made_from(name: str) -> None:
    assert package_of(build(name)) == PACKAGES[name]


@pytest.mark.parametrize("comment", [b"", b"[]", b"{}", b'{"name": "function-url"}', b"\xff", b"made by hand"])
def test_a_zip_that_does_not_say_so_is_refused(tmp_path: Path, comment: bytes) -> None:
    foreign = tmp_path / "function-url-0123456789abcdef.zip"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.comment = comment
    with pytest.raises(
        PackageError, match=r"function-url-0123456789abcdef\.zip is not a package that stacks\.packages"
    ):
        package_of(foreign)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("text")
    for file in ("a.zip", "missing.zip"):
        with pytest.raises(PackageError, match="is not a package that"):
            package_of(tmp_path / file)


def test_a_package_is_not_built_of_another_project_s_sources(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"no module handlers\.function_url\.app below .*its project's own sources"):
        code_files("function-url", root=tmp_path)


def test_an_unknown_package_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(PackageError, match="no package 'sms'; there are function-url, function-url-reaper,"):
        build("sms")


def test_a_missing_run_script_is_refused(copied_tree: Path) -> None:
    (copied_tree / "handlers/function_url/run.sh").unlink()
    with pytest.raises(PackageError, match=r"started by handlers/function_url/run\.sh, which is missing"):
        build("function-url", root=copied_tree)


def test_the_command_names_every_package_with_its_size() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "stacks.packages"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(PACKAGES)
    assert all(" MB  " in line and line.endswith(".zip") for line in lines)
