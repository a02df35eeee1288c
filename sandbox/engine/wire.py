"""Pulumi's wire format: protobuf structs with signature keys ↔ the values of `sandbox.resources.values`.

Signatures: `sdk/go/common/resource/sig/sig.go` of Pulumi.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from google.protobuf import struct_pb2

from sandbox.errors import ResourceRefused
from sandbox.resources.values import UNKNOWN, Archive, Asset, Unknown, Value

SIGNATURE = "4dabf18193072939515e22adb298388d"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that is not known yet (`sdk/go/common/resource/plugin/rpc.go`)."""


@dataclass(frozen=True)
class Properties:
    """Properties without their secret marks, and the names of the top-level ones that hold a secret anywhere."""

    values: Mapping[str, Value]
    secrets: frozenset[str]


def decode(properties: struct_pb2.Struct) -> Properties:
    """What a program sent. Properties that are null are left out, as the engine does."""
    values: dict[str, Value] = {}
    secrets: set[str] = set()
    for key, field in properties.fields.items():
        found: list[bool] = []
        value = _decode(field, found)
        if value is not None:
            values[key] = value
        if found:
            secrets.add(key)
    return Properties(values, frozenset(secrets))


def encode(sent: struct_pb2.Struct, outputs: Mapping[str, Value], secrets: Iterable[str]) -> struct_pb2.Struct:
    """The state of a resource: what the program sent, with `outputs` laid over it and the `secrets` marked."""
    state = struct_pb2.Struct()
    state.CopyFrom(sent)
    for key, value in outputs.items():
        state.fields[key].CopyFrom(_encode(value))
    for key in secrets:
        if key in state.fields and not _is_secret(state.fields[key]):
            plain = struct_pb2.Value()
            plain.CopyFrom(state.fields[key])
            marked = struct_pb2.Struct(fields={SIGNATURE: struct_pb2.Value(string_value=_SECRET), "value": plain})
            state.fields[key].CopyFrom(struct_pb2.Value(struct_value=marked))
    return state


def _decode(field: struct_pb2.Value, secrets: list[bool]) -> Value:
    match field.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if field.string_value == _UNKNOWN else field.string_value
        case "bool_value":
            return field.bool_value
        case "number_value":
            number = field.number_value
            return int(number) if number.is_integer() else number
        case "list_value":
            return [_decode(item, secrets) for item in field.list_value.values]
        case "struct_value":
            return _decode_struct(field.struct_value, secrets)
        case _:
            return None


def _decode_struct(struct: struct_pb2.Struct, secrets: list[bool]) -> Value:
    fields = struct.fields
    match fields[SIGNATURE].string_value if SIGNATURE in fields else None:
        case None:
            return {key: _decode(value, secrets) for key, value in fields.items()}
        case str(signature) if signature == _SECRET:
            secrets.append(True)
            return _decode(fields["value"], secrets)
        case str(signature) if signature == _OUTPUT:
            if "secret" in fields and fields["secret"].bool_value:
                secrets.append(True)
            return _decode(fields["value"], secrets) if "value" in fields else UNKNOWN
        case str(signature) if signature == _ARCHIVE:
            return Archive(_text(fields, "path"), _text(fields, "hash") or "")
        case str(signature) if signature == _ASSET:
            return Asset(_text(fields, "path"), _text(fields, "text"), _text(fields, "hash") or "")
        case str(signature) if signature == _RESOURCE:
            return fields["id"].string_value if "id" in fields else fields["urn"].string_value
        case signature:
            raise ResourceRefused(f"a value with signature {signature} is not known to sandbox/engine/wire.py")


def _text(fields: Mapping[str, struct_pb2.Value], key: str) -> str | None:
    return fields[key].string_value if key in fields else None


def _encode(value: Value) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case list():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encode(item) for item in value]))
        case dict():
            return struct_pb2.Value(struct_value=struct_pb2.Struct(fields={k: _encode(v) for k, v in value.items()}))
        case Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN)
        case Archive() | Asset():
            raise TypeError("an asset or archive is never computed: outputs keep the one that the program sent")


def _is_secret(field: struct_pb2.Value) -> bool:
    fields = field.struct_value.fields
    return SIGNATURE in fields and fields[SIGNATURE].string_value == _SECRET
