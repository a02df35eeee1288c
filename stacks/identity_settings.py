"""The settings of the user pool: who makes users, and where the pool is reached."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from stacks.config_reader import ConfigReader
from stacks.environments import Environment

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class IdentitySettings:
    """How users come into the pool, and tokens out of it."""

    self_sign_up: bool
    cognito_endpoint: str | None
    """Without a trailing slash; None for AWS's own."""

    @classmethod
    def read(cls, reader: ConfigReader, environment: Environment) -> "IdentitySettings":
        """Take the user pool's keys from `reader`; what is wrong is noted there."""
        return cls(self_sign_up=_self_sign_up(reader, environment), cognito_endpoint=_cognito_endpoint(reader))


def _self_sign_up(reader: ConfigReader, environment: Environment) -> bool:
    wanted = reader.boolean("selfSignUp")
    if wanted and not environment.takes_self_sign_up:
        why = f"in the environment {environment.name} nothing limits yet what a stranger who signs up may spend"
        reader.refuse("selfSignUp", "true", f"{why}; set it to false and let an administrator make the users")
    return wanted


def _cognito_endpoint(reader: ConfigReader) -> str | None:
    key = "cognitoEndpoint"
    endpoint = reader.text(key)
    if not endpoint:
        return None
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        parts = urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not secure or not parts.hostname or parts.query or parts.fragment or endpoint.endswith("/"):
        reader.refuse(key, endpoint, "set it to an https URL without a trailing slash (http only on this machine)")
    return endpoint
