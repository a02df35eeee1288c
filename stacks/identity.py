"""Who may stream: one Cognito user pool for all architectures, its app client, and a group for each tier."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from shared.contract.tiers import Tier
from stacks.arguments import DataProtection, holding_data


class IdentityArgs(TypedDict):
    """Arguments of `Identity`."""

    region: pulumi.Input[str]
    """Region of the user pool: part of the issuer of its tokens."""
    self_sign_up: pulumi.Input[bool]
    """Whether people may create an account themselves; otherwise only an administrator does."""
    endpoint: NotRequired[pulumi.Input[str]]
    """Where the pool is reached, without a trailing slash; by default AWS's own address in the region."""
    protection: NotRequired[DataProtection]
    """What keeps the pool from being deleted, with its groups and its app client; by default nothing does."""


class Identity(pulumi.ComponentResource):
    """A user pool whose access tokens every architecture accepts.

    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
    """

    user_pool_id: pulumi.Output[str]
    """Id of the user pool."""
    user_pool_client_id: pulumi.Output[str]
    """Id of the app client: public, without a secret, for browsers and command lines."""
    issuer: pulumi.Output[str]
    """The `iss` of the pool's tokens."""
    jwks_url: pulumi.Output[str]
    """Where the public keys are that the pool signs with."""
    endpoint: pulumi.Output[str]
    """Where users sign in, without a trailing slash."""

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:Identity", name, {}, opts)
        protection = args.get("protection", {})
        # A group that is deleted forgets its users; pages and tokens name the client.
        kept = holding_data(self, protection)
        pool = aws.cognito.UserPool(
            f"{name}-pool",
            username_attributes=["email"],
            auto_verified_attributes=["email"],
            deletion_protection="ACTIVE" if protection.get("deletion_protection") else "INACTIVE",
            admin_create_user_config=aws.cognito.UserPoolAdminCreateUserConfigArgs(
                allow_admin_create_user_only=pulumi.Output.from_input(args["self_sign_up"]).apply(
                    lambda allowed: not allowed
                ),
            ),
            opts=kept,
        )
        client = aws.cognito.UserPoolClient(
            f"{name}-client",
            user_pool_id=pool.id,
            generate_secret=False,
            # USER_PASSWORD_AUTH would take passwords from any client; ADMIN_USER_PASSWORD_AUTH needs IAM permission.
            explicit_auth_flows=[
                "ALLOW_USER_SRP_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
                "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            ],
            prevent_user_existence_errors="ENABLED",
            opts=kept,
        )
        for tier in Tier:  # they appear in a token's `cognito:groups`
            aws.cognito.UserGroup(f"{name}-{tier}", user_pool_id=pool.id, name=tier.value, opts=kept)

        amazon = pulumi.Output.concat("https://cognito-idp.", args["region"], ".amazonaws.com")
        endpoint = args.get("endpoint")
        self.user_pool_id = pool.id
        self.user_pool_client_id = client.id
        self.issuer = pulumi.Output.concat(amazon, "/", pool.id)
        self.endpoint = amazon if endpoint is None else pulumi.Output.from_input(endpoint)
        self.jwks_url = pulumi.Output.concat(self.endpoint, "/", pool.id, "/.well-known/jwks.json")
        self.register_outputs(
            {
                "user_pool_id": self.user_pool_id,
                "user_pool_client_id": self.user_pool_client_id,
                "issuer": self.issuer,
                "jwks_url": self.jwks_url,
                "endpoint": self.endpoint,
            }
        )
