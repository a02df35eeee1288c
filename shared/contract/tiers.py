"""The tiers that users belong to; each is a group of the Cognito user pool."""

from enum import StrEnum


class Tier(StrEnum):
    """The name of one tier, as the pool's group has it."""

    FREE = "free"
    PRO = "pro"
    ENTERPRISE = "enterprise"
