"""Which resources a model's answer touches: a foundation model, or an inference profile and the models it routes to.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html
"""

from collections.abc import Mapping, Sequence

from stacks.model_regions import CALLED_IN, ROUTES

GLOBAL_PROFILE = "global"
GEOGRAPHIES = frozenset({"us", "eu", "apac", "au", "ca", "jp"})
"""First segments of the ids of geographic inference profiles."""

KNOWN_REGIONS: Mapping[str, tuple[str, ...]] = {"us": ("us-east-1", "us-east-2", "us-west-2")}
"""Where a geography's profiles route to, when called from one of these same regions.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""

GEOGRAPHIES_OF: Mapping[str, frozenset[str]] = {
    "us": frozenset({"us"}),
    "ca": frozenset({"us", "ca"}),
    "eu": frozenset({"eu"}),
    "ap": frozenset({"apac", "au", "jp"}),
}
"""First part of a region's name → whose profiles it may call. Where the others belong is not known here."""


def geography(model: str) -> str | None:
    """`us` for `us.amazon.nova-lite-v1:0`; None for a foundation model or a global profile."""
    prefix = model.partition(".")[0]
    return prefix if prefix in GEOGRAPHIES else None


def known_regions(model: str, region: str) -> tuple[str, ...]:
    """The regions that the geographic profile `model` routes to from `region`; empty when they are not known here."""
    if model in ROUTES:
        return ROUTES[model].get(region, ())
    regions = KNOWN_REGIONS.get(geography(model) or "", ())
    return regions if region in regions else ()


def is_foreign(model: str, region: str) -> bool:
    """Whether `model` is the profile of a geography that `region` lies outside of."""
    own = GEOGRAPHIES_OF.get(region.partition("-")[0])
    return own is not None and geography(model) is not None and geography(model) not in own


def sources(model: str) -> tuple[str, ...] | None:
    """The regions that `model` is called in; None when they are not known here."""
    return CALLED_IN.get(model) if model not in ROUTES else tuple(ROUTES[model])


def alternatives(model: str, region: str) -> list[str]:
    """Other ids of the same model that are called in `region`."""
    base = _base(model)
    return [other for other in (*ROUTES, *CALLED_IN) if _base(other) == base and region in (sources(other) or ())]


def _base(model: str) -> str:
    """The foundation model that an id stands for."""
    prefix, _, routed = model.partition(".")
    return routed if prefix == GLOBAL_PROFILE or prefix in GEOGRAPHIES else model


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
