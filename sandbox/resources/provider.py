"""Provider resources: which account and region a program's resources go to."""

import json
from collections.abc import Mapping
from typing import cast

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Entry, Handler, Request, Standing
from sandbox.resources.inputs import Inputs
from sandbox.world import ACCOUNT_ID

CREDENTIALS = (
    *("profile", "sharedConfigFiles", "sharedCredentialsFiles", "accessKey", "secretKey", "token"),
    *("assumeRoles", "assumeRoleWithWebIdentity"),
)
"""Settings that say in whose name, and so into which account, the provider deploys."""


def _put_provider(cloud: Cloud, request: Request) -> Created:
    """Settings that are neither text nor set through a list reach a provider as JSON text."""
    cloud.default_tags[request.urn] = tags_of(cloud, request.inputs)
    return Created(request.id or request.stable_id(32), {})


def tags_of(cloud: Cloud, inputs: Inputs) -> Mapping[str, str]:
    """The default tags in the settings of a provider. Raises ResourceRefused for settings of another account."""
    region = inputs.text("region")
    if region != cloud.world.region:
        raise ResourceRefused(
            f"region is {region!r}, but this sandbox is {cloud.world.region!r} alone: set aws:region", property="region"
        )
    for key in CREDENTIALS:
        if inputs.optional_text(key) is not None:
            raise ResourceRefused(
                f"{key} is set, but the sandbox has one account, its own: leave it out (-c aws:{key}=)", property=key
            )
    inputs.without_effect("skipRegionValidation", "skipCredentialsValidation", "skipMetadataApiCheck", "maxRetries")
    allowed = inputs.optional_text("allowedAccountIds")
    if allowed is not None and ACCOUNT_ID not in json.loads(allowed):
        raise ResourceRefused(f"allowedAccountIds is {allowed}, but the sandbox's account is {ACCOUNT_ID}")
    forbidden = inputs.optional_text("forbiddenAccountIds")
    if forbidden is not None and ACCOUNT_ID in json.loads(forbidden):
        raise ResourceRefused(f"AWS account ID not allowed: {ACCOUNT_ID} (forbiddenAccountIds is {forbidden})")
    default_tags = cast("dict[str, dict[str, str]]", json.loads(inputs.optional_text("defaultTags") or "{}"))
    return default_tags.get("tags", {})


def _place_of_provider(cloud: Cloud, standing: Standing) -> Entry[str, Mapping[str, str]]:
    return Entry(cloud.default_tags, standing.urn)


HANDLERS = (Handler("pulumi:providers:aws", _put_provider, place=_place_of_provider),)
