"""Imports go one way (DESIGN, layout): what runs in Lambda knows nothing of Pulumi, of the sandbox, or of tests."""

import ast
import graphlib
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.contract.architectures import DESCRIPTORS
from stacks.packages import PACKAGES, code_files
from tests.support.imports import ROOT, imported, sources

OURS = frozenset({"handlers", "shared", "stacks", "sandbox", "streamways", "tests"})
MAY_IMPORT: dict[str, frozenset[str]] = {
    "shared": frozenset(),
    "handlers": frozenset({"shared"}),
    "stacks": frozenset(),
    "sandbox": frozenset({"stacks"}),
    "streamways": frozenset({"sandbox", "stacks"}),
}
"""Besides itself and the contract. Stacks know the paths of handlers, never their code; the sandbox runs functions and
imports none."""
CONTRACT = "shared.contract"
"""What all may import, and all that `stacks`, `sandbox` and `streamways` may import of `shared`."""
NOT_IN_LAMBDA = frozenset(
    {"pulumi", "pulumi_aws", "sandbox", "stacks", "streamways", "tests", "moto", "pytest", "hypothesis", "uv"}
)
ARCHITECTURES = [one.folder for one in DESCRIPTORS.values()]


def tops(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    files = sources(package)
    assert files, f"there is no code in {package}"
    forbidden = OURS - MAY_IMPORT[package] - {package}
    foreign = {path: {module for module in imported(path) if not within(module, CONTRACT)} for path in files}
    wrong = {name(path): found for path, modules in foreign.items() if (found := tops(modules) & forbidden)}
    assert wrong == {}


def test_the_contract_imports_the_standard_library_alone() -> None:
    files = sources("shared/contract")
    assert files
    modules = {name(path): {module for module in imported(path) if not within(module, CONTRACT)} for path in files}
    assert {path: found for path, each in modules.items() if (found := tops(each) - sys.stdlib_module_names)} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_what_runs_in_lambda_imports_nothing_of_infrastructure_sandbox_or_tests(package: str) -> None:
    files = {file: path for file, path in code_files(package).items() if file.endswith(".py")}
    assert files
    wrong = {file: found for file, path in files.items() if (found := tops(imported(path)) & NOT_IN_LAMBDA)}
    assert wrong == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_holds_one_architecture(package: str) -> None:
    folders = {
        Path(file).parts[1] for file in code_files(package) if file.startswith("handlers/") and file.count("/") > 1
    }
    assert len(folders & set(ARCHITECTURES)) == 1


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(ARCHITECTURES, 2)))
def test_an_architecture_leaves_whole_because_none_imports(one: str, other: str) -> None:
    wrong = [
        name(path)
        for path in sources(f"handlers/{one}")
        if any(module.startswith(f"handlers.{other}") for module in imported(path))
    ]
    assert wrong == []


def test_cryptography_stays_where_tokens_are_verified() -> None:
    with_crypto = {name for name in PACKAGES if "shared/auth/jwks.py" in code_files(name)}
    assert with_crypto == {"function-url", "websocket-authorizer", "websocket-tickets", "websocket-routes"}


def test_the_code_of_a_function_is_in_some_package() -> None:
    packed = {path for package in PACKAGES for path in code_files(package).values()}
    forgotten = {name(path) for package in ("handlers", "shared") for path in sources(package) if path not in packed}
    of_other_parts = {name(path) for path in sources("shared/contract")}
    assert forgotten - of_other_parts == set(), "no function runs this"


@pytest.mark.parametrize("package", PACKAGES)
def test_an_edit_of_a_descriptor_redeploys_nothing_because_no_package_holds_one(package: str) -> None:
    modules = {module for path in code_files(package).values() if path.suffix == ".py" for module in imported(path)}
    assert not any(module.startswith(f"{CONTRACT}.architecture") for module in modules)


NOT_THE_ARCHITECTURE = {"handlers/appsync/publish.py": {"appsync"}}
"""Where AWS has the same name for something else: the service that a signature is for."""


def test_what_runs_in_lambda_learns_the_name_of_its_architecture_from_its_environment() -> None:
    found: dict[str, set[str]] = {}
    for path in {path for package in PACKAGES for path in code_files(package).values() if path.suffix == ".py"}:
        texts = {node.value for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Constant)}
        if named := texts & DESCRIPTORS.keys():
            found[name(path)] = named
    assert found == NOT_THE_ARCHITECTURE


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_of(module: str) -> str:
    """The folder that holds a module; a module beside folders stands for itself."""
    first, _, rest = module.partition(".")
    second, _, further = rest.partition(".")
    return f"{first}.{second}" if further or (ROOT / first / second).is_dir() else module


def graph(of: Callable[[str], str]) -> dict[str, set[str]]:
    """What imports what, by names that `of` makes of modules. Importing a module runs the packages above it, too."""
    modules = {module_of(path): path for package in MAY_IMPORT for path in sources(package)}
    edges: dict[str, set[str]] = {}
    for module, path in modules.items():
        found = {of(name) for name in imported(path) if name in modules}
        edges.setdefault(of(module), set()).update(found - {of(module)})
    return edges


@pytest.mark.parametrize("of", [str, package_of], ids=["modules", "packages"])
def test_no_two_import_each_other(of: Callable[[str], str]) -> None:
    try:
        graphlib.TopologicalSorter(graph(of)).prepare()
    except graphlib.CycleError as cycle:
        pytest.fail(" → ".join(cycle.args[1]))
