"""Texts that a client gives back as they came, and does not read: base64url (RFC 4648) without padding."""

import base64


def sealed(text: str) -> str:
    """The text as a client gets it: letters, digits, `_` and `-`."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def opened(given: str) -> str:
    """What `sealed` was given; an empty text for what it cannot have made of any."""
    try:
        return base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode()
    except ValueError:
        return ""
