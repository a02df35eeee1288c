"""One secret, as a function reads it: kept for a while, in its two last versions, and refreshed when it was rotated.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
"""

import hmac
import time
from typing import Any, cast

from aws_lambda_powertools.utilities.parameters.base import BaseProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ClientError

from shared.aws import client
from shared.contract.limits import SECRET_MAX_AGE_SECONDS
from shared.errors import Busy, SecretEmpty
from shared.telemetry.log import logger

LOOK_AGAIN_SECONDS = 1.0
"""A value that does not match may be a new one, which is looked for at most so often: forged ones cost money, too."""
READ_TIMEOUT_SECONDS = 2.0
ATTEMPTS = 2
CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
NOT_FOUND = "ResourceNotFoundException"
"""Of a secret without a value as of one that is not there.
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html"""


class Versions(BaseProvider):
    """A provider of Powertools that keeps both versions as one value: its own tells a secret by its name alone.

    https://docs.aws.amazon.com/powertools/python/latest/utilities/parameters/#create-your-own-provider
    """

    def __init__(self, secretsmanager: Any) -> None:
        super().__init__(client=secretsmanager)  # pyright: ignore[reportUnknownMemberType]
        self._client = secretsmanager

    def _get(self, name: str, **_: Any) -> dict[str, Any]:
        """The values by the labels of their versions; a secret that was never rotated has one."""
        values = {CURRENT: self._version(name, CURRENT)}
        try:
            values[PREVIOUS] = self._version(name, PREVIOUS)
        except ClientError as error:
            if _code(error) != NOT_FOUND:
                raise
        return values

    def _get_multiple(self, path: str, **_: Any) -> dict[str, str]:
        """Each function reads a secret of its own, by its ARN."""
        raise NotImplementedError

    def _version(self, name: str, label: str) -> str:
        found = self._client.get_secret_value(SecretId=name, VersionStage=label)
        # A binary value is none of ours. A file that a shell wrote ends with a line feed, which no header can hold.
        return str(found.get("SecretString", "")).strip()


class Secret:
    """A secret by its ARN. Safe to be used by several threads."""

    def __init__(self, arn: str, versions: Versions) -> None:
        self._arn = arn
        self._versions: Any = versions  # Powertools' annotations leave out what a dict holds
        self._looked_at = float("-inf")

    @classmethod
    def of(cls, arn: str) -> "Secret":
        """The secret of this ARN, read with the rights of the function."""
        return cls(arn, Versions(client("secretsmanager", read_timeout=READ_TIMEOUT_SECONDS, attempts=ATTEMPTS)))

    def value(self) -> str:
        """The current value. Raises SecretEmpty, and Busy when it cannot be read."""
        return self._read()[CURRENT]

    def accepts(self, given: str) -> bool:
        """Whether this is the current value, or the one before it. Raises SecretEmpty, and Busy.

        How long it takes tells nothing about the values.
        """
        if _is_among(given, self._read()):
            return True
        now = time.monotonic()
        if now - self._looked_at < LOOK_AGAIN_SECONDS:
            return False
        self._looked_at = now
        return _is_among(given, self._read(again=True))

    def _read(self, *, again: bool = False) -> dict[str, str]:
        try:
            found = self._versions.get(self._arn, max_age=SECRET_MAX_AGE_SECONDS, force_fetch=again)
        except GetParameterError as error:
            # Powertools keeps the text alone of what went wrong.
            code = _code(error.__context__)
            logger.error("a secret cannot be read", extra={"secret": self._arn, "reason": code})
            raise (SecretEmpty() if code == NOT_FOUND else Busy()) from error
        values = cast("dict[str, str]", found)
        if not values[CURRENT]:
            raise SecretEmpty()
        return values


def _is_among(given: str, values: dict[str, str]) -> bool:
    """Compares with each of the values, whichever it is."""
    found = [hmac.compare_digest(given.encode(), value.encode()) for value in values.values() if value]
    return any(found)


def _code(error: BaseException | None) -> str:
    """AWS's code for an error, or the name of what kept the request from reaching it."""
    if isinstance(error, ClientError):
        return str(cast("dict[str, Any]", error.response).get("Error", {}).get("Code"))
    return type(error).__name__
