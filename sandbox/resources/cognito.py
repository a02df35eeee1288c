"""Amazon Cognito user pools, app clients and groups; moto keeps them.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sandbox.aws.user_pools import (
    AUTH_FLOWS,
    DEFAULT_AUTH_FLOWS,
    DEFAULT_SESSION_MINUTES,
    DEFAULT_UNITS,
    LIFETIMES,
    SESSION_MINUTES,
    TOKEN_KINDS,
    UNIT_SECONDS,
    UserPool,
)
from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Gone, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.resources.inputs import Inputs
from sandbox.world import ACCOUNT_ID

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import (
        CreateUserPoolClientRequestTypeDef,
        CreateUserPoolRequestTypeDef,
        UpdateUserPoolClientRequestTypeDef,
        UpdateUserPoolRequestTypeDef,
    )

MAX_NAME = 128
PASSWORD_LENGTHS = (6, 99)
PROTECTED = "ACTIVE"


def _put_pool(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    usernames = list(inputs.texts("usernameAttributes", allowed=("email", "phone_number")))
    settings: dict[str, Any] = {
        "PoolName": name,
        "AutoVerifiedAttributes": list(inputs.texts("autoVerifiedAttributes", allowed=("email", "phone_number"))),
    }
    policy = inputs.block("passwordPolicy")
    if policy is not None:
        settings["Policies"] = {"PasswordPolicy": _password_policy(policy)}
    names = inputs.block("usernameConfiguration")
    case = {"CaseSensitive": names.flag("caseSensitive", True) if names else True}
    creation = inputs.block("adminCreateUserConfig")
    admin_only = creation.flag("allowAdminCreateUserOnly") if creation else False
    settings["AdminCreateUserConfig"] = {"AllowAdminCreateUserOnly": admin_only}
    tier = inputs.optional_text("userPoolTier", allowed=("LITE", "ESSENTIALS", "PLUS")) or "ESSENTIALS"
    inputs.optional_text("mfaConfiguration", allowed=("OFF",))
    inputs.without_effect("accountRecoverySetting")
    inputs.optional_text("deletionProtection", allowed=(PROTECTED, "INACTIVE"))
    cognito = cloud.backend.cognito()
    if request.id:
        cognito.update_user_pool(**cast("UpdateUserPoolRequestTypeDef", {"UserPoolId": request.id, **settings}))
        pool_id = request.id
    else:
        settings |= {"UsernameAttributes": usernames, "UsernameConfiguration": case}
        created = cognito.create_user_pool(**cast("CreateUserPoolRequestTypeDef", settings))["UserPool"]
        pool_id = created.get("Id", "")
        cloud.user_pools[pool_id] = UserPool(pool_id)
    return Created(
        pool_id,
        {
            "arn": f"arn:aws:cognito-idp:{world.region}:{ACCOUNT_ID}:userpool/{pool_id}",
            "endpoint": f"cognito-idp.{world.region}.amazonaws.com/{pool_id}",
            "estimatedNumberOfUsers": 0,
            "mfaConfiguration": "OFF",
            "tagsAll": all_tags(request),
            "userPoolTier": tier,
        },
    )


def _password_policy(block: Inputs) -> dict[str, object]:
    return {
        "MinimumLength": block.integer("minimumLength", 8, between=PASSWORD_LENGTHS),
        "RequireLowercase": block.flag("requireLowercase"),
        "RequireNumbers": block.flag("requireNumbers"),
        "RequireSymbols": block.flag("requireSymbols"),
        "RequireUppercase": block.flag("requireUppercase"),
        "TemporaryPasswordValidityDays": block.integer("temporaryPasswordValidityDays", 7, between=(0, 365)),
    }


def _put_client(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    pool = _pool(cloud, inputs)
    flows = inputs.texts("explicitAuthFlows", allowed=AUTH_FLOWS) or DEFAULT_AUTH_FLOWS
    existence = inputs.optional_text("preventUserExistenceErrors", allowed=("ENABLED", "LEGACY")) or "LEGACY"
    session_minutes = inputs.integer("authSessionValidity", DEFAULT_SESSION_MINUTES, between=SESSION_MINUTES)
    revocation = inputs.flag("enableTokenRevocation", True)
    settings: dict[str, Any] = {
        "UserPoolId": pool.id,
        "ClientName": inputs.text("name"),
        "ExplicitAuthFlows": list(flows),
        "PreventUserExistenceErrors": existence,
        "EnableTokenRevocation": revocation,
        "AuthSessionValidity": session_minutes,
        **_lifetimes(inputs),
    }
    has_secret, cognito = inputs.flag("generateSecret"), cloud.backend.cognito()
    if request.id:
        change = cast("UpdateUserPoolClientRequestTypeDef", {"ClientId": request.id, **settings})
        created = cognito.update_user_pool_client(**change)["UserPoolClient"]
    else:
        new = cast("CreateUserPoolClientRequestTypeDef", {"GenerateSecret": has_secret, **settings})
        created = cognito.create_user_pool_client(**new)["UserPoolClient"]
    client_id = created.get("ClientId", "")
    if client_id not in pool.clients:
        pool.clients.append(client_id)
    return Created(
        client_id,
        {
            "authSessionValidity": session_minutes,
            "clientSecret": created.get("ClientSecret", ""),
            "enableTokenRevocation": revocation,
            "explicitAuthFlows": list(flows),
            "preventUserExistenceErrors": existence,
        },
    )


def _lifetimes(inputs: Inputs) -> dict[str, object]:
    """How long the tokens of an app client live, as Cognito's API has it."""
    given_units = inputs.block("tokenValidityUnits")
    units: dict[str, str] = {}
    settings: dict[str, object] = {"TokenValidityUnits": units}
    for kind in TOKEN_KINDS:
        name, (least, most) = kind[0].lower() + kind[1:], LIFETIMES[kind]
        value = inputs.integer(f"{name}Validity", 0, between=(0, most))
        unit = given_units.optional_text(name, allowed=tuple(UNIT_SECONDS)) if given_units else None
        if value == 0:
            continue
        settings[f"{kind}Validity"] = value
        units[kind] = unit or DEFAULT_UNITS[kind]
        if not least <= value * UNIT_SECONDS[units[kind]] <= most:
            raise ResourceRefused(
                f"InvalidParameterException: Invalid range for token validity. {name}Validity is {value} "
                f"{units[kind]}, allowed are {least} to {most} seconds."
            )
    return settings


def _put_group(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    pool, name = _pool(cloud, inputs), inputs.text("name")
    description = inputs.optional_text("description") or ""
    inputs.without_effect("precedence")
    if request.id:
        cloud.backend.cognito().update_group(UserPoolId=pool.id, GroupName=name, Description=description)
        return Created(request.id, {})
    if name in pool.groups:
        raise ResourceRefused(f"GroupExistsException: A group with the name already exists. ({name})")
    cloud.backend.cognito().create_group(UserPoolId=pool.id, GroupName=name, Description=description)
    pool.groups.append(name)
    return Created(f"{pool.id}/{name}", {})


def _pool(cloud: Cloud, inputs: Inputs) -> UserPool:
    pool_id = inputs.text("userPoolId")
    pool = cloud.user_pools.get(pool_id)
    if pool is None:
        raise ResourceRefused(f"ResourceNotFoundException: User pool {pool_id} does not exist.")
    return pool


@dataclass(frozen=True)
class PlaceInMoto:
    """A pool, or what belongs to one: `remove` deletes it in moto, and `known` is where the sandbox itself has it."""

    known: dict[str, UserPool] | list[str]
    key: str
    remove: Callable[[], object]
    protected: bool = False

    def holds(self) -> bool:
        """Whether it is there."""
        return self.key in self.known

    def clear(self) -> None:
        """https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-deletion-protection.html"""
        if self.protected:
            raise ResourceRefused(
                "InvalidParameterException: The user pool cannot be deleted because deletion protection is activated. "
                "Deletion protection must be inactivated first."
            )
        self.remove()
        if isinstance(self.known, dict):
            del self.known[self.key]
        else:
            self.known.remove(self.key)


def _place_of_pool(cloud: Cloud, standing: Standing) -> PlaceInMoto:
    pool_id, protected = standing.id, standing.inputs.get("deletionProtection") == PROTECTED
    cognito = cloud.backend.cognito()
    return PlaceInMoto(cloud.user_pools, pool_id, lambda: cognito.delete_user_pool(UserPoolId=pool_id), protected)


def _place_of_client(cloud: Cloud, standing: Standing) -> PlaceInMoto:
    pool, client_id, cognito = _pool_of(cloud, standing), standing.id, cloud.backend.cognito()
    return PlaceInMoto(
        pool.clients, client_id, lambda: cognito.delete_user_pool_client(UserPoolId=pool.id, ClientId=client_id)
    )


def _place_of_group(cloud: Cloud, standing: Standing) -> PlaceInMoto:
    pool, cognito = _pool_of(cloud, standing), cloud.backend.cognito()
    name = standing.id.partition("/")[2]
    return PlaceInMoto(pool.groups, name, lambda: cognito.delete_group(UserPoolId=pool.id, GroupName=name))


def _pool_of(cloud: Cloud, standing: Standing) -> UserPool:
    pool = cloud.user_pools.get(str(standing.inputs.get("userPoolId")))
    if pool is None:
        raise Gone
    return pool


HANDLERS = (
    Handler(
        "aws:cognito/userPool:UserPool",
        _put_pool,
        PhysicalName("name", MAX_NAME),
        place=_place_of_pool,
        # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html
        replaces=("usernameAttributes", "usernameConfiguration"),
        computed=("arn", "endpoint", "estimatedNumberOfUsers", "mfaConfiguration", "userPoolTier"),
        tagged=True,
    ),
    Handler(
        "aws:cognito/userPoolClient:UserPoolClient",
        _put_client,
        PhysicalName("name", MAX_NAME),
        place=_place_of_client,
        # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPoolClient.html
        replaces=("generateSecret", "userPoolId"),
        computed=(
            *("authSessionValidity", "clientSecret", "enableTokenRevocation"),
            *("explicitAuthFlows", "preventUserExistenceErrors"),
        ),
    ),
    Handler(
        "aws:cognito/userGroup:UserGroup",
        _put_group,
        PhysicalName("name", MAX_NAME),
        place=_place_of_group,
        # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateGroup.html
        replaces=("name", "userPoolId"),
    ),
)
