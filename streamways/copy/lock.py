"""The project's `uv.lock`: ours, without what the project does not need.

It is filtered and not resolved anew: so the project has the very versions that its tests passed with here, and a copy
needs no network. uv itself checks the result (`uv sync --locked`).
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, cast

_BLOCK = re.compile(r"(?=^\[\[package\]\]$)", re.MULTILINE)


def filtered(lock: str, name: str, version: str, groups: Mapping[str, Iterable[str]]) -> str:
    """The lock of a project with the dependency groups `groups`.

    Each group is that of ours, or of several of ours together: group of the project → groups of ours.
    """
    head, *blocks = _BLOCK.split(lock)
    parsed = [(tomllib.loads(block)["package"][0], block) for block in blocks]
    ours = next(package for package, _ in parsed if package["source"] == {"editable": "."})
    resolved = {group: _union(ours["dev-dependencies"], parts) for group, parts in groups.items()}
    required = {group: _union(ours["metadata"]["requires-dev"], parts) for group, parts in groups.items()}
    kept = _reached([entry["name"] for entries in resolved.values() for entry in entries], parsed)
    own = _own_block(name, version, ours.get("default-groups", []), resolved, required)
    found = [(package["name"], block.rstrip("\n")) for package, block in parsed if package["name"] in kept]
    return head + "\n\n".join(block for _, block in sorted([*found, (name, own)])) + "\n"


def _union(groups: Mapping[str, list[dict[str, Any]]], names: Iterable[str]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in (entry for name in names for entry in groups[name]):
        found[json.dumps(entry, sort_keys=True)] = entry
    return [found[key] for key in sorted(found, key=lambda key: (found[key]["name"], key))]


def _reached(start: Iterable[str], packages: Iterable[tuple[dict[str, Any], str]]) -> set[str]:
    """The names of all packages that these need, with whatever extras."""
    needs: dict[str, set[str]] = {}
    for package, _ in packages:
        lists = [package.get("dependencies", []), *package.get("optional-dependencies", {}).values()]
        needs.setdefault(package["name"], set()).update(entry["name"] for entries in lists for entry in entries)
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs[name])
    return found


def _own_block(
    name: str,
    version: str,
    default_groups: list[str],
    resolved: Mapping[str, list[dict[str, Any]]],
    required: Mapping[str, list[dict[str, Any]]],
) -> str:
    lines = ["[[package]]", f"name = {json.dumps(name)}", f"version = {json.dumps(version)}"]
    lines += ['source = { virtual = "." }']
    if default_groups:
        lines += [f"default-groups = {_value(default_groups)}"]
    lines += ["", "[package.dev-dependencies]", *_tables(resolved)]
    lines += ["", "[package.metadata]", "", "[package.metadata.requires-dev]", *_tables(required)]
    return "\n".join(lines)


def _tables(groups: Mapping[str, list[dict[str, Any]]]) -> Iterable[str]:
    for group in sorted(groups):
        yield f"{group} = ["
        yield from (f"    {_value(entry)}," for entry in groups[group])
        yield "]"


def _value(value: object) -> str:
    """A text, a list or an inline table, as TOML has it."""
    if isinstance(value, dict):
        table = cast("dict[str, object]", value)
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in table.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in cast("list[object]", value)) + "]"
    return json.dumps(value)
