"""What a stack says to the AWS provider: every `aws:` key that pulumi-aws knows, of the type that it declares.

A default provider reads these keys by itself. Ours is explicit, so that no resource can go to another account or
region, and an explicit one knows only what it is given: a `aws:profile` that nobody hands over would deploy wherever
the shell points. https://www.pulumi.com/registry/packages/aws/installation-configuration/
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import pulumi
import pulumi_aws as aws

from stacks.settings.reader import ConfigReader

NAMED_KEYS = 10

_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_ACCOUNT_IDS = ("allowedAccountIds", "forbiddenAccountIds")
_ROLES = (aws.ProviderAssumeRoleArgs, aws.ProviderAssumeRoleWithWebIdentityArgs)
_INTEGER = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class ProviderSettings:
    """The arguments of the stack's provider."""

    arguments: Mapping[str, Any]
    """By the names of `aws.ProviderArgs`, without the default tags; of those that are set."""
    tags: Mapping[str, str]
    """`aws:defaultTags`."""
    secrets: frozenset[str]
    """Names that the configuration keeps secret."""

    @classmethod
    def read(cls, reader: ConfigReader) -> "ProviderSettings":
        """Take every key of the provider from `reader`; what is wrong is noted there."""
        found = {name: _read(reader, name, kind) for name, kind in _fields(aws.ProviderArgs).items()}
        given = {name: value for name, value in found.items() if value is not None}
        tags: aws.ProviderDefaultTagsArgs | None = given.pop("default_tags", None)
        secrets = frozenset(name for name in found if reader.is_secret(_wire(name)))
        return cls(given, cast("Mapping[str, str]", tags.tags or {}) if tags else {}, secrets)

    def args(self, own_tags: Mapping[str, str]) -> aws.ProviderArgs:
        """The provider's arguments. A tag of the configuration takes the place of one of `own_tags` with its name."""
        # IAM keeps the case of a tag's key and does not tell keys apart by it: a role cannot have both.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
        given = {name.lower() for name in self.tags}
        tags = {name: value for name, value in own_tags.items() if name.lower() not in given}
        arguments = dict(self.arguments)
        arguments["default_tags"] = aws.ProviderDefaultTagsArgs(tags={**tags, **self.tags})
        for name in self.secrets & arguments.keys():
            arguments[name] = pulumi.Output.secret(arguments[name])
        return aws.ProviderArgs(**arguments)


class _Wrong(Exception):
    """A value is not of its type: where, what was given, what to do."""

    def __init__(self, path: str, given: object, remedy: str) -> None:
        super().__init__(remedy)
        self.path, self.given, self.remedy = path, given, remedy


def _read(reader: ConfigReader, name: str, kind: Any) -> Any:
    """One argument; None when it is not set, or wrong, which is noted."""
    key = _wire(name)
    text = reader.optional_text(key)
    if not text:
        return None
    try:
        given: object = text if kind in (str, bool, int) else json.loads(text)
    except json.JSONDecodeError:
        given = text
    try:
        return _typed(kind, given, key)
    except _Wrong as wrong:
        reader.refuse(wrong.path, wrong.given, wrong.remedy)
        return None


def _typed(kind: Any, given: object, path: str) -> Any:
    """`given`, out of JSON, as a value of the type `kind`. Raises `_Wrong`."""
    if kind is str:
        return _text(given, path)
    if kind is bool:
        if given not in (True, False, "true", "false"):
            raise _Wrong(path, given, "set it to true or false")
        return given in (True, "true")
    if kind is int:
        if not _INTEGER.fullmatch(str(given)):
            raise _Wrong(path, given, "set it to a whole number")
        return int(str(given))
    if get_origin(kind) is Sequence:
        if not isinstance(given, list):
            raise _Wrong(path, given, f"set it to a list, item by item: {_set(f'{path}[0]')}")
        item = _plain(get_args(kind)[0])
        items = cast("list[object]", given)
        return [_typed(item, value, f"{path}[{number}]") for number, value in enumerate(items)]
    if get_origin(kind) is Mapping:
        if not isinstance(given, dict):
            raise _Wrong(path, given, f"set it to a text for each name: {_set(f'{path}.NAME')}")
        return {key: _text(value, f"{path}.{key}") for key, value in cast("dict[str, object]", given).items()}
    return _block(kind, given, path)


def _text(given: object, path: str) -> str:
    """`pulumi config set --path` makes numbers and booleans of texts that look like them."""
    if isinstance(given, bool):
        return json.dumps(given)
    if not isinstance(given, str | int | float):
        raise _Wrong(path, given, "set it to a text")
    if path.startswith(_ACCOUNT_IDS) and not _ACCOUNT_ID.fullmatch(str(given)):
        raise _Wrong(path, given, "the id of an account has 12 digits")
    return str(given)


def _block(kind: Any, given: object, path: str) -> Any:
    fields = {_wire(name): (name, field) for name, field in _fields(kind).items()}
    first = "roleArn" if "roleArn" in fields else next(iter(fields))
    if not isinstance(given, dict):
        raise _Wrong(path, given, f"set it to an object, key by key: {_set(f'{path}.{first}')}")
    values = cast("dict[str, object]", given)
    for key in values:
        if key not in fields:
            near = get_close_matches(key, fields, n=1)
            raise _Wrong(path, values, f"it has no key {key}; write {near[0] if near else _first_of(fields)}")
    if kind in _ROLES and not values.get("roleArn"):
        # Without it the provider goes on as whoever it was before, and deploys into that account.
        raise _Wrong(path, values, f"name the role that it is to assume: {_set(f'{path}.roleArn')}")
    return kind(**{fields[key][0]: _typed(fields[key][1], value, f"{path}.{key}") for key, value in values.items()})


def _first_of(names: Iterable[str]) -> str:
    """As many names as a line bears: there are hundreds of endpoints."""
    named = list(names)
    return ", ".join(named[:NAMED_KEYS]) + (" or another service" if len(named) > NAMED_KEYS else "")


def _set(path: str) -> str:
    return f"`pulumi config set --path 'aws:{path}' …`"


@cache
def _fields(arguments: type) -> Mapping[str, Any]:
    """Name and type of each argument that a class of arguments takes."""
    # pulumi-aws names these two in its annotations and does not import them.
    hints = get_type_hints(arguments.__init__, localns={"Output": pulumi.Output, "T": Any})
    return {name: _plain(hint) for name, hint in hints.items() if name != "return"}


def _plain(hint: Any) -> Any:
    """The type in Pulumi's `Input[Optional[…]]`: the first of its alternatives."""
    return get_args(hint)[0] if get_origin(hint) is Union else hint


def _wire(name: str) -> str:
    """`assume_roles` → `assumeRoles`."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
