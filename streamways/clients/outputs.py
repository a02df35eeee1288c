"""The outputs of a stack, all that a client must know of it, as `pulumi stack output --json` prints them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self, cast

from streamways.clients.client import ARCHITECTURES, Architecture


class OutputsError(ValueError):
    """A file that does not hold a stack's outputs. The text is one line: what is wrong, and what to do."""


@dataclass(frozen=True)
class StackOutputs:
    """Addresses and identifiers of a stack; those of an architecture that the stack lacks are None."""

    function_url: str | None = None
    web_socket_url: str | None = None
    web_socket_ticket_url: str | None = None
    """Where a one-time ticket is got for the WebSocket API, which a browser sends instead of a token."""
    app_sync_url: str | None = None
    app_sync_realtime_url: str | None = None
    user_pool_id: str | None = None
    user_pool_client_id: str | None = None
    issuer: str | None = None
    cognito_endpoint: str | None = None
    region: str | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Self:
        """From the outputs' own names (`functionUrl`, …). Unknown names are passed over. Raises OutputsError."""
        known: dict[str, str] = {}
        for field in fields(cls):
            value = values.get(_output_name(field.name))
            if value is None:
                continue
            if not isinstance(value, str):
                raise OutputsError(
                    f"the output {_output_name(field.name)} is {json.dumps(value)}, and must be a string"
                )
            known[field.name] = value
        return cls(**known)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """From a file with the JSON object. Raises OutputsError."""
        advice = "write it with: pulumi stack output --json > outputs.json"
        try:
            values: object = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise OutputsError(f"{path}: {error.strerror}; {advice}") from error
        except ValueError as error:
            raise OutputsError(f"{path} is not JSON; {advice}") from error
        if not isinstance(values, dict):
            raise OutputsError(f"{path} holds no JSON object; {advice}")
        try:
            outputs = cls.from_json(cast("dict[str, object]", values))
        except OutputsError as error:
            raise OutputsError(f"{path}: {error}; {advice}") from error
        if not outputs.architectures:
            raise OutputsError(f"{path} names none of functionUrl, webSocketUrl and appSyncUrl; {advice}")
        return outputs

    def to_json(self) -> dict[str, str]:
        """The JSON object, without what the stack lacks."""
        values = {_output_name(field.name): cast("str | None", getattr(self, field.name)) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """The architectures that the stack has."""
        present = {
            "function-url": self.function_url is not None,
            "websocket": self.web_socket_url is not None,
            "appsync": self.app_sync_url is not None and self.app_sync_realtime_url is not None,
        }
        return tuple(architecture for architecture in ARCHITECTURES if present[architecture])


def _output_name(field_name: str) -> str:
    first, *rest = field_name.split("_")
    return first + "".join(word.capitalize() for word in rest)
