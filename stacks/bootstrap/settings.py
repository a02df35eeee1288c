"""The configuration of an account's bootstrap, checked. Defaults and descriptions are in the Pulumi.yaml beside it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, cast

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from stacks.bootstrap.named_stacks import PREVIEWS, PROJECT
from stacks.errors import SettingsError
from stacks.settings.model import REGION
from stacks.settings.provider import ProviderSettings
from stacks.settings.reader import ConfigReader
from stacks.stack_names import longest_stack, name_start

RESERVED: Final = ("preview", "preview-destroy", "previews", "state-key")
"""What previews and the state have: a GitHub environment, a boundary and a key that are called as a stack would be."""
# https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
_REPOSITORY = re.compile(r"([\w-]+/[\w.-]+|[\w-]+@[0-9]+/[\w.-]+@[0-9]+)", re.ASCII)
_BRANCH = re.compile(r"[\w.-]+(/[\w.-]+)*", re.ASCII)
_STACK = re.compile(r"[a-z][a-z0-9-]*")
_PROVIDER = re.compile(r"(arn:aws:iam::[0-9]{12}:oidc-provider/token\.actions\.githubusercontent\.com)?")


@dataclass(frozen=True)
class BootstrapSettings:
    """What an account's bootstrap can be told."""

    region: str
    provider: ProviderSettings
    repository: str
    branch: str
    previews: bool
    """Whether previews are deployed in this account."""
    long_lived_stacks: tuple[str, ...]
    identity_stack: str | None
    oidc_provider_arn: str | None
    api_gateway_log_role: bool

    @classmethod
    def load(cls) -> Self:
        """The settings of the account whose bootstrap runs. Raises `SettingsError`."""
        everything = cast("dict[str, str]", {**get_config_env(), **CONFIG.get()})
        secrets = [key for key in everything if is_config_secret(key)]
        return cls.read(everything, pulumi.get_project(), secrets)

    @classmethod
    def read(cls, everything: Mapping[str, str], project: str, secrets: Sequence[str] = ()) -> Self:
        """Check `everything`, by key with its namespace. Raises `SettingsError` with all problems."""
        of_provider, own = (
            ConfigReader(
                namespace,
                {key.removeprefix(f"{namespace}:"): everything[key] for key in _of(namespace, everything)},
                [key.removeprefix(f"{namespace}:") for key in _of(namespace, secrets)],
            )
            for namespace in ("aws", project)
        )
        stacks = _long_lived_stacks(own)
        settings = cls(
            region=of_provider.matching("region", REGION, "a region of AWS's commercial partition, like us-east-1"),
            provider=ProviderSettings.read(of_provider),
            repository=own.matching(
                "repository",
                _REPOSITORY,
                "one repository as GitHub's tokens say it, like octo-org/chat or octo-org@123456/chat@456789",
            ),
            branch=own.matching("branch", _BRANCH, "the name of one branch, like main"),
            previews=own.boolean("previews"),
            long_lived_stacks=stacks,
            identity_stack=_identity_stack(own, stacks),
            oidc_provider_arn=own.matching(
                "oidcProviderArn", _PROVIDER, "the ARN of GitHub's provider in this account, or leave it empty"
            )
            or None,
            api_gateway_log_role=own.boolean("apiGatewayLogRole"),
        )
        of_provider.refuse_unknown()
        own.refuse_unknown()
        if problems := [*of_provider.problems, *own.problems]:
            raise SettingsError(problems)
        return settings


def _of(namespace: str, keys: Sequence[str] | Mapping[str, str]) -> list[str]:
    return [key for key in keys if key.startswith(f"{namespace}:")]


def _long_lived_stacks(reader: ConfigReader) -> tuple[str, ...]:
    key, stacks = "longLivedStacks", reader.texts("longLivedStacks") or ()
    most = longest_stack(PROJECT)
    for stack in stacks:
        if not _STACK.fullmatch(stack):
            reader.refuse(key, stacks, f"{stack!r} has other than lower-case letters, digits and hyphens; rename it")
        elif len(stack) > most:
            reader.refuse(key, stacks, f"{stack!r} has {len(stack)} characters; choose a name of at most {most}")
        elif stack in RESERVED:
            reader.refuse(key, stacks, f"{stack!r} is a name of the previews or of the state; rename the stack")
        for other in (PREVIEWS.removesuffix("-*"), *stacks):
            # The names of `a-b` begin as those of `a` do, and a role for `a` would be one for both.
            if stack != other and name_start(PROJECT, stack).startswith(name_start(PROJECT, other)):
                what = f"the resources of {stack!r} would belong to those of {other!r} by name"
                reader.refuse(key, stacks, f"{what}; rename one of the stacks")
        if stack == PREVIEWS.removesuffix("-*"):
            reader.refuse(key, stacks, f"a role for {stack!r} would be one for all previews; rename the stack")
    return stacks


def _identity_stack(reader: ConfigReader, stacks: Sequence[str]) -> str | None:
    stack = reader.optional_text("identityStack")
    if stack and stack not in stacks:
        reader.refuse("identityStack", stack, "name one of longLivedStacks, or leave it empty")
    return stack or None
