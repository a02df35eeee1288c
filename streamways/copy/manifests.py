"""What the project says of itself: dependencies, settings, verbs, and what its README tells."""

import ast
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import yaml

from shared.contract.architecture import Descriptor
from streamways.copy.lock import filtered
from streamways.errors import CommandError

TESTS_GROUP = "component-tests"
SHARED_GROUPS = ("infrastructure", "lambda-runtime", TESTS_GROUP)
"""Dependency groups that every project has, besides those of its functions."""
KEPT_SECTIONS = ("tool.pytest.ini_options",)
CONFIG_GETTER = re.compile(r"(?:get|require)(?:_\w+)?")
"""Methods of `pulumi.Config` that read a key."""
ALWAYS = ("aws:region", "pulumi:disable-default-providers")
"""Settings that no program reads, and every one has."""


def function_groups(architecture: Descriptor) -> list[str]:
    """The dependency groups of an architecture's functions."""
    return sorted({package.group for package in architecture.packages.values()})


def pyproject(architecture: Descriptor, package: str, ours: str) -> str:
    """The project's `pyproject.toml`, of the text of ours."""
    document = tomllib.loads(ours)
    groups, uv = document["dependency-groups"], document["tool"]["uv"]
    kept = [*function_groups(architecture), *SHARED_GROUPS]
    lines = [
        "[project]",
        f"name = {json.dumps(distribution(package))}",
        f"version = {json.dumps(document['project']['version'])}",
        f"description = {json.dumps(f'{architecture.title}: streams LLM answers on AWS')}",
        'readme = "README.md"',
        f"requires-python = {json.dumps(document['project']['requires-python'])}",
        "dependencies = []",
        "",
        "# What runs where. Each `function-…` group is what one Lambda package may import at run time, and no more.",
        "[dependency-groups]",
        *(f"{group} = {json.dumps(_own(groups, group))}" for group in kept),
        "dev = [",
        *(f"    {{ include-group = {json.dumps(group)} }}," for group in kept),
        "]",
        "",
        "[tool.uv]",
        "package = false",
        *(f"{key} = {json.dumps(value)}" for key, value in uv.items()),
        "",
        *(_section(ours, name) for name in KEPT_SECTIONS),
    ]
    return "\n".join(lines)


def lock(architecture: Descriptor, package: str, ours: str) -> str:
    """The project's `uv.lock`, of the text of ours."""
    version = next(one["version"] for one in tomllib.loads(ours)["package"] if one["source"] == {"editable": "."})
    kept = [*function_groups(architecture), *SHARED_GROUPS]
    return filtered(ours, distribution(package), version, {**{group: (group,) for group in kept}, "dev": kept})


def pulumi_yaml(architecture: Descriptor, package: str, ours: str, program: str) -> str:
    """The project's `Pulumi.yaml`: of our settings those that the program `program` reads."""
    document = cast("dict[str, Any]", yaml.safe_load(ours))
    declared = cast("dict[str, object]", document["config"])
    read = _keys(program)
    unknown = sorted(key for key in read if key not in declared and f"aws:{key}" not in declared)
    if unknown:
        raise CommandError(f"the program reads the setting {unknown[0]}, which Pulumi.yaml does not declare")
    config = {key: value for key, value in declared.items() if key in read or key in ALWAYS}
    project = {
        "name": distribution(package),
        "description": f"{architecture.title}: streams LLM answers on AWS",
        "runtime": document["runtime"],
        "config": config,
    }
    return yaml.safe_dump(project, sort_keys=False, width=120, allow_unicode=True)


def template(name: str, values: Mapping[str, str]) -> str:
    """A file of `templates/`, with `@name@` for each value."""
    text = (files("streamways.copy") / "templates" / name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def distribution(package: str) -> str:
    """The name of the project, as distributions and Pulumi projects have it: `our_chat` → `our-chat`."""
    return package.replace("_", "-")


def version(root: Path) -> str:
    """The version of the checkout."""
    return str(tomllib.loads(read_text(root, "pyproject.toml"))["project"]["version"])


def read_text(root: Path, name: str) -> str:
    """A file of the checkout."""
    return (root / name).read_text(encoding="utf-8")


def _own(groups: Mapping[str, Any], group: str) -> list[str]:
    return [requirement for requirement in groups[group] if isinstance(requirement, str)]


def _section(toml: str, name: str) -> str:
    """A table of a TOML file, as it is written there."""
    found = re.search(rf"^\[{re.escape(name)}\]\n(?:(?!\[).*\n?)*", toml, re.MULTILINE)
    assert found, f"pyproject.toml has no [{name}]"
    return found[0].rstrip("\n") + "\n"


def _keys(program: str) -> set[str]:
    """The keys that a program reads of its configuration: `config.get("model")`."""
    calls: Iterable[ast.Call] = (node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call))
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and CONFIG_GETTER.fullmatch(call.func.attr)
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
