"""What a user can set and gets back stands in the docs."""

import json
import re
from functools import cache

import pytest

from shared.contract.architectures import DESCRIPTORS
from tests.docs.pages import page
from tests.program.conftest import Deploy
from tests.program.recording import ROOT, defaults
from tests.program.test_least_privilege import ALLOWED, REAP, TABLE

KEYS = [key.removeprefix("streamways:") for key in defaults() if key.startswith("streamways:")]


@cache
def docs() -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_documented(key: str) -> None:
    assert f"`{key}`" in docs(), f"docs/ does not mention the setting {key}"


def test_every_output_is_documented(deploy: Deploy) -> None:
    everything = {**deploy().outputs, **deploy(functionUrlAuth="AWS_IAM").outputs}
    missing = [name for name in everything if f"`{name}`" not in docs()]
    assert not missing, f"docs/ does not mention the outputs {', '.join(missing)}"


def on_the_table(allowed: set[tuple[str, str]]) -> set[str]:
    """The actions of a policy on the streams table itself, as the page writes them."""
    return {action.removeprefix("dynamodb:") for action, resource in allowed if resource == TABLE}


def test_what_each_function_may_do_with_the_table_is_documented() -> None:
    """The policies themselves are held to the same list by `test_least_privilege`."""
    rows = page("docs/configuration.md").table_after("Functions and what they may do")
    documented: dict[str, set[str]] = {"every reaper": on_the_table(REAP)}
    for name, _, table, _ in rows:
        same = re.match(r"as `?([a-z -]+)`?$", table)
        actions = re.findall(r"`([A-Z]\w+)`", table.partition(";")[0])
        documented[name.strip("`")] = documented[same[1]] if same else set(actions)
    del documented["every reaper"]
    functions = {name: allowed for name, allowed in ALLOWED.items() if name.endswith("-policy")}
    assert documented == {name.removesuffix("-policy"): on_the_table(allowed) for name, allowed in functions.items()}


@pytest.mark.parametrize(("place", "name"), list(enumerate(DESCRIPTORS, start=1)))
def test_the_comparison_counts_the_resources_and_statements_of_each_architecture(
    place: int, name: str, deploy: Deploy
) -> None:
    made = [one for one in deploy(architectures=[name]).resources.values() if one.type.startswith("aws:")]
    policies = [json.loads(one.inputs["policy"]) for one in made if one.type == "aws:iam/rolePolicy:RolePolicy"]
    counted = {
        "resources of AWS, pool and table included": len(made),
        "statements of IAM to review": sum(len(policy["Statement"]) for policy in policies),
    }
    rows = {row[0]: row[place] for row in page("docs/comparison.md").table_after("Effort and lock-in")}
    assert {what: rows[what].partition("]")[0] for what in counted} == {
        what: f"[{count}" for what, count in counted.items()
    }
