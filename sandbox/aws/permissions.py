"""Which IAM actions on which resources a call needs, by service.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs

from sandbox.aws.refusals import CallRefused
from sandbox.aws.table_permissions import of_dynamodb
from sandbox.iam.permission import Permission
from sandbox.world import ACCOUNT_ID

# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html, when called from one of them
_PROFILE_REGIONS = {"us": ("us-east-1", "us-east-2", "us-west-2")}
_GEOGRAPHIES = ("us", "eu", "apac", "au", "ca", "jp")
_GLOBAL = "global"
_FREE_ACTIONS = {"sts:GetCallerIdentity"}


def of_bedrock(region: str, model_id: str, body: bytes) -> list[Permission]:
    """What `ConverseStream` of a model, or of an inference profile, needs."""
    action = "bedrock:InvokeModelWithResponseStream"
    needed = [Permission(action, resource) for resource in _model_resources(region, model_id)]
    guardrail = _object(body).get("guardrailConfig")
    if isinstance(guardrail, dict):
        name = str(cast("dict[str, Any]", guardrail).get("guardrailIdentifier", ""))
        arn = name if name.startswith("arn:") else f"arn:aws:bedrock:{region}:{ACCOUNT_ID}:guardrail/{name}"
        needed.append(Permission("bedrock:ApplyGuardrail", arn))
    return needed


def of_call(
    service: str, region: str, headers: Mapping[str, str], body: bytes, partition_keys: Mapping[str, str]
) -> list[Permission]:
    """What a call that moto serves needs. Raises CallRefused when its action cannot be told.

    `partition_keys`: the attribute that each DynamoDB table is partitioned by, by the table's name.
    """
    targeted = headers.get("x-amz-target", "").rpartition(".")[2]
    in_form = _query_action(headers, body)
    if targeted and in_form:
        raise CallRefused("SerializationException", "A call names its action once: in x-amz-target or in a form.", 400)
    action = targeted or in_form
    if not action:
        raise CallRefused(
            "UnknownOperationException",
            f"The sandbox cannot tell which action of {service} this is: add it to sandbox/aws/permissions.py.",
            501,
        )
    if service == "dynamodb":
        return list(of_dynamodb(region, action, _object(body), partition_keys))
    if service == "cognito-idp":
        pool = _object(body).get("UserPoolId")
        resource = f"arn:aws:cognito-idp:{region}:{ACCOUNT_ID}:userpool/{pool}" if isinstance(pool, str) else "*"
        return [Permission(f"cognito-idp:{action}", resource)]
    if service == "secretsmanager" and isinstance(secret := _object(body).get("SecretId"), str):
        # By its name a secret could be any whose ARN goes on with six characters.
        arn = f"arn:aws:secretsmanager:{region}:{ACCOUNT_ID}:secret:{secret}"
        return [Permission(f"secretsmanager:{action}", secret if secret.startswith("arn:") else arn)]
    permission = f"{service}:{action}"
    return [] if permission in _FREE_ACTIONS else [Permission(permission, "*")]


def _model_resources(region: str, model_id: str) -> list[str]:
    if model_id.startswith("arn:"):
        model_id = model_id.rpartition("/")[2]
    prefix, _, model = model_id.partition(".")
    if prefix == _GLOBAL:
        regions: tuple[str, ...] = (region, "")
    elif prefix in _GEOGRAPHIES:
        known = _PROFILE_REGIONS.get(prefix, ())
        regions = known if region in known else (region,)
    else:
        return [f"arn:aws:bedrock:{region}::foundation-model/{model_id}"]
    profile = f"arn:aws:bedrock:{region}:{ACCOUNT_ID}:inference-profile/{model_id}"
    return [profile, *(f"arn:aws:bedrock:{place}::foundation-model/{model}" for place in regions)]


def _query_action(headers: Mapping[str, str], body: bytes) -> str | None:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    return next(iter(parse_qs(body.decode("utf-8", "replace")).get("Action", [])), None)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document: object = json.loads(body or b"{}")
    except ValueError:
        raise CallRefused("SerializationException", "The request body is not JSON.", 400) from None
    if not isinstance(document, dict):
        raise CallRefused("SerializationException", "The request body is not a JSON object.", 400)
    return cast("Mapping[str, Any]", document)
