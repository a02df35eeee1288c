"""The settings of AWS credentials for users: whether they get any, and where.

Only a function URL with `AWS_IAM` asks for credentials. By default users get theirs from an identity pool; a stack
whose URL is called by other principals of the account, such as a backend, makes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from shared.contract.architectures import function_url
from stacks.settings.access import AccessSettings
from stacks.settings.identity import IdentitySettings, read_endpoint
from stacks.settings.reader import ConfigReader

KEY = "identityPool"


@dataclass(frozen=True)
class IdentityPoolSetting:
    """Whether the stack makes an identity pool."""

    made: bool
    endpoint: str | None
    """Where it is reached, without a trailing slash; None for AWS's own address."""

    @classmethod
    def read(
        cls, reader: ConfigReader, access: AccessSettings, identity: IdentitySettings, architectures: Sequence[str]
    ) -> Self:
        """Take the keys from `reader`; a pool over users who are nowhere in Cognito is noted there."""
        wanted, endpoint = reader.boolean(KEY), read_endpoint(reader, "identityEndpoint")
        made = wanted and access.function_url_auth == "AWS_IAM" and function_url.NAME in architectures
        if made and reader.optional_text("tokenIssuer"):
            why = "it gives credentials to users of a user pool, and tokenIssuer's are not in one"
            reader.refuse(
                KEY,
                True,
                f"{why}; set it to false and let a principal of your account sign, or set functionUrlAuth to NONE",
            )
        return cls(made and identity.issuer is None, endpoint)
