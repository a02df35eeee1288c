"""Which Bedrock resources a function may touch, for a plain model and for both kinds of inference profile."""

import json

from stacks.model_access import model_arns
from tests.program.conftest import Deploy

ACCOUNT_ID = "123456789012"


def arns(model: str, region: str, *model_regions: str) -> list[str]:
    return model_arns(model, region=region, account_id=ACCOUNT_ID, model_regions=model_regions)


def test_a_foundation_model_is_called_in_the_stacks_region() -> None:
    assert arns("amazon.nova-lite-v1:0", "eu-west-1") == [
        "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"
    ]


def test_a_geographic_profile_needs_itself_and_its_model_wherever_it_routes_to() -> None:
    assert arns("us.amazon.nova-lite-v1:0", "us-east-1", "us-east-1", "us-west-2") == [
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-lite-v1:0",
    ]


def test_a_global_profile_needs_its_model_without_a_region_too() -> None:
    assert arns("global.anthropic.claude-haiku-5-5", "us-east-1") == [
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-haiku-5-5",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-5-5",
        "arn:aws:bedrock:::foundation-model/anthropic.claude-haiku-5-5",
    ]


def test_the_roles_that_generate_get_exactly_the_profiles_resources(deploy: Deploy) -> None:
    deployment = deploy(model="us.amazon.nova-lite-v1:0")
    expected = arns("us.amazon.nova-lite-v1:0", "us-east-1", "us-east-1", "us-east-2", "us-west-2")
    for name in ("function-url-handler", "websocket-worker", "appsync-worker"):
        policy = json.loads(deployment.named(f"{name}-policy", "aws:iam/rolePolicy:RolePolicy").inputs["policy"])
        bedrock = [each for each in policy["Statement"] if each["Action"] == ["bedrock:InvokeModelWithResponseStream"]]
        assert [each["Resource"] for each in bedrock] == [expected]
