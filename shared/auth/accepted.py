"""Which claims of a token say what, and what they must say: a Cognito user pool's, or those of a foreign issuer.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
"""

import os
from dataclasses import dataclass
from typing import Self

from shared.contract.environment import Variable


@dataclass(frozen=True)
class AcceptedClaims:
    """What a good token says. The defaults are those of a user pool."""

    client_ids: frozenset[str]
    """One of them is the token's client."""
    client_claim: str = "client_id"
    use: tuple[str, str] | None = ("token_use", "access")
    """Claim and value that tell an access token from an ID token; None where the issuer has no such claim."""
    groups_claim: str | None = "cognito:groups"
    """None where tokens say nothing of groups."""
    only_tiers: bool = False
    """Whether of the groups those count alone that are tiers: at a foreign issuer the others mean something else."""

    @classmethod
    def from_environment(cls) -> Self:
        """From `TOKEN_CLIENT_IDS`; for a foreign issuer also from `TOKEN_CLIENT_CLAIM`, `TOKEN_USE` and
        `TOKEN_TIER_CLAIM`."""
        client_ids = frozenset(os.environ[Variable.TOKEN_CLIENT_IDS].split(","))
        client_claim = os.environ.get(Variable.TOKEN_CLIENT_CLAIM)
        if client_claim is None:
            return cls(client_ids)
        claim, _, value = os.environ.get(Variable.TOKEN_USE, "").partition("=")
        use = (claim, value) if claim else None
        return cls(client_ids, client_claim, use, os.environ.get(Variable.TOKEN_TIER_CLAIM), only_tiers=True)
