"""The explicit AWS provider does what a default one would: it obeys every `aws:` key of the configuration."""

import json
import re
from collections.abc import Mapping
from inspect import getsource
from typing import Any

import pulumi
import pytest
from pulumi_aws.config import vars as provider_config

from stacks.errors import SettingsError
from stacks.settings.stack import Settings
from tests.program.conftest import Deploy
from tests.program.recording import Deployment, defaults, run
from tests.program.test_settings import values

KEYS = sorted(set(re.findall(r"__config__\.get\w*\('(\w+)'\)", getsource(provider_config))))
"""Every key that pulumi-aws reads for a default provider, in its own words."""
SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"

OF_TEXT = {"profile": "sso-dev", "stsRegion": "eu-west-1", "httpsProxy": "http://proxy:3128", "accessKey": "AKIA"}
OBJECTS: Mapping[str, object] = {
    "allowedAccountIds": ["123456789012"],
    "forbiddenAccountIds": ["210987654321"],
    "assumeRoles": [{"roleArn": "arn:aws:iam::123456789012:role/deploy", "tags": {"team": "chat"}}],
    "assumeRoleWithWebIdentity": {"roleArn": "arn:aws:iam::123456789012:role/ci", "webIdentityTokenFile": "/t"},
    "ignoreTags": {"keyPrefixes": ["aws-backup"], "keys": ["touched"]},
    "endpoints": [{"dynamodb": "https://dynamodb.example.com", "lambda": "https://lambda.example.com"}],
    "sharedConfigFiles": ["/etc/aws/config"],
    "userAgents": ["streamways/1"],
}


def with_aws(**changes: object) -> dict[str, str]:
    """The configuration of a new stack with these `aws:` keys: a list or an object as JSON, as the engine has it."""
    given = {f"aws:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in changes.items()}
    return {**defaults(), "streamways:architectures": '["appsync"]', **given}


def provider_inputs(config: Mapping[str, str], secrets: tuple[str, ...] = ()) -> Mapping[str, Any]:
    (provider,) = run(config, "dev", secrets=secrets).of("pulumi:providers:aws")
    return provider.inputs


def problems(**changes: object) -> tuple[str, ...]:
    own = {key.removeprefix("aws:"): value for key, value in with_aws(**changes).items() if key.startswith("aws:")}
    with pytest.raises(SettingsError) as caught:
        Settings.read(values(), aws=own)
    return caught.value.problems


@pytest.mark.parametrize(("key", "value"), OF_TEXT.items())
def test_a_text_reaches_the_provider(key: str, value: str) -> None:
    found = provider_inputs(with_aws(**{key: value}))[key]
    assert (found["value"] if isinstance(found, dict) else found) == value


@pytest.mark.parametrize(("key", "value"), OBJECTS.items())
def test_a_list_or_an_object_reaches_the_provider_as_the_json_that_it_takes(key: str, value: object) -> None:
    assert json.loads(provider_inputs(with_aws(**{key: value}))[key]) == value


@pytest.mark.parametrize(("key", "value"), [("insecure", "true"), ("useFipsEndpoint", "false"), ("maxRetries", "7")])
def test_booleans_and_numbers_reach_the_provider(key: str, value: str) -> None:
    assert provider_inputs(with_aws(**{key: value}))[key] == value


def example(key: str) -> object:
    """A value of the right type for any key."""
    known: Mapping[str, object] = {**OBJECTS, "defaultTags": {"tags": {"team": "chat"}}, "region": "us-east-1"}
    texts = dict.fromkeys(KEYS, "x")
    flags = {key: "true" for key in KEYS if key.startswith(("skip", "use", "s3UsePathStyle", "insecure"))}
    numbers = {"maxRetries": "1", "tokenBucketRateLimiterCapacity": "1"}
    lists = {"sharedCredentialsFiles": ["/c"]}
    return {**texts, **flags, **numbers, **lists, **known}[key]


def test_every_key_that_pulumi_aws_reads_for_a_default_provider_reaches_ours() -> None:
    inputs = provider_inputs(with_aws(**{key: example(key) for key in KEYS}))
    assert set(KEYS) <= set(inputs)
    assert len(KEYS) > 30


def test_nothing_is_said_to_the_provider_that_the_configuration_does_not_say(deploy: Deploy) -> None:
    (provider,) = deploy().of("pulumi:providers:aws")
    # The class itself adds the two that begin with skip.
    assert set(provider.inputs) == {"region", "defaultTags", "skipCredentialsValidation", "skipRegionValidation"}


def test_an_empty_value_is_as_good_as_none() -> None:
    assert "profile" not in provider_inputs(with_aws(profile=""))


def test_default_tags_are_added_to_ours() -> None:
    tags = {"team": "chat", "costCenter": "7"}
    own = {"project": "streamways", "stack": "dev", "environment": "preview"}
    inputs = provider_inputs(with_aws(defaultTags={"tags": tags}))
    assert json.loads(inputs["defaultTags"]) == {"tags": {**own, **tags}}


def test_a_default_tag_of_the_configuration_wins_over_ours_whatever_its_case() -> None:
    # IAM does not tell the case of a key, and refuses a role that has both.
    given = {"Project": "assistants", "ENVIRONMENT": "blue"}
    inputs = provider_inputs(with_aws(defaultTags={"tags": given}))
    assert json.loads(inputs["defaultTags"]) == {"tags": {"stack": "dev", **given}}


def test_numbers_and_booleans_that_the_command_line_made_of_texts_are_texts_again() -> None:
    # `pulumi config set --path 'aws:allowedAccountIds[0]' 123456789012` stores a number.
    inputs = provider_inputs(
        with_aws(allowedAccountIds=[123456789012], defaultTags={"tags": {"costCenter": 7, "chargeable": True}})
    )
    assert json.loads(inputs["allowedAccountIds"]) == ["123456789012"]
    assert {"costCenter": "7", "chargeable": "true"}.items() <= json.loads(inputs["defaultTags"])["tags"].items()


@pytest.mark.parametrize("key", ["accessKey", "secretKey", "token"])
def test_credentials_are_secrets_however_they_were_set(key: str) -> None:
    assert SECRET_SIGNATURE in provider_inputs(with_aws(**{key: "hush"}))[key]


def test_what_the_configuration_keeps_secret_stays_secret() -> None:
    role = [{"roleArn": "arn:aws:iam::123456789012:role/deploy", "externalId": "hush"}]
    inputs = provider_inputs(with_aws(assumeRoles=role), ("aws:assumeRoles",))
    assert SECRET_SIGNATURE in inputs["assumeRoles"]
    assert json.loads(inputs["assumeRoles"]["value"]) == role
    tags = provider_inputs(with_aws(defaultTags={"tags": {"a": "hush"}}), ("aws:defaultTags",))["defaultTags"]
    assert json.loads(tags["value"])["tags"]["a"] == "hush"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"profil": "x"}, ["aws:profil is no setting", "did you mean profile?", "`pulumi config rm aws:profil`"]),
        ({"assumeRole": {"roleArn": "x"}}, ["aws:assumeRole is no setting", "did you mean assumeRoles?"]),
        ({"allowedAccountIds": "123456789012"}, ["a list", "--path 'aws:allowedAccountIds[0]'"]),
        ({"allowedAccountIds": "[1234"}, ["aws:allowedAccountIds", "a list"]),
        ({"allowedAccountIds": ["1234"]}, ['allowedAccountIds[0] is "1234"', "12 digits"]),
        ({"forbiddenAccountIds": [12]}, ["forbiddenAccountIds[0]", "12 digits"]),
        ({"allowedAccountIds": [["123456789012"]]}, ["allowedAccountIds[0]", "a text"]),
        ({"assumeRoles": {"roleArn": "x"}}, ["aws:assumeRoles", "a list", "--path 'aws:assumeRoles[0]"]),
        ({"assumeRoles": ["arn"]}, ["assumeRoles[0]", "an object", "roleArn", "--path 'aws:assumeRoles[0].roleArn'"]),
        ({"assumeRoles": [{"role": "x"}]}, ["assumeRoles[0] is", "it has no key role; write roleArn"]),
        ({"assumeRoles": [{"externalId": "x"}]}, ["assumeRoles[0]", "roleArn", "the role that it is to assume"]),
        ({"assumeRoleWithWebIdentity": {}}, ["aws:assumeRoleWithWebIdentity", "roleArn"]),
        ({"assumeRoles": [{"roleArn": "x", "tags": ["a"]}]}, ["assumeRoles[0].tags", "a text for each name"]),
        ({"defaultTags": {"team": "chat"}}, ["aws:defaultTags is", "it has no key team; write tags"]),
        ({"defaultTags": "team=chat"}, ["aws:defaultTags", "an object", "--path 'aws:defaultTags.tags'"]),
        ({"insecure": "yes"}, ['aws:insecure is "yes"', "true or false"]),
        ({"maxRetries": "many"}, ['aws:maxRetries is "many"', "a whole number"]),
        ({"endpoints": [{"zzz": "x"}]}, ["it has no key zzz; write accessanalyzer", "or another service"]),
        ({"endpoints": [{"dynamo": "x"}]}, ["it has no key dynamo; write dynamodb"]),
    ],
    ids=json.dumps,
)
def test_a_mistake_is_one_line_with_what_was_given_and_what_is_allowed(
    changes: dict[str, object], said: list[str]
) -> None:
    (problem,) = problems(**changes)
    assert problem.startswith("aws:")
    assert "\n" not in problem
    for words in said:
        assert words in problem


def test_a_secret_is_not_shown_by_the_line_that_refuses_it() -> None:
    config = with_aws(assumeRoles="hush", maxRetries="hush")
    with pytest.raises(pulumi.RunError) as refused:
        run({**config, "streamways:model": "*hush"}, "dev", secrets=("aws:assumeRoles", "streamways:model"))
    lines = str(refused.value).splitlines()
    assert len(lines) == 3
    assert [line for line in lines if "hush" in line] == [line for line in lines if line.startswith("aws:maxRetries")]
    assert sum("(secret)" in line for line in lines) == 2


def test_without_a_region_the_program_does_not_ask_the_shell_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    config = {key: value for key, value in with_aws().items() if key != "aws:region"}
    with pytest.raises(pulumi.RunError, match="aws:region is not set"):
        run(config, "dev")


def test_the_account_is_asked_for_through_the_same_provider(deploy: Deploy) -> None:
    deployment: Deployment = deploy()
    assert deployment.calls == ["aws:index/getCallerIdentity:getCallerIdentity"]
