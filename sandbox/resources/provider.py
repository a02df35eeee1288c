"""Provider resources: which account and region a program's resources go to."""

import json
from typing import cast

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Handler, Request
from sandbox.world import ACCOUNT_ID

CREDENTIALS = (
    *("profile", "sharedConfigFiles", "sharedCredentialsFiles", "accessKey", "secretKey", "token"),
    *("assumeRoles", "assumeRoleWithWebIdentity"),
)
"""Settings that say in whose name, and so into which account, the provider deploys."""


def _create_provider(cloud: Cloud, request: Request) -> Created:
    """Settings that are neither text nor set through a list reach a provider as JSON text."""
    inputs = request.inputs
    inputs.text("region")
    for key in CREDENTIALS:
        if inputs.optional_text(key) is not None:
            raise ResourceRefused(
                f"{key} is set, but the sandbox has one account, its own: leave it out (-c aws:{key}=)"
            )
    inputs.without_effect("skipRegionValidation", "skipCredentialsValidation", "skipMetadataApiCheck", "maxRetries")
    allowed = inputs.optional_text("allowedAccountIds")
    if allowed is not None and ACCOUNT_ID not in json.loads(allowed):
        raise ResourceRefused(f"allowedAccountIds is {allowed}, but the sandbox's account is {ACCOUNT_ID}")
    forbidden = inputs.optional_text("forbiddenAccountIds")
    if forbidden is not None and ACCOUNT_ID in json.loads(forbidden):
        raise ResourceRefused(f"AWS account ID not allowed: {ACCOUNT_ID} (forbiddenAccountIds is {forbidden})")
    default_tags = cast("dict[str, dict[str, str]]", json.loads(inputs.optional_text("defaultTags") or "{}"))
    cloud.default_tags[request.urn] = default_tags.get("tags", {})
    return Created(request.stable_id(32), {})


HANDLERS = (Handler("pulumi:providers:aws", _create_provider),)
