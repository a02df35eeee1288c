"""What a resource handler is: a resource type, how it is named, and the function that makes one."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from sandbox.aws.user_pools import UserPool
from sandbox.errors import ResourceRefused
from sandbox.resources.inputs import Inputs
from sandbox.resources.values import Value
from sandbox.world import World

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient

AUTONAME_HEX = 7
"""Digits that Pulumi's Terraform bridge appends to a logical name: `worker-1a2b3c4`."""


class Backend(Protocol):
    """The services whose state another program keeps (moto); each call waits until that program is up."""

    def cognito(self) -> "CognitoIdentityProviderClient":
        """A client of Amazon Cognito user pools."""
        ...

    def dynamodb(self) -> "DynamoDBClient":
        """A client of DynamoDB."""
        ...


@dataclass
class Cloud:
    """The account and region that handlers build in."""

    world: World
    backend: Backend
    program_folder: Path
    """Where relative paths of archives start: the working directory of the program."""
    default_tags: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """Tags of each `aws` provider, by the provider's URN."""
    user_pools: dict[str, UserPool] = field(default_factory=dict[str, UserPool])
    """By id."""
    lock: Lock = field(default_factory=Lock)


@dataclass(frozen=True)
class Request:
    """One resource that a program asks for."""

    urn: str
    type: str
    name: str
    inputs: Inputs
    provider: str
    """URN of its provider; empty for a provider itself."""

    def stable_id(self, length: int) -> str:
        """Lower-case hexadecimal digits that are the same for this URN in every sandbox."""
        return stable_hex(self.urn, length)


@dataclass(frozen=True)
class Created:
    """A resource that was made: its physical id, and the outputs beyond its inputs (wire names)."""

    id: str
    outputs: Mapping[str, Value]


@dataclass(frozen=True)
class PhysicalName:
    """The input that names a resource in AWS, named after the program's logical name when it is absent.

    https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
    """

    input: str
    max_length: int
    separator: str = "-"

    def make(self, logical: str, urn: str) -> str:
        """`{logical}-{7 hex digits}`, the digits fixed by the URN. Raises ResourceRefused when that is too long."""
        name = f"{logical}-{stable_hex(urn, AUTONAME_HEX)}".replace("-", self.separator)
        if len(name) > self.max_length:
            raise ResourceRefused(
                f"the automatic {self.input} {name!r} has {len(name)} characters, allowed are {self.max_length}: "
                f"shorten the resource's name or set {self.input}"
            )
        return name


@dataclass(frozen=True)
class Handler:
    """A resource type that the sandbox emulates."""

    type: str
    create: Callable[[Cloud, Request], Created]
    physical_name: PhysicalName | None = None


def all_tags(cloud: Cloud, request: Request) -> dict[str, Value]:
    """The output `tagsAll`: the provider's default tags, then the resource's own `tags`."""
    return {**cloud.default_tags.get(request.provider, {}), **request.inputs.text_by_name("tags")}


Function = Callable[[Cloud, Inputs], Mapping[str, Value]]
"""A provider function (an invoke): arguments → result."""


def stable_hex(text: str, length: int) -> str:
    """The first `length` hexadecimal digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
