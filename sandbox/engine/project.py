"""Pulumi.yaml and the configuration of a stack, merged and checked as the engine does.

https://www.pulumi.com/docs/iac/concepts/projects/project-file/ and `sdk/go/common/workspace/config.go` of Pulumi: a
stack's value wins over the project's, defaults are applied before the program starts, and a typed key of the project
that has neither a default nor a value is an error.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from sandbox.errors import ProjectError

AUTONAMING = "pulumi:autonaming"
"""https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming-configuration"""


@dataclass(frozen=True)
class Schema:
    """The declared type of a key: `string`, `integer`, `boolean`, `object`, or `array` with the type of its items."""

    type: str
    items: "Schema | None" = None

    def __str__(self) -> str:
        return f"array<{self.items}>" if self.type == "array" and self.items else self.type


@dataclass(frozen=True)
class Declaration:
    """What Pulumi.yaml says of one key; `value` is its default (project keys) or its value (other namespaces)."""

    schema: Schema | None
    value: object
    secret: bool


@dataclass(frozen=True)
class Project:
    """Pulumi.yaml. Keys of `declarations` carry their namespace."""

    name: str
    root: Path
    program: Path
    """The file or folder that `main:` names; absolute."""
    stack_config_folder: Path
    declarations: Mapping[str, Declaration]

    @property
    def working_folder(self) -> Path:
        """Where the program runs: the folder of `main:`, or the one that its file is in."""
        return self.program if self.program.is_dir() else self.program.parent


@dataclass(frozen=True)
class Config:
    """Configuration as a program receives it: text by namespaced key; lists and objects are JSON."""

    values: Mapping[str, str]
    secret_keys: tuple[str, ...]


def load(root: Path) -> Project:
    """Read `Pulumi.yaml` in `root`. Raises ProjectError."""
    document = _read(root / "Pulumi.yaml")
    name = document.get("name")
    if not isinstance(name, str):
        raise ProjectError(f"{root / 'Pulumi.yaml'} has no `name:`; a Pulumi project needs one")
    program = (root / str(document.get("main") or ".")).resolve()
    if not program.exists():
        raise ProjectError(f"`main: {document.get('main')}` in {root / 'Pulumi.yaml'} names nothing that exists")
    declared = _mapping(document.get("config"), root / "Pulumi.yaml")
    return Project(
        name=name,
        root=root,
        program=program,
        stack_config_folder=root / str(document.get("stackConfigDir") or "."),
        declarations={_namespaced(name, key): _declaration(name, key, value) for key, value in declared.items()},
    )


def configure(
    project: Project, stack: str, given: Mapping[str, str], *, here: Mapping[str, str] | None = None
) -> Config:
    """The configuration of `stack`: the project's defaults, what holds `here`, `Pulumi.<stack>.yaml`, then `given`.

    A given value of a list or an object is JSON; the rest is text, as `pulumi config set` takes it. Raises ProjectError
    for a value of the wrong type and for a key without one. Keys that Pulumi.yaml does not declare pass through.
    """
    contents: dict[str, object] = {
        key: declaration.value for key, declaration in project.declarations.items() if declaration.value is not None
    }
    contents |= _parsed(project, here or {}) | _stack_file(project, stack) | _parsed(project, given)
    if AUTONAMING in contents:
        raise ProjectError(
            f"{AUTONAMING} is set, and the sandbox names resources in Pulumi's default way alone: unset it"
        )
    values: dict[str, str] = {}
    for name, content in contents.items():
        declaration = project.declarations.get(name)
        if declaration and declaration.schema and not _fits(content, declaration.schema):
            raise _wrong_type(name, content, declaration.schema)
        values[name] = _text(content)
    missing = sorted(name for name, entry in project.declarations.items() if entry.schema and name not in values)
    if missing:
        raise ProjectError(
            f"stack {stack!r} is missing configuration {', '.join(missing)}, which has no default in Pulumi.yaml: "
            "set it with -c KEY=VALUE"
        )
    secrets = tuple(name for name, entry in project.declarations.items() if entry.secret and name in values)
    return Config(values, secrets)


def _parsed(project: Project, given: Mapping[str, str]) -> dict[str, object]:
    contents: dict[str, object] = {}
    for key, text in given.items():
        name = _namespaced(project.name, key)
        declaration = project.declarations.get(name)
        contents[name] = _parse(name, text, declaration.schema if declaration else None)
    return contents


def _stack_file(project: Project, stack: str) -> dict[str, object]:
    path = project.stack_config_folder / f"Pulumi.{stack}.yaml"
    if not path.exists():
        return {}
    document = _read(path)
    if "environment" in document:
        raise ProjectError(
            f"{path} imports an ESC environment, which the sandbox does not have; set the values with -c"
        )
    contents: dict[str, object] = {}
    for key, value in _mapping(document.get("config"), path).items():
        if isinstance(value, dict) and "secure" in value:
            raise ProjectError(f"{path}: {key} is encrypted and the sandbox has no key for it; set it with -c {key}=…")
        contents[_namespaced(project.name, key)] = value
    return contents


def _declaration(project: str, key: str, value: object) -> Declaration:
    if not isinstance(value, dict):
        return Declaration(schema=None, value=value, secret=False)
    entry = cast("dict[str, Any]", value)
    typed = "type" in entry or "default" in entry or "items" in entry
    schema = _schema(entry) if typed and _namespaced(project, key).startswith(f"{project}:") else None
    return Declaration(schema, entry.get("default", entry.get("value")), bool(entry.get("secret")))


def _schema(entry: Mapping[str, Any]) -> Schema:
    items = entry.get("items")
    return Schema(str(entry.get("type", "string")), _schema(cast("dict[str, Any]", items)) if items else None)


def _parse(name: str, text: str, schema: Schema | None) -> object:
    if schema is None or schema.type not in ("array", "object"):
        return text
    try:
        return cast("object", json.loads(text))
    except json.JSONDecodeError:
        raise _wrong_type(name, text, schema) from None


def _wrong_type(name: str, content: object, schema: Schema) -> ProjectError:
    examples = {"array": """; a list is given as JSON, e.g. '["a", "b"]'""", "object": "; an object is given as JSON"}
    given = content if isinstance(content, str) else json.dumps(content)
    return ProjectError(
        f"configuration {name} must be of type {schema}, given {given!r}{examples.get(schema.type, '')}"
    )


def _fits(content: object, schema: Schema) -> bool:
    match schema.type:
        case "string":
            return not isinstance(content, (dict, list))
        case "boolean":
            return isinstance(content, bool) or content in ("true", "false")
        case "integer":
            return (isinstance(content, int) and not isinstance(content, bool)) or _is_integer(content)
        case "array":
            items = cast("list[object]", content) if isinstance(content, list) else None
            return items is not None and (schema.items is None or all(_fits(item, schema.items) for item in items))
        case "object":
            return isinstance(content, dict)
        case _:
            return False


def _is_integer(content: object) -> bool:
    return isinstance(content, str) and content.removeprefix("-").isdecimal()


def _text(content: object) -> str:
    if isinstance(content, bool):
        return "true" if content else "false"
    return json.dumps(content) if isinstance(content, (dict, list)) else str(content)


def _namespaced(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _mapping(value: object, path: Path) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ProjectError(f"`config:` in {path} must be a mapping of keys to values")
    return cast("dict[str, object]", value)


def _read(path: Path) -> dict[str, Any]:
    try:
        document: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectError(f"{path} does not exist; run this in a Pulumi project") from None
    except yaml.YAMLError as error:
        raise ProjectError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise ProjectError(f"{path} must be a YAML mapping")
    return cast("dict[str, Any]", document)
