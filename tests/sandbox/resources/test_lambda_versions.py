"""Versions, aliases and provisioned concurrency at deploy time, as Lambda takes and refuses them."""

import re
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Created
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
