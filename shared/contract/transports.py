"""Names that travel beside the parts, on one transport or another."""

from typing import Final

STREAM_HEADER: Final = "x-streamways-stream"
"""HTTP response header with the id of the stream."""
SUBPROTOCOL: Final = "streamways.v1"
"""WebSocket subprotocol that a client offers and the API accepts."""
TOKEN_PREFIX: Final = "jwt."
"""What an offered subprotocol begins with that holds an access token."""
