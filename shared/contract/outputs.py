"""The outputs of every stack, whatever it holds; those of an architecture are in its descriptor."""

from enum import StrEnum


class Output(StrEnum):
    """The name of one stack output."""

    USER_POOL_ID = "userPoolId"
    """Id of the Cognito user pool."""
    USER_POOL_CLIENT_ID = "userPoolClientId"
    """Id of its app client."""
    ISSUER = "issuer"
    """The `iss` of its tokens."""
    COGNITO_ENDPOINT = "cognitoEndpoint"
    """Where users sign in."""
    REGION = "region"
    """The region."""
