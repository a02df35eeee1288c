"""The names that the workflows, the commands and the docs share."""

import re
from typing import Final

STACK: Final = re.compile(r"pr-([1-9][0-9]{0,8})")
"""The stack of a pull request, whole. GitHub counts from 1."""
RESEMBLES_A_PREVIEW: Final = re.compile(r"(?:.*/)?\W*pr(?:\b|[-_]?\d)", re.IGNORECASE)
"""What looks like such a stack without being one: somebody should look at it."""

PREVIEW_LABEL: Final = "preview"
"""Asks for a preview where previews are made by label."""
PERSIST_LABEL: Final = "persist"
"""Keeps a preview, even when its pull request is closed or old."""


def stack_of(number: int) -> str:
    """The stack of a pull request."""
    return f"pr-{number}"


def number_of(stack: str) -> int | None:
    """The pull request of a stack; None for a stack that is no preview."""
    found = STACK.fullmatch(stack)
    return int(found[1]) if found else None
