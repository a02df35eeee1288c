"""The page of IAM statements: what each role may do, with the code that needs it.

The statements are those that the program registers (`recording`). The code is found in the sources: who uses the table
says so beside the actions in `stacks/table_access.py`, and who calls another service names it to the SDK. What no code
of a function needs is Lambda's own, and then the component that declares it is named.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from shared.contract.architecture import Descriptor
from shared.contract.table import LISTED_INDEX, OPEN_INDEX
from stacks import table_access
from stacks.packages import code_of
from stacks.table_access import Use
from streamways.copy.rewriting import place
from streamways.copy.sources import Sources
from streamways.errors import CommandError

USES = "stacks/table_access.py"
SDK_NAMES = {"bedrock": "bedrock-runtime", "execute-api": "apigatewaymanagementapi"}
"""Prefix of an action → the SDK's name of the service, where it is another.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""
INDEXES = {OPEN_INDEX: "OPEN_INDEX", LISTED_INDEX: "LISTED_INDEX"}
"""Index of the table → the name that code imports to read it."""
_CODE = re.compile(r"`([\w/]+\.py)`")
HEADING = """# What each role may do

Each function has a role of its own. The table of a function lists everything that its role may do, and the code that
needs it. The resources are those of the example program, in the account `123456789012`.

This page was written by `streamways copy`, of the statements that the program registers.
"""


@dataclass(frozen=True)
class _Project:
    """What an architecture's page is made of."""

    architecture: Descriptor
    found: Sources
    package: str
    root: Path

    @cached_property
    def packed(self) -> Mapping[str, Sequence[str]]:
        """Handler of a function → our code in its package, by its path in the repository."""
        packages = self.architecture.packages.values()
        return {
            package.handler: sorted(
                path.relative_to(self.root).as_posix() for path in code_of(package, root=self.root).values()
            )
            for package in packages
        }

    @cached_property
    def texts(self) -> Mapping[str, frozenset[str]]:
        """File → its string constants."""
        return {name: _texts((self.root / name).read_bytes()) for name in self.found.code if name.endswith(".py")}

    @cached_property
    def declared(self) -> Mapping[str, frozenset[str]]:
        """File of the components → the actions of its statements."""
        return {name: _declared((self.root / name).read_bytes()) for name in self.texts if name.startswith("stacks/")}

    @cached_property
    def names(self) -> Mapping[str, frozenset[str]]:
        """File → what it imports by name."""
        return {name: _names((self.root / name).read_bytes()) for name in self.found.code if name.endswith(".py")}

    @cached_property
    def uses(self) -> Sequence[tuple[Use, Sequence[str]]]:
        """Each use of the table, and the files that it is for."""
        return list(_uses((self.root / USES).read_bytes()))


def permissions_page(architecture: Descriptor, found: Sources, package: str, root: Path) -> str:
    """The page as Markdown. Raises CommandError when the program does not run."""
    project = _Project(architecture, found, package, root)
    pieces = [HEADING]
    for role in _recorded(root, found.program):
        pieces.append(f"## `{role['name']}`\n")
        pieces.append("| action | on | code that needs it |\n|---|---|---|")
        pieces += [_row(project, role.get("handler"), *statement) for statement in role["statements"]]
        pieces.append("")
    return "\n".join(pieces)


def _row(
    project: _Project, handler: str | None, action: str, resources: Sequence[str], partitions: Sequence[str]
) -> str:
    needed = _needed_by(project, handler, action, resources, partitions)
    files = needed or sorted(file for file, actions in project.declared.items() if action in actions)
    named = ", ".join(f"`{place(file, project.package, project.found.program)}`" for file in files)
    code = named if needed else f"none: AWS calls in the role's name; declared in {named}"
    on = ", ".join(f"`{resource}`" for resource in resources)
    keys = f", items of {', '.join(f'`{each}`' for each in partitions)}" if partitions else ""
    return f"| `{action}` | {on}{keys} | {code} |"


def _needed_by(
    project: _Project, handler: str | None, action: str, resources: Sequence[str], partitions: Sequence[str]
) -> list[str]:
    """The code of a function's package that makes this call."""
    packed = project.packed.get(handler or "", ())
    service = action.partition(":")[0]
    if index := INDEXES.get(resources[0].partition("/index/")[2]):
        return [file for file in packed if index in project.names.get(file, ())]
    if service == "dynamodb":
        allowed = {each.removesuffix("*") for each in partitions}
        fitting = [paths for use, paths in project.uses if action in use.actions and use.partitions <= allowed]
        wanted = {path for paths in fitting for path in paths}
        return [file for file in packed if file in wanted]
    called = SDK_NAMES.get(service, service)
    return [file for file in packed if called in project.texts.get(file, ())]


def _uses(source: bytes) -> Iterator[tuple[Use, Sequence[str]]]:
    """`NAME: Final = _use(…)`, with the paths that the docstring below it names."""
    body = ast.parse(source).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            use: object = getattr(table_access, node.target.id)
            said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            if isinstance(use, Use):
                yield use, _CODE.findall(str(said))


@cache
def _nodes(source: bytes) -> Sequence[ast.AST]:
    return list(ast.walk(ast.parse(source)))


def _texts(source: bytes) -> frozenset[str]:
    constants = (node.value for node in _nodes(source) if isinstance(node, ast.Constant))
    return frozenset(value for value in constants if isinstance(value, str))


def _declared(source: bytes) -> frozenset[str]:
    """The constants in `{"actions": […]}`."""
    dictionaries = (node for node in _nodes(source) if isinstance(node, ast.Dict))
    lists = (
        value
        for each in dictionaries
        for key, value in zip(each.keys, each.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "actions"
    )
    return frozenset(str(node.value) for each in lists for node in ast.walk(each) if isinstance(node, ast.Constant))


def _names(source: bytes) -> frozenset[str]:
    imports = (node for node in _nodes(source) if isinstance(node, ast.ImportFrom))
    return frozenset(alias.name for node in imports for alias in node.names)


def _recorded(root: Path, program: str) -> list[dict[str, Any]]:
    """The roles of a program, by name. It runs in a process of its own: Pulumi keeps global state."""
    run = subprocess.run(
        [sys.executable, "-m", "streamways.copy.recording", program],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        said = (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1]
        raise CommandError(f"{program} does not run: {said}")
    return json.loads(run.stdout)
