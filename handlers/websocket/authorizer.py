"""The authorizer of `$connect`: nobody gets a connection without a valid access token.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html

What it says of the user (`sub`, `username`, `groups`, `expiresAt`) comes with every later event of the connection.
"""

from typing import Any

from handlers.websocket.subprotocols import offered_token
from shared.auth.tokens import TokenVerifier
from shared.errors import Unauthenticated
from shared.init_phase import at_init
from shared.telemetry.log import logger


@at_init
def verifier() -> TokenVerifier:
    """The environment's one; keeps the pool's keys."""
    return TokenVerifier.from_environment()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """An Allow policy for this one `$connect`; anything else becomes API Gateway's 401."""
    try:
        user = verifier().verify(offered_token(event) or "")
    except Unauthenticated as error:
        logger.info("refused", extra={"code": error.code, "reason": error.message})
        # API Gateway turns exactly this text into a 401.
        raise Exception("Unauthorized") from None
    return {
        "principalId": user.sub,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}],
        },
        "context": {
            "sub": user.sub,
            "username": user.username,
            "groups": ",".join(user.groups),
            "expiresAt": str(user.expires_at),
        },
    }
