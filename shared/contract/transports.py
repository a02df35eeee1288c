"""Names that travel beside the parts, on one transport or another."""

from typing import Final

STREAM_HEADER: Final = "x-streamways-stream"
"""HTTP response header with the id of the stream."""
ORIGIN_SECRET_HEADER: Final = "x-streamways-origin-secret"
"""HTTP request header by which a function URL knows the CloudFront distribution before it."""
SUBPROTOCOL: Final = "streamways.v1"
"""WebSocket subprotocol that a client offers and the API accepts."""
TOKEN_PREFIX: Final = "jwt."
"""What an offered subprotocol begins with that holds an access token."""
