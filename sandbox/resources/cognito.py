"""Amazon Cognito user pools, app clients and groups; moto keeps them.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
"""

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
from sandbox.resources.handler import Cloud, Created, Handler, PhysicalName, Request, all_tags
from sandbox.resources.inputs import Inputs

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import CreateUserPoolClientRequestTypeDef, CreateUserPoolRequestTypeDef

MAX_NAME = 128
PASSWORD_LENGTHS = (6, 99)


def _create_pool(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    settings: dict[str, Any] = {
        "PoolName": name,
        "UsernameAttributes": list(inputs.texts("usernameAttributes", allowed=("email", "phone_number"))),
        "AutoVerifiedAttributes": list(inputs.texts("autoVerifiedAttributes", allowed=("email", "phone_number"))),
    }
    policy = inputs.block("passwordPolicy")
    if policy is not None:
        settings["Policies"] = {"PasswordPolicy": _password_policy(policy)}
    names = inputs.block("usernameConfiguration")
    settings["UsernameConfiguration"] = {"CaseSensitive": names.flag("caseSensitive", True) if names else True}
    creation = inputs.block("adminCreateUserConfig")
    admin_only = creation.flag("allowAdminCreateUserOnly") if creation else False
    settings["AdminCreateUserConfig"] = {"AllowAdminCreateUserOnly": admin_only}
    tier = inputs.optional_text("userPoolTier", allowed=("LITE", "ESSENTIALS", "PLUS")) or "ESSENTIALS"
    inputs.optional_text("mfaConfiguration", allowed=("OFF",))
    inputs.without_effect("accountRecoverySetting", "deletionProtection")
    created = cloud.backend.cognito().create_user_pool(**cast("CreateUserPoolRequestTypeDef", settings))["UserPool"]
    pool_id, arn = created.get("Id", ""), created.get("Arn", "")
    cloud.user_pools[pool_id] = UserPool(pool_id)
    return Created(
        pool_id,
        {
            "arn": arn,
            "endpoint": f"cognito-idp.{world.region}.amazonaws.com/{pool_id}",
            "estimatedNumberOfUsers": 0,
            "mfaConfiguration": "OFF",
            "tagsAll": all_tags(cloud, request),
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


def _create_client(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    pool = _pool(cloud, inputs)
    flows = inputs.texts("explicitAuthFlows", allowed=AUTH_FLOWS) or DEFAULT_AUTH_FLOWS
    existence = inputs.optional_text("preventUserExistenceErrors", allowed=("ENABLED", "LEGACY")) or "LEGACY"
    session_minutes = inputs.integer("authSessionValidity", DEFAULT_SESSION_MINUTES, between=SESSION_MINUTES)
    revocation = inputs.flag("enableTokenRevocation", True)
    settings: dict[str, Any] = {
        "UserPoolId": pool.id,
        "ClientName": inputs.text("name"),
        "GenerateSecret": inputs.flag("generateSecret"),
        "ExplicitAuthFlows": list(flows),
        "PreventUserExistenceErrors": existence,
        "EnableTokenRevocation": revocation,
        "AuthSessionValidity": session_minutes,
        **_lifetimes(inputs),
    }
    answer = cloud.backend.cognito().create_user_pool_client(**cast("CreateUserPoolClientRequestTypeDef", settings))
    created = answer["UserPoolClient"]
    client_id = created.get("ClientId", "")
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


def _create_group(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    pool, name = _pool(cloud, inputs), inputs.text("name")
    if name in pool.groups:
        raise ResourceRefused(f"GroupExistsException: A group with the name already exists. ({name})")
    cloud.backend.cognito().create_group(
        UserPoolId=pool.id, GroupName=name, Description=inputs.optional_text("description") or ""
    )
    inputs.without_effect("precedence")
    pool.groups.append(name)
    return Created(f"{pool.id}/{name}", {})


def _pool(cloud: Cloud, inputs: Inputs) -> UserPool:
    pool_id = inputs.text("userPoolId")
    pool = cloud.user_pools.get(pool_id)
    if pool is None:
        raise ResourceRefused(f"ResourceNotFoundException: User pool {pool_id} does not exist.")
    return pool


HANDLERS = (
    Handler("aws:cognito/userPool:UserPool", _create_pool, PhysicalName("name", MAX_NAME)),
    Handler("aws:cognito/userPoolClient:UserPoolClient", _create_client, PhysicalName("name", MAX_NAME)),
    Handler("aws:cognito/userGroup:UserGroup", _create_group, PhysicalName("name", MAX_NAME)),
)
