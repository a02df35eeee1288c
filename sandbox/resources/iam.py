"""AWS Identity and Access Management: roles and their inline policies."""

import json
from typing import cast

from sandbox.errors import ResourceRefused
from sandbox.iam import policies
from sandbox.resources.handler import Cloud, Created, Entry, Gone, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.world import ACCOUNT_ID, PolicyDocument, Role

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MAX_ROLE_NAME = 64
MAX_POLICY_NAME = 128
MAX_INLINE_POLICIES = 10_240
"""Characters of all inline policies of a role together, white space not counted."""
MAX_TRUST_POLICY = 2_048


def _put_role(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    name = inputs.text("name")
    trust_policy = _document(inputs.text("assumeRolePolicy"), "assumeRolePolicy")
    policies.validate_trust(trust_policy)
    if _size(trust_policy) > MAX_TRUST_POLICY:
        raise ResourceRefused(f"assumeRolePolicy has {_size(trust_policy)} characters, allowed are {MAX_TRUST_POLICY}")
    inputs.without_effect("description", "forceDetachPolicies")
    maximum_session = inputs.integer("maxSessionDuration", 3_600, between=(3_600, 43_200))
    path = inputs.optional_text("path") or "/"
    found = _role(cloud, name)
    if found and not request.id:
        raise ResourceRefused(f"EntityAlreadyExists: the role {name!r} exists already")
    role = Role(name, f"arn:aws:iam::{ACCOUNT_ID}:role{path}{name}", trust_policy, found.policies if found else {})
    cloud.world.roles[role.arn] = role
    return Created(
        name,
        {
            "arn": role.arn,
            "maxSessionDuration": maximum_session,
            "path": path,
            "tagsAll": all_tags(request),
            "uniqueId": f"AROA{request.stable_id(16).upper()}",
        },
    )


def _put_role_policy(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    name, role_name = inputs.text("name"), inputs.text("role")
    document = _document(inputs.text("policy"), "policy")
    policies.validate(document)
    role = _role(cloud, role_name)
    if role is None:
        raise ResourceRefused(f"NoSuchEntity: role is {role_name!r}, and no role of that name exists")
    policies_then = {**role.policies, name: document}
    total = sum(map(_size, policies_then.values()))
    if total > MAX_INLINE_POLICIES:
        raise ResourceRefused(
            f"LimitExceeded: the inline policies of {role_name!r} have {total} characters, "
            f"allowed are {MAX_INLINE_POLICIES}"
        )
    role.policies[name] = document
    return Created(f"{role_name}:{name}", {})


def _role(cloud: Cloud, name: str) -> Role | None:
    return next((role for role in cloud.world.roles.values() if role.name == name), None)


def _place_of_role(cloud: Cloud, standing: Standing) -> Entry[str, Role]:
    role = _role(cloud, standing.id)
    if role is None:
        raise Gone
    return Entry(cloud.world.roles, role.arn)


def _place_of_role_policy(cloud: Cloud, standing: Standing) -> Entry[str, PolicyDocument]:
    role_name, _, name = standing.id.partition(":")
    role = _role(cloud, role_name)
    if role is None:
        raise Gone
    return Entry(role.policies, name)


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
    Handler(
        "aws:iam/role:Role",
        _put_role,
        PhysicalName("name", MAX_ROLE_NAME),
        place=_place_of_role,
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
        replaces=("name", "path"),
        computed=("arn", "maxSessionDuration", "path", "uniqueId"),
        tagged=True,
    ),
    Handler(
        "aws:iam/rolePolicy:RolePolicy",
        _put_role_policy,
        PhysicalName("name", MAX_POLICY_NAME),
        place=_place_of_role_policy,
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html: another name is another policy
        replaces=("name", "role"),
    ),
)
