"""The outputs of every stack, whatever it holds; those of an architecture are in its descriptor.

A stack that takes the tokens of a foreign issuer has no user pool: the three outputs about one are absent.
"""

from enum import StrEnum
from typing import Final


class Output(StrEnum):
    """The name of one stack output."""

    USER_POOL_ID = "userPoolId"
    """Id of the Cognito user pool that users sign in at, whoever made it."""
    USER_POOL_CLIENT_ID = "userPoolClientId"
    """Id of its app client whose tokens the stack takes."""
    ISSUER = "issuer"
    """The `iss` of the tokens that the stack takes."""
    COGNITO_ENDPOINT = "cognitoEndpoint"
    """Where users of the pool sign in."""
    REGION = "region"
    """The region."""


class SigningOutput(StrEnum):
    """The name of an output about AWS credentials for users; absent in a stack that gives none."""

    IDENTITY_POOL_ID = "identityPoolId"
    """Id of the identity pool that gives them, for an ID token of the user pool."""
    IDENTITY_ENDPOINT = "identityEndpoint"
    """Where the identity pool is reached."""


PAGE_URL: Final = "pageUrl"
"""The name of the output with the address of the web page; absent in a stack that has none."""
PAGE_DOMAIN_TARGET: Final = "pageDomainTarget"
"""The host that a record of the page's own domain has to name; absent without one."""
