"""Which resources a model's answer touches: a foundation model, or an inference profile and the models it routes to.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
"""

from collections.abc import Mapping, Sequence

GLOBAL_PROFILE = "global"
GEOGRAPHIES = frozenset({"us", "eu", "apac", "au", "ca", "jp"})
"""First segments of the ids of geographic inference profiles."""

KNOWN_REGIONS: Mapping[str, tuple[str, ...]] = {"us": ("us-east-1", "us-east-2", "us-west-2")}
"""Where a geography's profiles route to, when called from one of these same regions.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""


def geography(model: str) -> str | None:
    """`us` for `us.amazon.nova-lite-v1:0`; None for a foundation model or a global profile."""
    prefix = model.partition(".")[0]
    return prefix if prefix in GEOGRAPHIES else None


def known_regions(model: str, region: str) -> tuple[str, ...]:
    """The regions that the geographic profile `model` routes to from `region`; empty when they are not known here."""
    regions = KNOWN_REGIONS.get(geography(model) or "", ())
    return regions if region in regions else ()


def model_arns(model: str, *, region: str, account_id: str, model_regions: Sequence[str]) -> list[str]:
    """The resources that a call of `model` from `region` needs `bedrock:InvokeModelWithResponseStream` on.

    `model_regions` are the regions that a geographic profile routes to, and are not looked at for any other model.
    """
    profile = f"arn:aws:bedrock:{region}:{account_id}:inference-profile/{model}"
    prefix, _, routed = model.partition(".")
    if prefix == GLOBAL_PROFILE:
        # A global profile also asks for the model without a region: AWS chooses the region after the check.
        return [profile, *(f"arn:aws:bedrock:{place}::foundation-model/{routed}" for place in (region, ""))]
    if geography(model):
        return [profile, *(f"arn:aws:bedrock:{place}::foundation-model/{routed}" for place in model_regions)]
    return [f"arn:aws:bedrock:{region}::foundation-model/{model}"]
