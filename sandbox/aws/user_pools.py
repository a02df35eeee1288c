"""What the sandbox itself must know of user pools, where moto would let through what Cognito refuses."""

from dataclasses import dataclass, field

# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
AUTH_FLOWS = (
    "ALLOW_USER_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)
DEFAULT_AUTH_FLOWS = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")


@dataclass
class UserPool:
    """A user pool that the program made."""

    id: str
    admin_create_user_only: bool
    clients: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """App client id → the flows it allows, e.g. `ALLOW_USER_SRP_AUTH`."""
    groups: list[str] = field(default_factory=list[str])
