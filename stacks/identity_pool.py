"""AWS credentials for users of a user pool, with which they sign what they send to one function URL."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from stacks.iam import call_through_url, policy, trust_of_users


class IdentityPoolArgs(TypedDict):
    """Arguments of `IdentityPool`."""

    region: pulumi.Input[str]
    """Region of the user pool and of the identity pool."""
    user_pool_id: pulumi.Input[str]
    """Whose users get credentials."""
    user_pool_client_id: pulumi.Input[str]
    """The app client of that pool for whose ID tokens there are credentials."""
    function_arn: pulumi.Input[str]
    """What the function URL belongs to, an alias for instance: `FunctionUrlStream.function_arn`."""
    endpoint: NotRequired[pulumi.Input[str]]
    """Where identity pools are reached, without a trailing slash; by default AWS's own address in the region."""


class IdentityPool(pulumi.ComponentResource):
    """An identity pool over a user pool, and the role of its users: they may call one function URL, and nothing else.

    Nobody gets credentials without a sign-in, nor for a token whose user was signed out everywhere, or deleted. With
    the classic flow switched off, Cognito alone assumes the role.
    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-identity.html
    """

    identity_pool_id: pulumi.Output[str]
    """Id of the identity pool."""
    endpoint: pulumi.Output[str]
    """Where users get their credentials, without a trailing slash."""

    def __init__(self, name: str, args: IdentityPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:IdentityPool", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        user_pool = pulumi.Output.concat("cognito-idp.", args["region"], ".amazonaws.com/", args["user_pool_id"])
        pool = aws.cognito.IdentityPool(
            f"{name}-pool",
            # Not unique in an account, and asked for by AWS; a change of it would replace the pool.
            identity_pool_name=f"{pulumi.get_stack()}-{name}",
            allow_unauthenticated_identities=False,
            allow_classic_flow=False,
            cognito_identity_providers=[
                aws.cognito.IdentityPoolCognitoIdentityProviderArgs(
                    client_id=args["user_pool_client_id"], provider_name=user_pool, server_side_token_check=True
                )
            ],
            opts=child,
        )
        role = aws.iam.Role(f"{name}-role", assume_role_policy=pool.id.apply(trust_of_users), opts=child)
        role_policy = aws.iam.RolePolicy(
            f"{name}-policy", role=role.id, policy=policy(call_through_url(args["function_arn"])), opts=child
        )
        roles = aws.cognito.IdentityPoolRoleAttachment(
            f"{name}-roles",
            identity_pool_id=pool.id,
            roles={"authenticated": role.arn},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role_policy]),
        )
        amazon = pulumi.Output.concat("https://cognito-identity.", args["region"], ".amazonaws.com")
        endpoint = args.get("endpoint")
        # Without its role the pool gives nobody credentials.
        self.identity_pool_id = roles.identity_pool_id
        self.endpoint = amazon if endpoint is None else pulumi.Output.from_input(endpoint)
        self.register_outputs({"identity_pool_id": self.identity_pool_id, "endpoint": self.endpoint})
