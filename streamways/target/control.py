"""The control interface of a running sandbox: `{origin}/_sandbox/…`, with the key from its state file."""

import os
from dataclasses import dataclass
from typing import Self, cast

import httpx

from sandbox.state import State
from streamways.clients.addresses import TRUST_VARIABLE, trusted
from streamways.errors import CommandError

KEY_HEADER = "X-Sandbox-Key"
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Control:
    """Asks one sandbox to do something. Each method raises CommandError when it does not answer, or refuses."""

    origin: str
    key: str

    @classmethod
    def of(cls, running: State) -> Self:
        return cls(running.origin, running.control_key)

    def token(self, tier: str) -> str:
        """An access token of the demo user of this tier."""
        return str(self._object("POST", "/token", {"tier": tier})["accessToken"])

    def id_token(self, tier: str) -> str:
        """An ID token of that user."""
        return str(self._object("POST", "/token", {"tier": tier})["idToken"])

    def model_calls(self) -> list[dict[str, object]]:
        """What the model emulator was asked since the sandbox started, oldest first."""
        return cast("list[dict[str, object]]", self._object("GET", "/model/calls")["calls"])

    def stop(self) -> None:
        """Asks the sandbox to stop; returns before it has."""
        self._send("POST", "/stop")

    def _object(self, method: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
        return cast("dict[str, object]", self._send(method, path, body).json())

    def _send(self, method: str, path: str, body: dict[str, object] | None = None) -> httpx.Response:
        try:
            response = httpx.request(
                method,
                f"{self.origin}/_sandbox{path}",
                headers={KEY_HEADER: self.key},
                json=body,
                timeout=TIMEOUT_SECONDS,
                trust_env=False,
                verify=trusted(),
            )
        except httpx.TransportError as error:
            raise CommandError(
                f"the sandbox at {self.origin} does not answer ({error or type(error).__name__}); "
                "see .sandbox/*/sandbox.log, or stop the sandbox with: streamways sandbox stop"
            ) from error
        if response.status_code >= 400:
            raise CommandError(
                f"the sandbox refused {method} {path}: HTTP {response.status_code} {response.text[:200]}"
            )
        return response


def trust(running: State) -> None:
    """From now on this process, and what it starts, trusts that sandbox, if it speaks TLS, and nobody else."""
    if running.ca_file is not None:
        os.environ[TRUST_VARIABLE] = running.ca_file
