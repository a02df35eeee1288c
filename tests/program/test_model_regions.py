"""A model that the stack's region does not have is refused before anything is deployed, as far as that can be known."""

import json

import pytest

from stacks.model_regions import CALLED_IN, ROUTES
from stacks.settings.stack import Settings
from tests.program.recording import ROOT
from tests.program.test_settings import problems, read, values

HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
"""A model that the catalogue does not have."""
PRICES = json.loads((ROOT / "shared/prices.json").read_text())


def settings(model: str, region: str, *model_regions: str) -> Settings:
    return read(values(model=model, modelRegions=list(model_regions)), region)


def refusal(model: str, region: str, *model_regions: str) -> str:
    (problem,) = problems(region, model=model, modelRegions=list(model_regions))
    return problem


@pytest.mark.parametrize("model", PRICES["models"])
def test_every_model_with_a_price_is_accepted_in_the_region_of_its_price(model: str) -> None:
    assert settings(model, PRICES["region"]).model.id == model


@pytest.mark.parametrize(
    ("model", "regions"), [*CALLED_IN.items(), *((model, tuple(ROUTES[model])) for model in ROUTES)]
)
def test_a_catalogued_model_is_accepted_wherever_it_is_called_from(model: str, regions: tuple[str, ...]) -> None:
    for region in regions:
        assert settings(model, region).model.regions == ROUTES.get(model, {}).get(region, ())


def test_the_default_model_is_refused_where_it_answers_through_a_profile_alone() -> None:
    problem = refusal("amazon.nova-lite-v1:0", "eu-central-1")
    assert problem.startswith('streamways:model is "amazon.nova-lite-v1:0": it is not called in eu-central-1')
    assert "set it to eu.amazon.nova-lite-v1:0" in problem
    assert "`aws bedrock list-foundation-models --region eu-central-1" in problem
    assert "modelRegions to eu-central-1" in problem


def test_a_model_without_a_profile_is_refused_with_the_regions_that_have_it() -> None:
    problem = refusal("openai.gpt-oss-20b-1:0", "ca-central-1")
    assert "it is not called in ca-central-1" in problem
    assert "us-east-1" in problem
    assert "eu-west-2" in problem


def test_a_model_that_has_no_id_of_its_own_anywhere_is_refused_with_its_profiles() -> None:
    problem = refusal("amazon.nova-2-lite-v1:0", "us-east-1")
    assert "set it to us.amazon.nova-2-lite-v1:0 or global.amazon.nova-2-lite-v1:0" in problem


def test_a_profile_is_refused_where_it_is_not_called_from() -> None:
    problem = refusal("us.amazon.nova-micro-v1:0", "us-west-1")
    assert "it is not called in us-west-1" in problem
    assert "us-east-1, us-east-2, us-west-2" in problem
    assert "global.amazon.nova-2-lite-v1:0" not in problem, "another model is no advice"


@pytest.mark.parametrize(
    ("model", "region"),
    [
        (f"eu.{HAIKU}", "us-east-1"),
        (f"us.{HAIKU}", "eu-west-1"),
        (f"apac.{HAIKU}", "us-east-1"),
        (f"us.{HAIKU}", "ap-southeast-2"),
        (f"jp.{HAIKU}", "eu-north-1"),
        (f"eu.{HAIKU}", "ca-central-1"),
    ],
)
def test_a_profile_of_another_geography_is_refused_whatever_regions_are_given(model: str, region: str) -> None:
    for given in ((), (region,)):
        problem = refusal(model, region, *given)
        assert problem.startswith("streamways:model is ")
        assert f"is a profile of the geography {model.partition('.')[0]}" in problem
        assert f"which {region} lies outside of" in problem


def test_a_profile_of_another_geography_is_refused_with_the_one_of_its_own() -> None:
    assert "set it to us.amazon.nova-pro-v1:0" in refusal("eu.amazon.nova-pro-v1:0", "us-east-2")
    assert "set it to jp.amazon.nova-2-lite-v1:0" in refusal("us.amazon.nova-2-lite-v1:0", "ap-northeast-1")


def test_what_is_newer_than_the_catalogue_is_accepted_on_the_users_word() -> None:
    assert settings("amazon.nova-lite-v1:0", "eu-central-1", "eu-central-1").model.regions == ()
    assert settings("us.amazon.nova-micro-v1:0", "us-west-1", "us-east-1").model.regions == ("us-east-1",)
    assert "leave the list empty" in refusal("amazon.nova-lite-v1:0", "eu-central-1", "eu-west-1")


@pytest.mark.parametrize("region", ["sa-east-1", "af-south-1", "eu-west-1"])
def test_what_cannot_be_known_is_accepted(region: str) -> None:
    assert settings("zai.glm-4.7", region).model.regions == ()
    assert settings(f"global.{HAIKU}", region).model.regions == ()


def test_where_a_geography_ends_is_not_guessed() -> None:
    # eu. profiles are called from Tel Aviv, some us. profiles from Canada.
    assert settings(f"eu.{HAIKU}", "il-central-1", "eu-west-1").model.regions == ("eu-west-1",)
    assert settings(f"us.{HAIKU}", "ca-central-1", "us-east-1").model.regions == ("us-east-1",)
    assert "name the profile's regions" in refusal(f"eu.{HAIKU}", "il-central-1")


def test_a_profile_routes_within_the_regions_that_the_catalogue_has_for_its_source() -> None:
    assert ROUTES["eu.amazon.nova-lite-v1:0"]["eu-south-1"] == (
        *("eu-central-1", "eu-north-1", "eu-south-1", "eu-west-1", "eu-west-3"),
    )
    assert ROUTES["us.amazon.nova-2-lite-v1:0"]["ca-central-1"] == (
        "ca-central-1",
        "us-east-1",
        "us-east-2",
        "us-west-2",
    )
