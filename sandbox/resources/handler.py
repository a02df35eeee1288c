"""What a resource handler is: a resource type, how it is named, made, changed, found and deleted."""

import hashlib
from collections.abc import Callable, Collection, Mapping, MutableMapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from sandbox.aws.user_pools import UserPool
from sandbox.errors import ResourceRefused
from sandbox.resources.inputs import Inputs
from sandbox.resources.values import Value
from sandbox.world import World

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

K = TypeVar("K")
V = TypeVar("V")

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

    def secretsmanager(self) -> "SecretsManagerClient":
        """A client of Secrets Manager."""
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
    id: str = ""
    """The physical id of the resource that is to be changed; empty for one that is to be made."""

    def own_id(self, length: int, taken: Collection[str]) -> str:
        """The id of the resource: lower-case hexadecimal digits that are the same for this URN in every sandbox.

        A resource that takes the place of another one is made while the other is still there, so it gets an id that is
        not `taken`.
        """
        if self.id:
            return self.id
        found, seed = self.stable_id(length), self.urn
        while found in taken:
            seed += "+"
            found = stable_hex(seed, length)
        return found

    def stable_id(self, length: int) -> str:
        """Lower-case hexadecimal digits that are the same for this URN in every sandbox."""
        return stable_hex(self.urn, length)


@dataclass(frozen=True)
class Created:
    """A resource as it is now: its physical id, and the outputs beyond its inputs (wire names)."""

    id: str
    outputs: Mapping[str, Value]


@dataclass(frozen=True)
class Standing:
    """A resource that was made, as its engine remembers it."""

    urn: str
    type: str
    name: str
    id: str
    inputs: Mapping[str, Value]
    """As `registry.check` gave them."""


class Gone(Exception):
    """What a resource belonged to is not there any more, and so neither is the resource."""


class Place(Protocol):
    """Where one resource is kept."""

    def holds(self) -> bool:
        """Whether the resource is there."""
        ...

    def clear(self) -> None:
        """Delete it. Raises ResourceRefused when AWS would refuse that, and Gone."""
        ...


@dataclass(frozen=True)
class Entry(Generic[K, V]):
    """A resource that is an entry of a mapping in the World; what belongs to it goes with it."""

    mapping: MutableMapping[K, V]
    key: K

    def holds(self) -> bool:
        """Whether the entry is there."""
        return self.key in self.mapping

    def clear(self) -> None:
        """Remove the entry, if it is there."""
        self.mapping.pop(self.key, None)


@dataclass(frozen=True)
class PhysicalName:
    """The input that names a resource in AWS, named after the program's logical name when it is absent.

    https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
    """

    input: str
    max_length: int
    separator: str = "-"

    def make(self, logical: str, seed: str) -> str:
        """`{logical}-{7 hex digits}`, the digits fixed by the seed. Raises ResourceRefused when that is too long."""
        return self.fitting(f"{logical}-{stable_hex(seed, AUTONAME_HEX)}")

    def fitting(self, proposed: str, *, exact: bool = False) -> str:
        """A proposed name, by default with the separator of this input. Raises ResourceRefused if it is too long."""
        name = proposed if exact else proposed.replace("-", self.separator)
        if len(name) > self.max_length:
            raise ResourceRefused(
                f"the automatic {self.input} {name!r} has {len(name)} characters, allowed are {self.max_length}: "
                f"shorten the resource's name or set {self.input}",
                property=self.input,
            )
        return name


@dataclass(frozen=True)
class Handler:
    """A resource type that the sandbox emulates."""

    type: str
    put: Callable[[Cloud, Request], Created]
    """Makes a resource, or changes the one whose `id` it is given. All inputs are checked before the first write."""
    physical_name: PhysicalName | None = None
    _: KW_ONLY
    place: Callable[[Cloud, Standing], Place]
    """Where a resource of this type is kept. Raises Gone when what it belonged to is not there."""
    replaces: tuple[str, ...] = ()
    """Inputs that AWS has no way to change, so that a change makes a new resource. pulumi-aws takes them from the
    Terraform provider ("Forces new resource"), and that from AWS's update operations, which do not have them."""
    computed: tuple[str, ...] = ()
    """Outputs beyond the inputs that nobody knows before the resource is made."""
    changing: tuple[str, ...] = ()
    """Those of `computed` that an update may change."""
    tagged: bool = False
    """Whether AWS puts tags on it: the provider's default tags, then its own `tags`."""


def all_tags(request: Request) -> dict[str, Value]:
    """The output `tagsAll`: the provider's default tags, then the resource's own `tags`; `registry.check` made it."""
    request.inputs.text_by_name("tags")
    return {**request.inputs.text_by_name("tagsAll")}


Function = Callable[[Cloud, Inputs], Mapping[str, Value]]
"""A provider function (an invoke): arguments → result."""


def stable_hex(text: str, length: int) -> str:
    """The first `length` hexadecimal digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
