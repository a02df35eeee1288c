"""Versions, aliases and provisioned concurrency at deploy time, as Lambda takes and refuses them."""

import re
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from sandbox.resources import registry
from sandbox.resources.handler import Created, Standing
from sandbox.resources.values import Archive
from sandbox.world import EventInvokeConfig
from tests.sandbox.resources.account import Account

ALIAS = "aws:lambda/alias:Alias"
URL = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION = "aws:lambda/permission:Permission"
EVENTS = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
WARM = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"


@pytest.fixture
def name(account: Account) -> str:
    """A function with an alias `live`, by its name."""
    created = account.function(publish=True)
    account.create(ALIAS, "alias", name="live", functionName=created.id, functionVersion=created.outputs["version"])
    return created.id


def warm(account: Account, function: str, count: int, qualifier: str = "live") -> Created:
    inputs = {"functionName": function, "qualifier": qualifier, "provisionedConcurrentExecutions": count}
    return account.create(WARM, f"warm-{function}", **inputs)


def test_a_function_that_publishes_is_version_1_and_one_that_does_not_is_latest(account: Account) -> None:
    published, other = account.function(publish=True), account.function("other")
    arn = str(published.outputs["arn"])

    assert published.outputs["version"] == "1"
    assert published.outputs["qualifiedArn"] == f"{arn}:1"
    assert published.outputs["qualifiedInvokeArn"] == (
        f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}:1/invocations"
    )
    assert other.outputs["version"] == "$LATEST"
    assert account.world.callee(f"{arn}:1").function.version == "1"


def test_an_alias_has_an_arn_and_an_invoke_arn_of_its_own(account: Account) -> None:
    function = account.function(publish=True)
    arn = f"{function.outputs['arn']}:live"
    created = account.create(ALIAS, "alias", name="live", functionName=function.id, functionVersion="1")

    assert created.outputs["arn"] == arn
    assert created.outputs["invokeArn"] == (
        f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    )
    assert account.world.callee(arn).function.version == "1"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"functionVersion": "2"}, ":2"),
        ({"functionName": "absent"}, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:absent:1"),
        ({"name": "live"}, ":live"),
        ({"name": "12"}, "not digits alone"),
        ({"routingConfig": {"additionalVersionWeights": {"1": 0.5}}}, "routingConfig: misspelt, or not emulated"),
    ],
    ids=str,
)
def test_an_alias_that_lambda_would_not_make_is_refused(
    account: Account, name: str, inputs: dict[str, Any], message: str
) -> None:
    given = {"name": "other", "functionName": name, "functionVersion": "1", **inputs}
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(ALIAS, "another", **given)


def test_what_is_permitted_for_an_alias_is_not_permitted_for_its_function(account: Account, name: str) -> None:
    statement = {"function": name, "principal": "*", "action": "lambda:InvokeFunction", "statementId": "Same"}
    account.create(PERMISSION, "one", **statement, qualifier="live")
    account.create(PERMISSION, "two", **statement)
    account.world.functions[name].permissions.clear()

    assert account.world.callee(f"{name}:live").named.permissions.keys() == {"Same"}
    assert not account.world.callee(f"{name}:1").named.permissions


def test_the_alias_has_its_own_url_and_its_own_settings_of_events(account: Account, name: str) -> None:
    arn = account.world.function_arn(name)
    created = account.create(URL, "url", functionName=name, authorizationType="NONE", qualifier="live")
    account.create(EVENTS, "events", functionName=name, maximumRetryAttempts=0, qualifier="live")

    assert created.outputs["functionArn"] == f"{arn}:live"
    assert account.world.callee(f"{arn}:live").named.event_invoke == EventInvokeConfig(maximum_retry_attempts=0)
    assert account.world.callee(arn).named.event_invoke == EventInvokeConfig()


@pytest.mark.parametrize(
    ("type_token", "inputs", "message"),
    [
        (URL, {"qualifier": "1"}, "belongs to $LATEST or to an alias"),
        (URL, {"qualifier": "absent"}, ":absent"),
        (PERMISSION, {"qualifier": "$LATEST"}, "do not support adding policies for $LATEST"),
        (PERMISSION, {"qualifier": "9"}, ":9"),
        (EVENTS, {"qualifier": "absent"}, ":absent"),
    ],
    ids=str,
)
def test_a_qualifier_that_lambda_does_not_take_is_refused(
    account: Account, name: str, type_token: str, inputs: dict[str, str], message: str
) -> None:
    needed = {
        URL: {"functionName": name, "authorizationType": "NONE"},
        PERMISSION: {"function": name, "principal": "*", "action": "lambda:InvokeFunction"},
        EVENTS: {"functionName": name},
    }
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(type_token, "x", **needed[type_token], **inputs)


def test_a_destination_that_the_role_may_tell_by_its_unqualified_name_alone_is_refused(
    account: Account, name: str
) -> None:
    role = account.role("worker-of-it")
    arn = account.world.function_arn(name)
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    policies = account.world.roles[role].policies
    policies["tell"] = {"Version": "2012-10-17", "Statement": [statement]}
    failing = account.function("failing", role=role).id
    destination = {"onFailure": {"destination": f"{arn}:live"}}

    with pytest.raises(ResourceRefused, match=re.escape(f"permissions to call InvokeFunction on {arn}:live")):
        account.create(EVENTS, "events", functionName=failing, destinationConfig=destination)
    policies["tell"] = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": f"{arn}:live"}]}
    account.create(EVENTS, "events", functionName=failing, destinationConfig=destination)


def test_concurrency_is_provisioned_for_an_alias(account: Account, name: str) -> None:
    warm(account, name, 3)
    assert account.world.functions[name].aliases["live"].provisioned_concurrency == 3


@pytest.mark.parametrize(
    ("qualifier", "message"),
    [
        ("$LATEST", "cannot be applied to unpublished function versions"),
        ("1", "provisions concurrency for aliases alone"),
        ("absent", "Function not found"),
    ],
)
def test_concurrency_is_provisioned_for_nothing_but_an_alias(
    account: Account, name: str, qualifier: str, message: str
) -> None:
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        warm(account, name, 1, qualifier)


def test_more_than_a_function_reserves_or_an_account_has_left_is_not_provisioned(account: Account) -> None:
    def function(logical: str, **inputs: Any) -> str:
        created = account.function(logical, publish=True, **inputs)
        account.create(ALIAS, f"{logical}-alias", name="live", functionName=created.id, functionVersion="1")
        return created.id

    small, large, last = function("small", reservedConcurrentExecutions=2), function("large"), function("last")
    warm(account, small, 2)
    with pytest.raises(ResourceRefused, match="should not be greater than the reservedConcurrentExecution"):
        warm(account, small, 3)
    warm(account, large, 897)
    with pytest.raises(ResourceRefused, match=re.escape("below its minimum value of [100]")):
        warm(account, last, 2)
    warm(account, last, 1)


FUNCTION = "aws:lambda/function:Function"
LIVE = {"name": "live", "functionName": "worker"}


def standing(account: Account, type_token: str, name: str, physical_id: str, /, **inputs: Any) -> Standing:
    urn = f"urn:pulumi:test::project::{type_token}::{name}"
    return Standing(urn, type_token, name, physical_id, account.check(type_token, name, **inputs))


@pytest.fixture
def worker(account: Account) -> dict[str, Any]:
    """The inputs of a function `worker` that publishes, with an alias `live`."""
    inputs = {"handler": "handler.handler", "runtime": "python3.13", "code": Archive(account.package())}
    inputs |= {"name": "worker", "role": account.role("worker-role"), "publish": True}
    account.create(FUNCTION, "worker", **inputs)
    account.create(ALIAS, "alias", **LIVE, functionVersion="1")
    return inputs


def change(account: Account, old: dict[str, Any], **changes: Any) -> Created:
    new = account.check(FUNCTION, "worker", **{**old, **changes})
    return registry.update(account.cloud, standing(account, FUNCTION, "worker", "worker", **old), new)


def test_a_changed_function_is_a_new_version_and_its_alias_stays_where_it_is(
    account: Account, worker: dict[str, Any]
) -> None:
    updated = change(account, worker, timeout=90)
    assert (updated.outputs["version"], str(updated.outputs["qualifiedArn"])[-9:]) == ("2", ":worker:2")
    timeouts = {key: account.world.callee(f"worker{key}").function.timeout_seconds for key in (":1", ":live", ":2", "")}
    assert timeouts == {":1": 3, ":live": 3, ":2": 90, "": 90}


def test_what_versions_do_not_hold_makes_none(account: Account, worker: dict[str, Any]) -> None:
    for changes in ({"tags": {"team": "a"}}, {"reservedConcurrentExecutions": 5}):
        assert change(account, worker, **changes).outputs["version"] == "1"
    assert list(account.world.functions["worker"].versions) == ["1"]


def test_an_alias_moves_with_all_that_belongs_to_it(account: Account, worker: dict[str, Any]) -> None:
    owned = {"functionName": "worker", "qualifier": "live"}
    call = {"statementId": "call", "action": "lambda:InvokeFunction", "principal": "*"}
    made = [
        (PERMISSION, {"function": "worker", "qualifier": "live", **call}),
        (EVENTS, {**owned, "maximumRetryAttempts": 1}),
        (WARM, {**owned, "provisionedConcurrentExecutions": 2}),
        (URL, {**owned, "authorizationType": "NONE"}),
    ]
    found = [standing(account, each, "x", account.create(each, "x", **inputs).id, **inputs) for each, inputs in made]
    change(account, worker, timeout=90)
    alias = standing(account, ALIAS, "alias", "arn:aws:lambda:us-east-1:000000000000:function:worker:live", **LIVE)
    registry.update(account.cloud, alias, account.check(ALIAS, "alias", **LIVE, functionVersion="2"))

    live = account.world.callee("worker:live")
    assert live.function.timeout_seconds == 90
    assert all(registry.exists(account.cloud, each) for each in found)
    for each in found:
        registry.delete(account.cloud, each)
        assert not registry.exists(account.cloud, each)
    assert (live.named.permissions, live.named.event_invoke, account.world.function_urls) == (
        {},
        EventInvokeConfig(),
        {},
    )
    registry.delete(account.cloud, alias)
    assert not registry.exists(account.cloud, alias)


def test_what_belongs_to_an_alias_is_gone_with_its_function(account: Account, worker: dict[str, Any]) -> None:
    inputs = {"functionName": "worker", "qualifier": "live", "maximumRetryAttempts": 1}
    events = standing(account, EVENTS, "x", account.create(EVENTS, "x", **inputs).id, **inputs)
    url = {"functionName": "worker", "qualifier": "live", "authorizationType": "NONE"}
    address = standing(account, URL, "x", account.create(URL, "x", **url).id, **url)
    registry.delete(account.cloud, standing(account, FUNCTION, "worker", "worker", **worker))
    for each in (events, standing(account, ALIAS, "alias", "worker:live", **LIVE)):
        assert not registry.exists(account.cloud, each)
        registry.delete(account.cloud, each)
    registry.delete(account.cloud, address)
    assert account.world.function_urls == {}


@pytest.mark.parametrize(
    ("type_token", "key"),
    [(URL, "qualifier"), (EVENTS, "qualifier"), (PERMISSION, "qualifier"), (WARM, "qualifier"), (ALIAS, "name")],
)
def test_another_name_is_another_resource(type_token: str, key: str) -> None:
    assert registry.compare(type_token, {key: "live"}, {key: "next"}).replaces == (key,)


def test_another_version_of_an_alias_is_no_other_alias() -> None:
    found = registry.compare(ALIAS, {"functionVersion": "1"}, {"functionVersion": "2"})
    assert (found.changed, found.replaces) == (("functionVersion",), ())


def test_more_concurrency_is_provisioned_in_place(account: Account, name: str) -> None:
    made = warm(account, name, 2)
    inputs = {"functionName": name, "qualifier": "live"}
    old = standing(account, WARM, "warm", made.id, **inputs, provisionedConcurrentExecutions=2)
    more = account.check(WARM, "warm", **inputs, provisionedConcurrentExecutions=900)
    registry.update(account.cloud, old, more)
    assert account.world.functions[name].aliases["live"].provisioned_concurrency == 900
