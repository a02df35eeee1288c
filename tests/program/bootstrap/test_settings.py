"""What an account's bootstrap is told, and what it refuses: one line each."""

import json
from collections.abc import Mapping

import pulumi
import pytest

from stacks.bootstrap.settings import BootstrapSettings
from stacks.errors import SettingsError
from tests.program.bootstrap.conftest import NAME, bootstrap, configuration


def read(**settings: object) -> BootstrapSettings:
    return BootstrapSettings.read(configuration(**settings), NAME)


def problems(**settings: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read(**{"repository": "octo-org/chat", **settings})
    return caught.value.problems


def test_a_repository_is_all_that_has_to_be_said() -> None:
    settings = read(repository="octo-org/chat")
    assert (settings.repository, settings.branch, settings.long_lived_stacks) == ("octo-org/chat", "main", ())
    assert (settings.identity_stack, settings.oidc_provider_arn, settings.api_gateway_log_role) == (None, None, False)


@pytest.mark.parametrize(
    "repository",
    [
        *("", "chat", "octo-org/", "/chat", "octo-org/*", "*/chat", "octo-org/cha?", "octo-org/chat/x"),
        *("https://github.com/octo-org/chat", "octo-org/chat:environment:preview", "octo-org/chat\n", "octo org/chat"),
        *("octo-org@1/chat", "octo-org/chat@1", "octo-org@x/chat@y", "${aws:username}/chat", "octö/chat"),
    ],
)
def test_what_is_not_one_repository_is_refused(repository: str) -> None:
    (problem,) = problems(repository=repository)
    assert problem == (
        f"{NAME}:repository is {json.dumps(repository, ensure_ascii=False)}: set it to one repository as GitHub's "
        "tokens say it, like octo-org/chat or octo-org@123456/chat@456789."
    )


@pytest.mark.parametrize("branch", ["", "*", "main*", "refs/heads/*", "ma in", "/main", "main/", "a//b"])
def test_what_is_not_one_branch_is_refused(branch: str) -> None:
    (problem,) = problems(branch=branch)
    assert "set it to the name of one branch, like main" in problem


@pytest.mark.parametrize(
    ("stacks", "said"),
    [
        (["Staging"], "'Staging' has other than lower-case letters, digits and hyphens; rename it"),
        (["stag*"], "'stag*' has other than"),
        (["an-environment-of-ours"], "'an-environment-of-ours' has 22 characters; choose a name of at most 16"),
        (["preview"], "'preview' is a name of the previews or of the state; rename the stack"),
        (["pr"], "a role for 'pr' would be one for all previews; rename the stack"),
        (["pr-7"], "the resources of 'pr-7' would belong to those of 'pr' by name; rename one of the stacks"),
        (["eu", "eu-2"], "the resources of 'eu-2' would belong to those of 'eu' by name; rename one of the stacks"),
        (["staging", "staging"], "name staging once"),
    ],
)
def test_a_stack_that_a_role_could_not_be_kept_to_is_refused(stacks: list[str], said: str) -> None:
    (problem,) = problems(longLivedStacks=stacks)
    assert said in problem


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"identityStack": "dev"}, 'identityStack is "dev": name one of longLivedStacks, or leave it empty.'),
        ({"oidcProviderArn": "github"}, "the ARN of GitHub's provider in this account, or leave it empty"),
        ({"apiGatewayLogRole": "yes"}, "set it to true or false"),
        ({"longLivedStacks": "staging"}, "set it to a list, item by item"),
        ({"aws:region": "mars-1"}, 'aws:region is "mars-1": set it to a region'),
        ({"repositry": "octo-org/chat"}, f"{NAME}:repositry is no setting: did you mean repository?"),
    ],
)
def test_what_does_not_fit_is_refused(settings: Mapping[str, object], said: str) -> None:
    (problem,) = problems(**settings)
    assert said in problem


def test_without_a_repository_nothing_is_made_and_one_line_says_what_to_set() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        bootstrap()
    assert str(caught.value).startswith(f'{NAME}:repository is "": set it to one repository')
    assert "\n" not in str(caught.value)


def test_a_key_that_is_not_set_at_all_is_named() -> None:
    config = configuration()
    del config[f"{NAME}:repository"]
    with pytest.raises(SettingsError) as caught:
        BootstrapSettings.read(config, NAME)
    assert caught.value.problems[0].startswith(f"{NAME}:repository is not set")


def test_a_provider_of_another_account_is_refused_before_anything_is_made() -> None:
    other = "arn:aws:iam::210987654321:oidc-provider/token.actions.githubusercontent.com"
    with pytest.raises(pulumi.RunError) as caught:
        bootstrap(repository="octo-org/chat", oidcProviderArn=other)
    assert str(caught.value) == (
        f'{NAME}:oidcProviderArn is "{other}": the account is 123456789012; name its own provider, or deploy with '
        "credentials of the other account."
    )
