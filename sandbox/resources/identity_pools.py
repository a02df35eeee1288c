"""Amazon Cognito identity pools, and the role of their users.

https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/Welcome.html
"""

from dataclasses import dataclass

from sandbox.errors import ResourceRefused
from sandbox.identities import IdentityPool, IdentityProvider
from sandbox.resources.handler import Cloud, Created, Entry, Gone, Handler, Request, Standing, all_tags
from sandbox.resources.inputs import Inputs
from sandbox.world import ACCOUNT_ID

ID_DIGITS = 32
ROLES = ("authenticated",)


def _put_pool(cloud: Cloud, request: Request) -> Created:
    inputs, pools, region = request.inputs, cloud.world.identity_pools, cloud.world.region
    inputs.text("identityPoolName")
    for switch in ("allowUnauthenticatedIdentities", "allowClassicFlow"):
        if inputs.flag(switch):
            raise ResourceRefused(f"{switch} is true, and the sandbox gives credentials to signed-in users alone")
    providers = tuple(map(_provider, inputs.blocks("cognitoIdentityProviders")))
    pool_id = request.id or _pool_id(region, request.own_id(ID_DIGITS, [_digits(taken) for taken in pools]))
    found = pools.get(pool_id)
    pools[pool_id] = (
        IdentityPool(pool_id, providers, found.role_arn, found.identities)
        if found
        else IdentityPool(pool_id, providers)
    )
    arn = f"arn:aws:cognito-identity:{region}:{ACCOUNT_ID}:identitypool/{pool_id}"
    return Created(pool_id, {"arn": arn, "tagsAll": all_tags(request)})


def _provider(block: Inputs) -> IdentityProvider:
    return IdentityProvider(block.text("providerName"), block.text("clientId"), block.flag("serverSideTokenCheck"))


def _pool_id(region: str, digits: str) -> str:
    """`us-east-1:` and a UUID."""
    return f"{region}:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _digits(pool_id: str) -> str:
    return pool_id.partition(":")[2].replace("-", "")


def _put_roles(cloud: Cloud, request: Request) -> Created:
    """https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_SetIdentityPoolRoles.html"""
    pool = cloud.world.identity_pools.get(pool_id := request.inputs.text("identityPoolId"))
    if pool is None:
        raise ResourceRefused(f"ResourceNotFoundException: IdentityPool '{pool_id}' not found.")
    roles = request.inputs.text_by_name("roles")
    if others := sorted(set(roles) - {*ROLES}):
        raise ResourceRefused(
            f"roles has {', '.join(others)}, and the sandbox gives credentials to signed-in users alone"
        )
    pool.role_arn = roles.get("authenticated")
    return Created(pool_id, {})


@dataclass(frozen=True)
class AttachedRole:
    """The role that an identity pool gives its users."""

    pool: IdentityPool

    def holds(self) -> bool:
        """Whether there is one."""
        return self.pool.role_arn is not None

    def clear(self) -> None:
        """From now on nobody gets credentials."""
        self.pool.role_arn = None


def _place_of_pool(cloud: Cloud, standing: Standing) -> Entry[str, IdentityPool]:
    return Entry(cloud.world.identity_pools, standing.id)


def _place_of_roles(cloud: Cloud, standing: Standing) -> AttachedRole:
    pool = cloud.world.identity_pools.get(standing.id)
    if pool is None:
        raise Gone
    return AttachedRole(pool)


HANDLERS = (
    Handler(
        "aws:cognito/identityPool:IdentityPool",
        _put_pool,
        place=_place_of_pool,
        # The provider replaces a pool for another name, though UpdateIdentityPool takes one:
        # https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cognito_identity_pool
        replaces=("identityPoolName",),
        computed=("arn",),
        tagged=True,
    ),
    Handler(
        "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment",
        _put_roles,
        place=_place_of_roles,
        # https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_SetIdentityPoolRoles.html: of one pool
        replaces=("identityPoolId",),
    ),
)
