"""What a request to sign in brings along, and how it is refused."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from typing import Any, cast

from moto.cognitoidp.models import CognitoIdpUserPoolClient
from moto.core.exceptions import JsonRESTError

from sandbox.aws.user_pools import DEFAULT_AUTH_FLOWS, DEFAULT_SESSION_MINUTES

UNWRITABLE = frozenset({"sub", "email_verified", "phone_number_verified"})


def refused(code: str, message: str) -> JsonRESTError:
    """An error of Cognito's."""
    return JsonRESTError(code, message)


def texts(given: object) -> Mapping[str, str]:
    """`AuthParameters` or `ChallengeResponses`: an object of texts, or nothing."""
    if given is None:
        return {}
    entries = cast("Mapping[str, object]", given)
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in entries.values()):
        raise refused("SerializationException", "Parameters are an object of texts.")
    return cast("Mapping[str, str]", entries)


def required(given: Mapping[str, str], name: str) -> str:
    """A parameter that must be there."""
    if not given.get(name):
        raise refused("InvalidParameterException", f"Missing required parameter {name}")
    return given[name]


def demand_flow(client: CognitoIdpUserPoolClient, needed: str, message: str) -> None:
    """Refuse a flow that an app client does not allow."""
    if needed not in (client.extended_config.get("ExplicitAuthFlows") or DEFAULT_AUTH_FLOWS):
        raise refused("InvalidParameterException", message)


def session_seconds(client: CognitoIdpUserPoolClient) -> float:
    """How long a challenge may wait for its answer."""
    minutes: int = client.extended_config.get("AuthSessionValidity") or DEFAULT_SESSION_MINUTES
    return minutes * 60.0


def check_secret_hash(client: CognitoIdpUserPoolClient, username: str, given: Mapping[str, str]) -> None:
    """Refuse a request for a client with a secret that does not prove it, by an HMAC over user name and client id.

    https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html#cognito-user-pools-computing-secret-hash
    """
    if not client.generate_secret:
        return
    if "SECRET_HASH" not in given:
        raise refused(
            "NotAuthorizedException", f"Client {client.id} is configured with secret but SECRET_HASH was not received"
        )
    digest = hmac.digest(_utf8(client.secret), _utf8(username + client.id), "sha256")
    if not same(base64.b64encode(digest).decode(), given["SECRET_HASH"]):
        raise refused("NotAuthorizedException", f"Unable to verify secret hash for client {client.id}")


def check_secret(client: CognitoIdpUserPoolClient, secret: Any) -> None:
    """The same for operations that take the secret itself."""
    if client.generate_secret and not (isinstance(secret, str) and same(client.secret, secret)):
        raise refused("NotAuthorizedException", f"Unable to verify secret for client {client.id}")


def check_writable(attributes: Iterable[str]) -> None:
    """Refuse to let a client write what the pool alone says of a user."""
    if not UNWRITABLE.isdisjoint(attributes):
        raise refused("NotAuthorizedException", "A client attempted to write unauthorized attribute")


def same(one: str | None, other: str) -> bool:
    """Whether two secrets are equal, without telling by the time it takes; None equals nothing."""
    return one is not None and hmac.compare_digest(_utf8(one), _utf8(other))


def from_base64(text: str) -> bytes:
    """What a text stands for; nothing for a text that is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _utf8(text: str) -> bytes:
    """Half a surrogate pair, which JSON can hold, is a text like any other here."""
    return text.encode("utf-8", "surrogatepass")
