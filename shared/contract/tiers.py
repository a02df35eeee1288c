"""The tiers that users belong to; each is a group of the Cognito user pool."""

from collections.abc import Collection
from enum import StrEnum


class Tier(StrEnum):
    """The name of one tier, as the pool's group has it. A later one is better."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"


def best_tier(groups: Collection[str]) -> Tier:
    """The best tier among the groups of a user, who is free in none of them."""
    return next((tier for tier in reversed(Tier) if tier.value in groups), Tier.FREE)
