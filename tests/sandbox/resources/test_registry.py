"""What holds for every resource type."""

import re

import pytest

from sandbox.errors import ResourceRefused
from sandbox.resources import registry
from sandbox.resources.inputs import Inputs
from tests.sandbox.resources.account import Account

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


@pytest.mark.parametrize(
    ("type_token", "file"),
    [
        ("aws:sqs/queue:Queue", "sandbox/resources/sqs.py"),
        ("aws:lambda/layerVersion:LayerVersion", "sandbox/resources/lambda_.py"),
        ("random:index/randomId:RandomId", "sandbox/resources/random.py"),
        ("pulumi:providers:random", "sandbox/resources/provider.py"),
    ],
)
def test_an_unknown_type_is_refused_with_the_file_to_add_it_in(account: Account, type_token: str, file: str) -> None:
    with pytest.raises(ResourceRefused, match=re.escape(file)):
        account.create(type_token, "x")


def test_an_unknown_function_is_refused_with_its_name(account: Account) -> None:
    with pytest.raises(ResourceRefused, match=r"aws:index/getRegion:getRegion.*sandbox/resources/index\.py"):
        registry.call(account.cloud, "aws:index/getRegion:getRegion", {})


def test_the_caller_is_the_account_of_the_sandbox(account: Account) -> None:
    identity = registry.call(account.cloud, "aws:index/getCallerIdentity:getCallerIdentity", {})
    assert identity["accountId"] == "000000000000"


def test_an_absent_name_is_made_of_the_logical_name_and_seven_digits_that_stay_the_same(account: Account) -> None:
    name = account.create(LOG_GROUP, "worker-logs").outputs["name"]
    assert re.fullmatch(r"worker-logs-[0-9a-f]{7}", str(name))
    assert Account(account.folder).create(LOG_GROUP, "worker-logs").outputs["name"] == name


def test_a_given_name_is_kept(account: Account) -> None:
    assert account.create(LOG_GROUP, "logs", name="/aws/own").id == "/aws/own"


def test_an_automatic_name_that_aws_would_find_too_long_is_refused(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="allowed are 64"):
        account.role("a" * 60)


def test_a_misspelt_property_is_refused(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="retentionInDay: misspelt, or not emulated"):
        account.create(LOG_GROUP, "logs", retentionInDay=14)


def test_a_misspelt_nested_property_is_refused_with_its_path(account: Account) -> None:
    with pytest.raises(ResourceRefused, match=r"environment\.variable: misspelt"):
        account.function(environment={"variable": {"A_KEY": "b"}})


def test_another_region_is_refused(account: Account) -> None:
    with pytest.raises(ResourceRefused, match=r"'eu-west-1'.*'us-east-1' alone"):
        account.create(LOG_GROUP, "logs", region="eu-west-1")


def test_the_tags_of_the_provider_come_before_those_of_the_resource(account: Account) -> None:
    created = account.create(LOG_GROUP, "logs", tags={"owner": "me", "stack": "mine"})
    assert created.outputs["tagsAll"] == {"owner": "me", "stack": "mine"}
    assert account.create(LOG_GROUP, "more").outputs["tagsAll"] == {"stack": "test"}


@pytest.mark.parametrize(
    ("values", "read", "message"),
    [
        ({}, lambda inputs: inputs.text("name"), "name is required"),
        ({"name": 1}, lambda inputs: inputs.text("name"), "name is 1, allowed is a string"),
        ({"mode": "x"}, lambda inputs: inputs.text("mode", allowed=("a", "b")), "allowed is one of a, b"),
        ({"count": 1.5}, lambda inputs: inputs.integer("count", 0, between=(0, 9)), "a whole number from 0 to 9"),
        ({"count": 10}, lambda inputs: inputs.integer("count", 0, between=(0, 9)), "a whole number from 0 to 9"),
        ({"count": True}, lambda inputs: inputs.integer("count", 0, between=(0, 9)), "a whole number from 0 to 9"),
        ({"on": "true"}, lambda inputs: inputs.flag("on"), "true or false"),
        ({"names": "a"}, lambda inputs: inputs.texts("names"), "a list"),
        ({"names": [1]}, lambda inputs: inputs.texts("names"), "a list of strings"),
        ({"names": {"a": 1}}, lambda inputs: inputs.text_by_name("names"), "a mapping of names to strings"),
        ({"block": []}, lambda inputs: inputs.block("block"), "an object"),
        ({"code": "x"}, lambda inputs: inputs.archive("code"), "an archive"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_what_is_allowed(values, read, message: str) -> None:
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        read(Inputs(values))
