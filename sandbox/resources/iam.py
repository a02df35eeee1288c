"""AWS Identity and Access Management: roles and their inline policies."""

import json
from typing import cast

from sandbox.errors import ResourceRefused
from sandbox.iam import policies
from sandbox.resources.handler import Cloud, Created, Handler, PhysicalName, Request, all_tags
from sandbox.world import ACCOUNT_ID, PolicyDocument, Role

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MAX_ROLE_NAME = 64
MAX_POLICY_NAME = 128
MAX_INLINE_POLICIES = 10_240
"""Characters of all inline policies of a role together, white space not counted."""
MAX_TRUST_POLICY = 2_048


def _create_role(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    name = inputs.text("name")
    trust_policy = _document(inputs.text("assumeRolePolicy"), "assumeRolePolicy")
    policies.validate_trust(trust_policy)
    if _size(trust_policy) > MAX_TRUST_POLICY:
        raise ResourceRefused(f"assumeRolePolicy has {_size(trust_policy)} characters, allowed are {MAX_TRUST_POLICY}")
    inputs.without_effect("description", "forceDetachPolicies")
    maximum_session = inputs.integer("maxSessionDuration", 3_600, between=(3_600, 43_200))
    path = inputs.optional_text("path") or "/"
    role = Role(name, f"arn:aws:iam::{ACCOUNT_ID}:role{path}{name}", trust_policy)
    if any(other.name == name for other in cloud.world.roles.values()):
        raise ResourceRefused(f"EntityAlreadyExists: the role {name!r} exists already")
    cloud.world.roles[role.arn] = role
    return Created(
        name,
        {
            "arn": role.arn,
            "maxSessionDuration": maximum_session,
            "path": path,
            "tagsAll": all_tags(cloud, request),
            "uniqueId": f"AROA{request.stable_id(16).upper()}",
        },
    )


def _create_role_policy(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    name, role_name = inputs.text("name"), inputs.text("role")
    document = _document(inputs.text("policy"), "policy")
    policies.validate(document)
    role = next((role for role in cloud.world.roles.values() if role.name == role_name), None)
    if role is None:
        raise ResourceRefused(f"NoSuchEntity: role is {role_name!r}, and no role of that name exists")
    role.policies[name] = document
    total = sum(map(_size, role.policies.values()))
    if total > MAX_INLINE_POLICIES:
        raise ResourceRefused(
            f"LimitExceeded: the inline policies of {role_name!r} have {total} characters, "
            f"allowed are {MAX_INLINE_POLICIES}"
        )
    return Created(f"{role_name}:{name}", {})


def _document(text: str, key: str) -> PolicyDocument:
    try:
        document: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise ResourceRefused(f"MalformedPolicyDocument: {key} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ResourceRefused(f"MalformedPolicyDocument: {key} is not a JSON object")
    return cast("PolicyDocument", document)


def _size(document: PolicyDocument) -> int:
    return len(json.dumps(document, separators=(",", ":")))


HANDLERS = (
    Handler("aws:iam/role:Role", _create_role, PhysicalName("name", MAX_ROLE_NAME)),
    Handler("aws:iam/rolePolicy:RolePolicy", _create_role_policy, PhysicalName("name", MAX_POLICY_NAME)),
)
