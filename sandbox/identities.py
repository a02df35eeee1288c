"""What the sandbox holds of Amazon Cognito identity pools: plain records, as those of `sandbox.world`."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class IdentityProvider:
    """A user pool that an identity pool takes ID tokens of, for one app client."""

    name: str
    """`cognito-idp.{region}.amazonaws.com/{user pool id}`."""
    client_id: str
    asks_the_pool: bool
    """Whether a token counts no more once its user was signed out everywhere, or deleted."""


@dataclass
class IdentityPool:
    """An identity pool; the key in `World.identity_pools` is its id."""

    id: str
    providers: tuple[IdentityProvider, ...]
    role_arn: str | None = None
    """The role of users who have signed in; none before it is attached."""
    identities: set[str] = field(default_factory=set[str])
    """Ids of the users who have come."""
