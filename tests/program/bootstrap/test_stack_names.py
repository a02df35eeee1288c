"""A stack whose names begin with project and stack: what is made, and what is refused."""

import json

import pulumi
import pytest

from stacks.errors import SettingsError
from stacks.policies.catalog import violations
from stacks.settings.stack import Settings
from stacks.stack_names import AUTONAMING, PATTERN
from tests.program.bootstrap.conftest import BOUNDARY, stack
from tests.program.policies.seen import seen
from tests.program.recording import defaults, run

NAMED = {AUTONAMING: json.dumps({"pattern": PATTERN})}


def test_names_that_begin_with_project_and_stack_break_no_rule() -> None:
    found = seen(stack("pr-7"))
    names = [one.props["name"] for one in found.outputs if one.type == "aws:lambda/function:Function"]
    assert names
    assert [name for name in names if not name.startswith("streamways-pr-7-")] == []
    assert violations(found.inputs, found.outputs) == []
    made = violations(found.outputs, found.outputs)
    assert [one for one in made if one.rule == "no-fixed-names"] == [], "the engine shows names among the inputs"


def test_a_stack_whose_name_leaves_no_room_is_refused_before_anything_is_made() -> None:
    name = "feature-of-a-team"
    with pytest.raises(pulumi.RunError) as caught:
        run({**defaults(), **NAMED}, name)
    assert str(caught.value) == (
        f"The stack '{name}' has 17 characters, and with pulumi:autonaming the names of its resources begin with it: "
        "choose a name of at most 16."
    )


@pytest.mark.parametrize("given", ["admin", "arn:aws:iam::123456789012:role/admin", "arn:aws:iam::1:policy/x", "*"])
def test_a_boundary_that_is_no_policy_is_refused(given: str) -> None:
    config = {key.removeprefix("streamways:"): value for key, value in defaults().items() if key.startswith("streamw")}
    assert Settings.read({**config, "permissionsBoundary": BOUNDARY}, aws={"region": "us-east-1"})
    with pytest.raises(SettingsError) as caught:
        Settings.read({**config, "permissionsBoundary": given}, aws={"region": "us-east-1"})
    assert caught.value.problems == (
        f"streamways:permissionsBoundary is {json.dumps(given)}: set it to the ARN of a policy of your account, or "
        "leave it empty.",
    )
