"""Pulumi's wire format, against what the SDK itself serialises."""

import pulumi
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

from sandbox.engine import wire
from sandbox.errors import ResourceRefused
from sandbox.resources.values import Archive, Asset

SECRET = {wire.SIGNATURE: "1b47061264138c4ac30d75fd1eb44270"}


def struct(**values: object) -> Struct:
    message = Struct()
    message.update(values)
    return message


async def test_what_the_sdk_sends_arrives_as_plain_values() -> None:
    sent = {
        "text": "a",
        "whole": 3,
        "part": 1.5,
        "flag": True,
        "items": [1, "b", {"c": None}],
        "code": pulumi.FileArchive("build/x.zip"),
        "folder": pulumi.AssetArchive({"a": pulumi.StringAsset("b")}),
        "file": pulumi.FileAsset("a.txt"),
        "inline": pulumi.StringAsset("hello"),
    }
    decoded = wire.decode(await rpc.serialize_properties(sent, {}))
    assert decoded.values == {
        "text": "a",
        "whole": 3,
        "part": 1.5,
        "flag": True,
        "items": [1, "b", {"c": None}],
        "code": Archive("build/x.zip"),
        "folder": Archive(None),
        "file": Asset(path="a.txt"),
        "inline": Asset(text="hello"),
    }
    assert isinstance(decoded.values["whole"], int)
    assert decoded.secrets == frozenset()


def test_a_secret_anywhere_in_a_property_makes_the_property_secret() -> None:
    environment = {"variables": {"KEY": {**SECRET, "value": "hush"}, "OPEN": "x"}}
    decoded = wire.decode(struct(environment=environment, name="n"))
    assert decoded.values["environment"] == {"variables": {"KEY": "hush", "OPEN": "x"}}
    assert decoded.secrets == {"environment"}


def test_output_values_and_resource_references_become_what_they_stand_for() -> None:
    output = {wire.SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "v", "secret": True}
    reference = {wire.SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:x", "id": "id"}
    decoded = wire.decode(struct(output=output, resource=reference))
    assert decoded.values == {"output": "v", "resource": "id"}
    assert decoded.secrets == {"output"}


def test_an_unknown_signature_is_refused() -> None:
    with pytest.raises(ResourceRefused, match="signature new"):
        wire.decode(struct(thing={wire.SIGNATURE: "new"}))


def test_the_state_is_what_was_sent_with_the_outputs_over_it_and_secrets_marked() -> None:
    sent = struct(name="n", code={wire.SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "path": "x.zip"}, timeout=3)
    state = wire.encode(sent, {"arn": "a", "timeout": 60, "clientSecret": "s"}, {"clientSecret", "absent"})
    decoded = wire.decode(state)
    assert decoded.values == {"name": "n", "code": Archive("x.zip"), "timeout": 60, "arn": "a", "clientSecret": "s"}
    assert decoded.secrets == {"clientSecret"}


def test_a_secret_that_was_sent_is_not_marked_twice() -> None:
    sent = struct(key={**SECRET, "value": "hush"})
    assert wire.encode(sent, {}, {"key"}) == sent
