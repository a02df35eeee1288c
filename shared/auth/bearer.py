"""The credential of a request: `Authorization: Bearer <access token>`."""

from shared.errors import Unauthenticated


def bearer(header: str | None) -> str:
    """The token of an `Authorization: Bearer …` header. Raises Unauthenticated."""
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send an access token: `Authorization: Bearer <token>`.")
    return token.strip()
