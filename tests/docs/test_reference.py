"""The reference pages name what the code has, no more and no less."""

import json
import re
from dataclasses import fields
from typing import Any

import yaml

from sandbox.aws.model_faults import KINDS
from shared.contract.errors import ErrorCode
from stacks.settings.environments import ENVIRONMENTS, Environment
from streamways.clients.outputs import KNOWN
from tests.docs.pages import ROOT, page

CONFIGURATION = page("docs/configuration.md")


TYPES = {"array": "list"}
"""Pulumi's names of types where the page uses a plainer word."""


def code(cell: str) -> str:
    """What stands between the backticks of a cell."""
    found = re.match(r"`(.+?)`", cell)
    assert found, f"{cell!r} is not code"
    return found[1]


def declared_settings() -> dict[str, dict[str, Any]]:
    """The program's own settings in Pulumi.yaml."""
    config = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    return {key: schema for key, schema in config.items() if ":" not in key}


def test_every_setting_is_documented_with_its_type_and_default() -> None:
    documented = {code(row[0]): (row[1], value(row[2])) for row in CONFIGURATION.table_after("Configuration keys")}
    settings = declared_settings().items()
    assert documented == {key: (TYPES.get(one["type"], one["type"]), one["default"]) for key, one in settings}


def test_the_table_of_environments_is_the_data() -> None:
    rows = CONFIGURATION.table_after("Environments")
    columns = {"".join(word.capitalize() for word in one.name.split("_")): one.name for one in fields(Environment)}
    documented = {code(row[0]): [yaml.safe_load(code(cell)) for cell in row[1:]] for row in rows}
    data = {
        f"{key[0].lower()}{key[1:]}": [getattr(row, column) for row in ENVIRONMENTS.values()]
        for key, column in columns.items()
        if column != "name" and not column.startswith("takes_")
    }
    assert documented == data
    assert set(documented) <= set(declared_settings())
    assert [declared_settings()[key]["default"] in ("", -1) for key in documented] == [True] * len(documented)


def test_the_table_of_what_an_environment_refuses_is_the_data() -> None:
    heading = f"| | {' | '.join(f'`{name}`' for name in ENVIRONMENTS)} |"
    _, _, after = CONFIGURATION.prose.partition(heading)
    local = after.strip().splitlines()[1].strip("| ").split(" | ")
    words = {True: "taken", False: "refused"}
    assert local[1:] == [words[row.takes_local_origins] for row in ENVIRONMENTS.values()]


def value(cell: str) -> object:
    """The default that a cell states."""
    return "" if cell == "empty" else yaml.safe_load(code(cell))


def test_every_stack_output_is_documented() -> None:
    rows = CONFIGURATION.table_after("Stack outputs")
    assert sorted(code(row[0]) for row in rows) == sorted(KNOWN)


def test_every_error_code_is_documented_with_its_http_status() -> None:
    rows = page("docs/protocol.md").table_after("Error codes")
    documented = {(code(row[0]), row[1]) for row in rows}
    assert documented == {(code, str(status)) for code in ErrorCode for status in code.statuses}


def test_every_fault_of_the_emulated_model_is_documented() -> None:
    assert not [kind for kind in KINDS if f"`{kind}`" not in page("docs/sandbox.md").prose]


def test_json_examples_are_json() -> None:
    for name in ("docs/protocol.md", "docs/quickstart.md"):
        for body in page(name).code("json"):
            documents = [body] if body.startswith("{\n") else body.splitlines()
            for document in documents:
                json.loads(document)
