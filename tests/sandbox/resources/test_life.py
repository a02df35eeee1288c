"""A resource from its making to its end: what an update keeps, what a refusal leaves, and what is gone."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from sandbox.resources import registry
from sandbox.resources.difference import DEFAULTS, Difference
from sandbox.resources.handler import Created, Standing
from sandbox.resources.values import UNKNOWN, Archive
from tests.sandbox.resources.account import Account, trust

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
PERMISSION = "aws:lambda/permission:Permission"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
API = "aws:apigatewayv2/api:Api"
WEB_SOCKET = {"protocolType": "WEBSOCKET", "routeSelectionExpression": "$request.body.type"}
INVOKE = {"statementId": "call", "action": "lambda:InvokeFunction", "principal": "*"}


def standing(account: Account, created: Created, type_token: str, name: str, /, **inputs: Any) -> Standing:
    urn = f"urn:pulumi:test::project::{type_token}::{name}"
    return Standing(urn, type_token, name, created.id, account.check(type_token, name, **inputs))


def test_an_update_changes_a_function_and_keeps_what_belongs_to_it(account: Account) -> None:
    role = account.role()
    inputs = {"role": role, "handler": "h.h", "runtime": "python3.13", "code": Archive(account.package())}
    made = account.function("worker", **inputs)
    account.create(PERMISSION, "call", function=made.id, **INVOKE)
    old = standing(account, made, FUNCTION, "worker", **inputs)
    updated = registry.update(account.cloud, old, account.check(FUNCTION, "worker", **inputs, timeout=90))
    (function,) = account.world.functions.values()
    assert (updated.id, function.timeout_seconds, list(function.permissions)) == (made.id, 90, ["call"])


def test_a_refused_update_leaves_what_was_there(account: Account) -> None:
    made = account.create(LOG_GROUP, "logs", retentionInDays=7)
    old = standing(account, made, LOG_GROUP, "logs", retentionInDays=7)
    for wrong in ({"retentionInDays": 8}, {"retentionInDays": 14, "retentionInDay": 14}):
        with pytest.raises(ResourceRefused):
            registry.update(account.cloud, old, account.check(LOG_GROUP, "logs", **wrong))
        assert account.world.log_groups == {made.id: 7}


def test_a_refused_creation_leaves_nothing(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="misspelt"):
        account.create(LOG_GROUP, "logs", retentionInDay=14)
    assert account.world.log_groups == {}


def test_a_policy_that_is_too_long_for_its_role_is_not_put_there(account: Account) -> None:
    made = account.create(ROLE, "role", assumeRolePolicy=trust("lambda.amazonaws.com"))
    statement = {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": ["arn:aws:" + "a" * 6_000, "arn:aws:" + "b" * 6_000],
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    with pytest.raises(ResourceRefused, match="LimitExceeded"):
        account.create(ROLE_POLICY, "policy", role=made.id, policy=json.dumps(policy))
    (role,) = account.world.roles.values()
    assert role.policies == {}


def test_what_is_gone_is_told_by_a_refresh_and_no_error_for_a_deletion(account: Account) -> None:
    made = account.create(LOG_GROUP, "logs")
    found = standing(account, made, LOG_GROUP, "logs")
    assert registry.exists(account.cloud, found)
    for _ in range(2):
        registry.delete(account.cloud, found)
        assert not registry.exists(account.cloud, found)
    with pytest.raises(ResourceRefused, match="run `pulumi refresh`"):
        registry.update(account.cloud, found, account.check(LOG_GROUP, "logs", retentionInDays=7))


def test_what_belongs_to_something_goes_with_it(account: Account) -> None:
    function = account.function("worker")
    permission = account.create(PERMISSION, "call", function=function.id, **INVOKE)
    found = standing(account, permission, PERMISSION, "call", function=function.id, **INVOKE)
    assert registry.exists(account.cloud, found)
    del account.world.functions[function.id]
    assert not registry.exists(account.cloud, found)
    registry.delete(account.cloud, found)


def test_a_successor_has_an_id_of_its_own_while_the_old_one_is_there(account: Account) -> None:
    one = account.create(API, "api", name="one", **WEB_SOCKET)
    other = account.create(API, "api", name="other", **WEB_SOCKET)
    assert one.id != other.id
    again = Account(Path(account.folder)).create(API, "api", name="one", **WEB_SOCKET)
    assert again.id == one.id, "in another sandbox it is the same"


def test_an_automatic_name_stays_when_the_rest_changes_and_is_new_for_a_successor(account: Account) -> None:
    old = account.check(LOG_GROUP, "logs", retentionInDays=7)
    assert old[DEFAULTS] == ["name"]
    kept = registry.check(
        account.cloud,
        type_token=LOG_GROUP,
        values={"retentionInDays": 14},
        provider="",
        old=old,
        automatic=lambda _: "another",
    )
    assert kept["name"] == old["name"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 60}, {"a": 60.0, "b": None}, Difference((), (), False)),
        ({"principal": "*"}, {"principal": "1"}, Difference(("principal",), ("principal",), True)),
        ({"principal": "*"}, {"principal": UNKNOWN}, Difference(("principal",), ("principal",), True)),
        ({"statementId": "a"}, {"statementId": "b"}, Difference(("statementId",), ("statementId",), False)),
        ({"code": Archive("a", "1")}, {"code": Archive("b", "1")}, Difference((), (), False)),
        ({"code": Archive("a", "1")}, {"code": Archive("a", "2")}, Difference(("code",), (), False)),
        ({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}, Difference(("a",), (), False)),
        ({"a": True}, {"a": 1}, Difference(("a",), (), False)),
        ({"region": "a"}, {"region": "b"}, Difference(("region",), ("region",), True)),
    ],
)
def test_inputs_are_compared_with_inputs(old: dict[str, Any], new: dict[str, Any], expected: Difference) -> None:
    """Names are equal, and given, unless one is named: then two resources of one name cannot be there at once."""
    assert registry.compare(PERMISSION, old, new) == expected


def test_a_name_that_the_sandbox_chose_lets_the_successor_come_first() -> None:
    old, new = ({"action": action, "statementId": action, DEFAULTS: ["statementId"]} for action in ("a", "b"))
    assert registry.compare(PERMISSION, old, new).delete_first is False


@pytest.mark.parametrize("type_token", registry.HANDLERS)
def test_what_an_update_may_change_is_among_what_a_preview_does_not_know(type_token: str) -> None:
    handler = registry.HANDLERS[type_token]
    assert set(handler.changing) <= set(handler.computed)
    assert "name" not in handler.computed


def test_an_own_name_that_is_too_long_says_which_input_it_is(account: Account) -> None:
    with pytest.raises(ResourceRefused, match=re.escape("allowed are 64")) as refusal:
        account.role("a" * 60)
    assert refusal.value.property == "name"
