"""The settings of the model: its id, where it is called and routed to, how long its answers are, and its guardrail."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stacks.model_access import alternatives, geography, is_foreign, known_regions, sources
from stacks.settings.reader import ConfigReader

REGION = re.compile(r"[a-z]{2}-[a-z]+-[0-9]")
"""A region of AWS's commercial partition."""
# The most that a model on Bedrock puts out: https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
MOST_OUTPUT_TOKENS = 128_000

_MODEL = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[a-z0-9]+)*")
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailStreamConfiguration.html
_GUARDRAIL_ID = re.compile(r"[a-z0-9]*")
_GUARDRAIL_VERSION = re.compile(r"([1-9][0-9]{0,7}|DRAFT)?")


@dataclass(frozen=True)
class ModelSettings:
    """Which model answers, where, and how much."""

    id: str
    """As the API takes it."""
    regions: tuple[str, ...]
    """Where a geographic inference profile routes to; empty for any other model."""
    max_output_tokens: int
    guardrail_id: str | None
    guardrail_version: str | None
    """Set exactly when `guardrail_id` is."""

    @classmethod
    def read(cls, reader: ConfigReader, region: str) -> "ModelSettings":
        """Take the model's keys from `reader`, for a stack in `region`; what is wrong is noted there."""
        model = reader.matching(
            "model", _MODEL, "the id (no ARN) of a Bedrock model or inference profile, like amazon.nova-lite-v1:0"
        )
        settings = cls(
            id=model,
            regions=_regions(reader, model, region),
            max_output_tokens=reader.integer("maxOutputTokens", 1, MOST_OUTPUT_TOKENS),
            guardrail_id=reader.matching("guardrailId", _GUARDRAIL_ID, "the guardrail's id, not its ARN") or None,
            guardrail_version=reader.matching("guardrailVersion", _GUARDRAIL_VERSION, "a number or DRAFT") or None,
        )
        _check_guardrail(reader, settings)
        return settings


def _regions(reader: ConfigReader, model: str, region: str) -> tuple[str, ...]:
    """Where a geographic profile routes to; empty for any other model.

    Regions that a user names are taken for what AWS has, where the catalogue of this project has something else.
    """
    key = "modelRegions"
    given = reader.texts(key)
    if given is None:
        return ()
    for name in given:
        if not REGION.fullmatch(name):
            reader.refuse(key, given, f"{name!r} is no region; name regions like us-east-1")
    if is_foreign(model, region):
        where = f"it is a profile of the geography {geography(model)}, which {region} lies outside of"
        reader.refuse("model", model, f"{where}; {_instead(model, region, 'choose a profile of its own geography')}")
        return ()
    called_in = sources(model)
    if called_in is not None and region not in called_in and not given:
        reader.refuse("model", model, _not_called(model, region, called_in))
        return ()
    if not geography(model):
        if given and not (given == (region,) and called_in is not None):
            reader.refuse(key, given, f"{model} does not route between listed regions; leave the list empty")
        return ()
    regions = given or known_regions(model, region)
    if not regions:
        reader.refuse(
            key,
            given,
            f"where {model} routes to from {region} is not known here; name the profile's regions "
            f"(`aws bedrock get-inference-profile --inference-profile-identifier {model}`)",
        )
    return regions


def _not_called(model: str, region: str, called_in: Sequence[str]) -> str:
    """What to say of a model that the catalogue does not have in the stack's region."""
    use = _instead(model, region, f"choose another, or a region out of {', '.join(called_in)}")
    listing = f"aws bedrock list-foundation-models --region {region} --by-inference-type ON_DEMAND"
    if geography(model):
        listing = f"aws bedrock get-inference-profile --region {region} --inference-profile-identifier {model}"
        newer = f"if `{listing}` knows it, name the regions that it lists in modelRegions"
    else:
        newer = f"if `{listing}` has it, set modelRegions to {region}"
    return f"it is not called in {region}, as AWS's pages had it in 2026; {use}; {newer}"


def _instead(model: str, region: str, otherwise: str) -> str:
    others = alternatives(model, region)
    return f"set it to {' or '.join(others)}" if others else otherwise


def _check_guardrail(reader: ConfigReader, settings: ModelSettings) -> None:
    if settings.guardrail_id and not settings.guardrail_version:
        reader.refuse("guardrailVersion", "", f"guardrail {settings.guardrail_id} needs one; set a number or DRAFT")
    if settings.guardrail_version and not settings.guardrail_id:
        reader.refuse("guardrailId", "", f"version {settings.guardrail_version} is of no guardrail; set its id too")
