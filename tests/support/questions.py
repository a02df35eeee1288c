"""What pages ask the emulated model, and what it answers."""

import secrets

from sandbox.aws.model import DocsModel
from sandbox.options import PROJECT_ROOT

answer = DocsModel(PROJECT_ROOT / "docs").answer
SLOW = {"fault": "slow", "tokensPerSecond": 20}
"""Slow enough that a page can act while the answer is being written."""


def prompt() -> str:
    """A question that no other test asks, so that the calls of the model can be told apart."""
    return f"How does the function URL stream? ({secrets.token_hex(4)})"
