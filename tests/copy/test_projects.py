"""Made to be taken apart: one architecture leaves as a project of its own, and its tests pass there alone."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import uv
import yaml
from packaging.utils import canonicalize_name

from shared.contract.architectures import DESCRIPTORS
from streamways.copy.rewriting import mentions
from streamways.copy.sources import CODE, Sources, candidates, code_reached_by, sources
from tests.copy.conftest import PACKAGE, Projects
from tests.docs.pages import CODE_SPAN, page
from tests.support import node
from tests.support.imports import ROOT, imported

SITE_PACKAGES = Path(pytest.__file__).resolve().parents[1]
ONLY_COLLECTED = "tests/chats"
"""Whose tests take long and touch no file but the table: elsewhere it is enough that they find all that they import."""


@pytest.fixture(params=DESCRIPTORS)
def architecture(request: pytest.FixtureRequest) -> str:
    return request.param


@cache
def found(architecture: str) -> Sources:
    """What travels."""
    return sources(DESCRIPTORS[architecture], ROOT)


@cache
def code_of(architecture: str) -> frozenset[Path]:
    """What the project is made of, by its place here."""
    return frozenset(ROOT / name for name in found(architecture).code)


def home(test: Path) -> str:
    """The architecture whose project runs a test: of those that it leaves with, the one with the least code.

    In the others it is only collected, which imports all it needs; to run the same again would prove nothing more.
    """
    fitting = [name for name in DESCRIPTORS if code_reached_by(test, ROOT) <= code_of(name)]
    return min(fitting, key=lambda name: len(code_of(name)))


def alone(architecture: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs the tests of a project on a path that leads nowhere else."""
    tests = found(architecture).tests
    elsewhere = [test for test in tests if test.startswith(ONLY_COLLECTED) or home(ROOT / test) != architecture]
    return subprocess.run(
        # -S: no `.pth` files, so that this repository is not on the path.
        [sys.executable, "-S", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        + [f"--deselect={test}" for test in elsewhere],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "AWS_"))},
            "PYTHONPATH": str(SITE_PACKAGES),
            "PYTHONPYCACHEPREFIX": str(folder.with_name(f"{folder.name}-bytecode")),
            "HYPOTHESIS_PROFILE": "quick",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
            node.BUILD_FOLDER_VARIABLE: str(ROOT / "build"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_the_tests_of_each_project_pass_where_nothing_else_is(folders: Mapping[str, Path]) -> None:
    """One after the other: some bound how long a step may take, and other tests run beside these."""
    for name, folder in folders.items():
        ended = alone(name, folder)
        assert ended.returncode == 0, f"{name}: {ended.stdout[-5000:]}"
        assert " passed" in ended.stdout


def test_each_test_of_what_runs_in_lambda_leaves_with_some_architecture() -> None:
    left = {test for architecture in DESCRIPTORS for test in found(architecture).tests}
    assert {path.relative_to(ROOT).as_posix() for path in candidates(ROOT)} == left


def test_an_architecture_takes_tests_of_each_kind_along(architecture: str) -> None:
    own = set(found(architecture).tests)
    assert {"tests/auth/test_user.py", "tests/protocol/test_request.py", "tests/core/generation/test_run.py"} <= own
    assert "tests/chats/test_store.py" in own
    folder = ROOT / "tests" / "handlers" / DESCRIPTORS[architecture].folder
    assert {path for path in own if path.startswith("tests/handlers/")} == {
        path.relative_to(ROOT).as_posix() for path in folder.glob("test_*.py")
    }


def test_no_code_of_another_architecture_comes_along(projects: Projects, architecture: str) -> None:
    others = {each.folder for name, each in DESCRIPTORS.items() if name != architecture}
    python = [path for path in projects[architecture] if path.endswith(".py")]
    assert not [path for path in python if others & set(Path(path).with_suffix("").parts)]
    assert not [path for path in python if Path(path).stem.removesuffix("_stream") in others]


def test_nothing_imports_what_stayed_behind(projects: Projects, folders: Mapping[str, Path], architecture: str) -> None:
    stayed = {"handlers", "shared", "stacks", "sandbox", "streamways"}
    python = [path for path in projects[architecture] if path.endswith(".py")]
    assert len(python) > 100
    tops = {path: {name.partition(".")[0] for name in imported(folders[architecture] / path)} for path in python}
    assert {path: wrong for path, names in tops.items() if (wrong := names & stayed)} == {}


def test_no_text_names_code_by_its_old_place(projects: Projects, architecture: str) -> None:
    """Entry points, patched names, scripts, paths of data, and what the documentation says."""
    left: dict[str, list[str]] = {}
    for path, file in projects[architecture].items():
        if path == "streamways.json":
            continue
        text = file.content.decode()
        if path.endswith(".py"):
            words = re.findall(rf"(?<!{PACKAGE}[./])\b(?:{'|'.join(CODE)})[./]\w+", text)
            names = [word for word in words if not is_identifier(text, word)]
        else:
            names = mentions(text)
        if names:
            left[path] = names
    assert left == {}


def is_identifier(source: str, word: str) -> bool:
    """Whether `handlers.values` is an attribute of a variable."""
    variable, _, attribute = word.partition(".")
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == attribute
        and isinstance(node.value, ast.Name)
        and node.value.id == variable
        for node in ast.walk(ast.parse(source))
    )


def test_what_is_named_in_a_string_is_there(folders: Mapping[str, Path], architecture: str) -> None:
    """Patched names and entry points: `theirs.shared.table.patience.RACE_SECONDS`."""
    folder = folders[architecture]
    names = {
        node.value
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(rf"{PACKAGE}(?:\.\w+)+", node.value)
    }
    assert len(names) > 5
    assert [name for name in names if not leads_to_a_module(folder, name)] == []


def leads_to_a_module(folder: Path, name: str) -> bool:
    parts = name.split(".")
    bases = [folder.joinpath(*parts[:end]) for end in range(3, len(parts) + 1)]
    return any(base.with_suffix(".py").is_file() or (base / "__init__.py").is_file() for base in bases)


def test_the_lock_is_the_one_of_its_manifest(folders: Mapping[str, Path], architecture: str, tmp_path: Path) -> None:
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).write_bytes((folders[architecture] / name).read_bytes())
    command = [uv.find_uv_bin(), "lock", "--check", "--offline", "--quiet", "--cache-dir", str(tmp_path / "empty")]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_what_is_imported_is_locked(projects: Projects, folders: Mapping[str, Path], architecture: str) -> None:
    lock = tomllib.loads(projects[architecture]["uv.lock"].content.decode())
    locked = {canonicalize_name(package["name"]) for package in lock["package"]}
    distributions = packages_distributions()
    python = [folders[architecture] / path for path in projects[architecture] if path.endswith(".py")]
    modules = {name.split(".")[0] for path in python for name in imported(path)} - sys.stdlib_module_names
    foreign = {module for module in modules - {PACKAGE, "tests"} if not module.startswith("mypy_boto3_")}
    assert {"pulumi", "pytest", "moto"} <= foreign
    missing = {module for module in foreign if not {canonicalize_name(each) for each in distributions[module]} & locked}
    assert missing == set()


def test_the_lock_has_the_versions_of_ours_and_nothing_that_is_not_needed(projects: Projects) -> None:
    ours = {(one["name"], one["version"]) for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    for files in projects.values():
        lock = tomllib.loads(files["uv.lock"].content.decode())
        theirs = {(package["name"], package["version"]) for package in lock["package"]}
        assert theirs - {("theirs", "0.1.0")} < ours
        assert not {"mkdocs", "typer", "flask", "grpcio-tools", "basedpyright"} & {name for name, _ in theirs}


def test_each_function_has_its_requirements_with_hashes(projects: Projects, architecture: str) -> None:
    groups = {package.group for package in DESCRIPTORS[architecture].packages.values()}
    files = projects[architecture]
    assert {path for path in files if path.startswith("requirements/")} == {f"requirements/{one}.txt" for one in groups}
    for group in groups:
        text = files[f"requirements/{group}.txt"].content.decode()
        assert "aws-lambda-powertools==" in text
        assert "--hash=sha256:" in text


def test_the_settings_are_those_that_the_program_reads(projects: Projects, architecture: str) -> None:
    document = yaml.safe_load(projects[architecture]["Pulumi.yaml"].content)
    own = {"model", "maxOutputTokens", "cognitoEndpoint", *(() if architecture == "appsync" else ("corsOrigins",))}
    assert document["name"] == PACKAGE
    assert set(document["config"]) == {"aws:region", "pulumi:disable-default-providers", *own}


def test_the_documentation_tells_which_settings_count_and_which_argument_takes_the_others(projects: Projects) -> None:
    copying = page("docs/copying.md")
    declared = {key for files in projects.values() for key in yaml.safe_load(files["Pulumi.yaml"].content)["config"]}
    told = copying.prose.partition("The example program reads ")[2].partition("**Every other setting")[0]
    assert set(CODE_SPAN.findall(told)) == declared - {"pulumi:disable-default-providers"}

    ours = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    code = "".join(
        file.content.decode() for files in projects.values() for path, file in files.items() if "/stacks/" in path
    )
    for settings, arguments in copying.table_after("Settings"):
        assert set(CODE_SPAN.findall(settings)) <= set(ours) - declared
        names = [name for name in CODE_SPAN.findall(arguments) if "/" not in name]
        assert [name for name in names if name.removeprefix("core.").removesuffix("(…)") not in code] == []


def test_the_page_of_permissions_names_the_code_behind_each(projects: Projects, architecture: str) -> None:
    page = projects[architecture]["IAM.md"].content.decode()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 10
    files = {name for row in rows for name in re.findall(rf"`({PACKAGE}/[\w/]+\.py)`", row.rpartition("|")[0])}
    assert files <= projects[architecture].keys()
    assert not [row for row in rows if not re.search(rf"`{PACKAGE}/[\w/]+\.py`", row)]
    tables = {match[1]: match[0] for match in re.finditer(r"^## `([\w-]+)`\n(?:(?!^## ).*\n)*", page, re.MULTILINE)}
    generates = "answers-handler" if architecture == "function-url" else "answers-worker"
    model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    row = f"| `bedrock:InvokeModelWithResponseStream` | `{model}` | `{PACKAGE}/shared/models/bedrock.py` |"
    assert {name for name, table in tables.items() if row in table} == {generates}
    facts = [row for row in rows if "`audit#*`" in row]
    assert [row.split(" | ")[0] for row in facts] == ["| `dynamodb:PutItem`"]
    assert f"`{PACKAGE}/shared/chats/audit.py`" in facts[0]
    invoked = [row for row in rows if row.startswith("| `lambda:InvokeFunction`")]
    assert all(re.search(r"`arn:aws:lambda:[\w-]+:\d+:function:[\w-]+:live`", row) for row in invoked)


def test_the_scripts_that_make_the_environment_are_there(projects: Projects, architecture: str) -> None:
    files = projects[architecture]
    makefile = files["Makefile"].content.decode()
    assert "tools/bootstrap.py" in makefile
    assert "tools/bootstrap.py" in files
    assert f"-m {PACKAGE}.stacks.packages" in makefile
    assert f"{PACKAGE}/stacks/packages/__main__.py" in files
    assert not [path for path, file in files.items() if re.search(rb"@[a-z]+@", file.content) and "." not in path]
