"""Who may stream: the users of one Cognito user pool, through an app client that all architectures accept."""

from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from shared.contract.tiers import Tier
from stacks.arguments import DataProtection, holding_data

SCOPES: Final = ("openid", "email")
"""What a token from the pool's managed login page is for; `email` is the name that users sign in with."""


class IdentityArgs(TypedDict):
    """Arguments of `Identity`."""

    region: pulumi.Input[str]
    """Region of the user pool: part of the issuer of its tokens."""
    endpoint: NotRequired[pulumi.Input[str]]
    """Where the pool is reached, without a trailing slash; by default AWS's own address in the region."""
    self_sign_up: NotRequired[pulumi.Input[bool]]
    """Whether people may create an account themselves; by default only an administrator does. Of a pool of the
    component's own."""
    user_pool_id: NotRequired[pulumi.Input[str]]
    """A pool that is there already. It stays as it is, but for the app client; by default the component makes a pool,
    with a group for each tier."""
    user_pool_client_id: NotRequired[pulumi.Input[str]]
    """An app client of that pool; by default the component makes one."""
    protection: NotRequired[DataProtection]
    """What keeps a pool and an app client that the component makes from being deleted; by default nothing does."""
    callback_urls: NotRequired[Sequence[pulumi.Input[str]]]
    """Where the pool's managed login page may send users back to, of a client that the component makes. Without any the
    client does not take part in that page. The domain of the page is the pool owner's to make."""


class Identity(pulumi.ComponentResource):
    """A user pool and the app client of it whose access tokens every architecture accepts.

    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
    """

    user_pool_id: pulumi.Output[str]
    """Id of the user pool."""
    user_pool_client_id: pulumi.Output[str]
    """Id of the app client; one that the component makes is public, without a secret, for browsers and commands."""
    issuer: pulumi.Output[str]
    """The `iss` of the pool's tokens."""
    jwks_url: pulumi.Output[str]
    """Where the public keys are that the pool signs with."""
    endpoint: pulumi.Output[str]
    """Where users sign in, without a trailing slash."""

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:Identity", name, {}, opts)
        pool_id, client_id = args.get("user_pool_id"), args.get("user_pool_client_id")
        self.user_pool_id = self._pool(name, args) if pool_id is None else pulumi.Output.from_input(pool_id)
        self.user_pool_client_id = (
            self._client(name, args) if client_id is None else pulumi.Output.from_input(client_id)
        )
        amazon = pulumi.Output.concat("https://cognito-idp.", args["region"], ".amazonaws.com")
        endpoint = args.get("endpoint")
        self.issuer = pulumi.Output.concat(amazon, "/", self.user_pool_id)
        self.endpoint = amazon if endpoint is None else pulumi.Output.from_input(endpoint)
        self.jwks_url = pulumi.Output.concat(self.endpoint, "/", self.user_pool_id, "/.well-known/jwks.json")
        self.register_outputs(
            {
                "user_pool_id": self.user_pool_id,
                "user_pool_client_id": self.user_pool_client_id,
                "issuer": self.issuer,
                "jwks_url": self.jwks_url,
                "endpoint": self.endpoint,
            }
        )

    def _pool(self, name: str, args: IdentityArgs) -> pulumi.Output[str]:
        protection = args.get("protection", {})
        # A group that is deleted forgets its users.
        kept = holding_data(self, protection)
        pool = aws.cognito.UserPool(
            f"{name}-pool",
            username_attributes=["email"],
            auto_verified_attributes=["email"],
            deletion_protection="ACTIVE" if protection.get("deletion_protection") else "INACTIVE",
            admin_create_user_config=aws.cognito.UserPoolAdminCreateUserConfigArgs(
                allow_admin_create_user_only=pulumi.Output.from_input(args.get("self_sign_up", False)).apply(
                    lambda allowed: not allowed
                ),
            ),
            opts=kept,
        )
        for tier in Tier:  # they appear in a token's `cognito:groups`
            aws.cognito.UserGroup(f"{name}-{tier}", user_pool_id=pool.id, name=tier.value, opts=kept)
        return pool.id

    def _client(self, name: str, args: IdentityArgs) -> pulumi.Output[str]:
        urls = args.get("callback_urls")
        client = aws.cognito.UserPoolClient(
            f"{name}-client",
            user_pool_id=self.user_pool_id,
            generate_secret=False,
            # USER_PASSWORD_AUTH would take passwords from any client; ADMIN_USER_PASSWORD_AUTH needs IAM permission.
            explicit_auth_flows=[
                "ALLOW_USER_SRP_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
                "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            ],
            prevent_user_existence_errors="ENABLED",
            callback_urls=urls or None,
            # The code flow alone: the implicit one would leave tokens in the history of browsers.
            allowed_oauth_flows=["code"] if urls else None,
            allowed_oauth_scopes=list(SCOPES) if urls else None,
            allowed_oauth_flows_user_pool_client=True if urls else None,
            supported_identity_providers=["COGNITO"] if urls else None,
            # Pages and tokens name the client.
            opts=holding_data(self, args.get("protection", {})),
        )
        return client.id
