"""The environment variables that the program sets for its functions, and that handlers and `shared` read.

AWS's own (`AWS_REGION`), the Web Adapter's (`AWS_LWA_…`) and Powertools' (`POWERTOOLS_…`) are theirs, and not here.
"""

from enum import StrEnum


class Variable(StrEnum):
    """The name of one variable. Every function has the first two; each of the others goes to those that read it."""

    ARCHITECTURE = "ARCHITECTURE"
    """Name of the architecture that the function belongs to."""
    STACK_NAME = "STACK_NAME"
    """The stack: a dimension of the metrics."""
    STREAMS_TABLE = "STREAMS_TABLE"
    """Name of the table."""
    TOKEN_ISSUER = "TOKEN_ISSUER"
    """The `iss` of good access tokens."""
    TOKEN_JWKS_URL = "TOKEN_JWKS_URL"
    """Where the keys are that sign them."""
    TOKEN_CLIENT_IDS = "TOKEN_CLIENT_IDS"
    """The clients whose tokens are accepted, separated by commas."""
    TOKEN_CLIENT_CLAIM = "TOKEN_CLIENT_CLAIM"
    """The claim that names the client; absent for the tokens of a Cognito user pool, and with it the next two."""
    TOKEN_USE = "TOKEN_USE"
    """What an access token says of its use, as `claim=value`; absent where a foreign issuer has no such claim."""
    TOKEN_TIER_CLAIM = "TOKEN_TIER_CLAIM"
    """The claim that names a user's tiers; absent where a foreign issuer has no such claim."""
    MODEL_ID = "MODEL_ID"
    """Id of the model or of the inference profile."""
    MODEL_MAX_OUTPUT_TOKENS = "MODEL_MAX_OUTPUT_TOKENS"
    """Longest answer that is admitted, in tokens."""
    GUARDRAIL_ID = "GUARDRAIL_ID"
    """Id of the guardrail; absent where there is none."""
    GUARDRAIL_VERSION = "GUARDRAIL_VERSION"
    """Set exactly when `GUARDRAIL_ID` is."""
    MIN_INTERVAL_MILLISECONDS = "MIN_INTERVAL_MILLISECONDS"
    """Least time between two deliveries with text of one stream."""
    WORKER_FUNCTION_ARN = "WORKER_FUNCTION_ARN"
    """The function that generates, for the one that admits: the ARN of its alias."""
    CALLBACK_URL = "CALLBACK_URL"
    """Where `@connections` of the WebSocket API is reached."""
    GRAPHQL_URL = "GRAPHQL_URL"
    """Where the AppSync API takes publishes."""
    ALLOWED_ORIGINS = "ALLOWED_ORIGINS"
    """Web origins whose pages may open a WebSocket, separated by commas."""
    ORIGIN_SECRET_ARN = "ORIGIN_SECRET_ARN"
    """The secret that whoever stands before a function URL sends along; absent where nobody does."""
