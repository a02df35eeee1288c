"""Each architecture alone in another program, with a user pool of its own: the sample on the architecture's page."""

import re
from dataclasses import dataclass

import pytest

from tests.docs.pages import DOCS, page
from tests.program.recording import ACCOUNT_ID, ROOT, STACK_TYPE, Deployment, Resource, run

TYPES = {
    "functions": "aws:lambda/function:Function",
    "streams table": "aws:dynamodb/table:Table",
    "user pool": "aws:cognito/userPool:UserPool",
    "app client": "aws:cognito/userPoolClient:UserPoolClient",
    "function URL": "aws:lambda/functionUrl:FunctionUrl",
    "WebSocket API": "aws:apigatewayv2/api:Api",
    "GraphQL API": "aws:appsync/graphQLApi:GraphQLApi",
}
"""The first cell of a row of the page: what its resources are."""
OUTPUTS = "stack outputs"
HEADING = "Alone in another program"
POOL = "https://cognito-idp.us-east-1.amazonaws.com/identity-pool-id"


@dataclass(frozen=True)
class Sample:
    """A program in `docs/examples/` and the page that shows it."""

    name: str
    component: str

    @property
    def page(self) -> str:
        return f"docs/architectures/{self.name}.md"

    @property
    def file(self) -> str:
        return f"{self.name.replace('-', '_')}_alone.py"

    def deployed(self) -> Deployment:
        """What it registers when the stack has no configuration at all."""
        return run({}, "dev", program=DOCS / "examples" / self.file)


SAMPLES = [
    Sample("function-url", "FunctionUrlStream"),
    Sample("websocket", "WebSocketStream"),
    Sample("appsync", "AppSyncStream"),
]


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda sample: sample.name)
def sample(request: pytest.FixtureRequest) -> Sample:
    return request.param


@pytest.fixture(scope="module")
def deployment(sample: Sample) -> Deployment:
    return sample.deployed()


def custom(deployment: Deployment) -> list[Resource]:
    """The resources that a provider makes."""
    return [resource for resource in deployment.resources.values() if resource.type.startswith("aws:")]


def top(deployment: Deployment) -> list[Resource]:
    """The resources that the program itself registers, and no component of it."""
    (stack,) = deployment.of(STACK_TYPE)
    return [resource for resource in deployment.resources.values() if resource.parent == stack.urn]


def test_the_sample_makes_what_its_page_says(sample: Sample, deployment: Deployment) -> None:
    said = {label: set(re.findall(r"`(.+?)`", names)) for label, names in page(sample.page).table_after(HEADING)}
    made = {label: {resource.name for resource in deployment.of(type_)} for label, type_ in TYPES.items()}
    assert said == {label: names for label, names in {**made, OUTPUTS: set(deployment.outputs)}.items() if names}


def test_it_has_the_one_component_the_streaming_core_and_an_identity(sample: Sample, deployment: Deployment) -> None:
    components = [one.type for one in top(deployment) if one.type.startswith("streamways:")]
    wanted = (sample.component, "StreamingCore", "Identity")
    assert sorted(components) == sorted(f"streamways:index:{name}" for name in wanted)


def test_every_resource_goes_to_the_program_s_own_provider(deployment: Deployment) -> None:
    (provider,) = deployment.of("pulumi:providers:aws")
    assert not [one.urn for one in custom(deployment) if not one.provider.startswith(provider.urn)]


def test_everything_of_a_component_is_its_child(deployment: Deployment) -> None:
    assert not [one.urn for one in top(deployment) if one.type.startswith("aws:")]


def test_the_tokens_of_the_programs_own_pool_are_the_ones_that_count(sample: Sample, deployment: Deployment) -> None:
    functions = [one.inputs["environment"]["variables"] for one in deployment.of(TYPES["functions"])]
    clients = {variables["TOKEN_CLIENT_IDS"] for variables in functions if "TOKEN_CLIENT_IDS" in variables}
    assert clients == {"identity-client-id"}
    issuers = {(variables.get("TOKEN_ISSUER"), variables.get("TOKEN_JWKS_URL")) for variables in functions}
    checked_by_aws = [one.inputs["userPoolConfig"] for one in deployment.of(TYPES["GraphQL API"])]
    if sample.name == "appsync":
        assert issuers == {(None, None)}, "AppSync has checked the issuer before any function runs"
        assert [(pool["userPoolId"], pool["appIdClientRegex"]) for pool in checked_by_aws] == [
            ("identity-pool-id", "^(identity-client-id)$")
        ]
    else:
        assert issuers - {(None, None)} == {(POOL, f"{POOL}/.well-known/jwks.json")}


def test_its_settings_are_those_of_the_stack(sample: Sample) -> None:
    settings = {
        "model": "us.amazon.nova-pro-v1:0",
        "maxOutputTokens": "77",
        "cognitoEndpoint": "http://sandbox/cognito",
    }
    config = {f"streamways:{key}": value for key, value in settings.items()}
    deployed = run({**config, "aws:region": "us-west-2"}, "dev", program=DOCS / "examples" / sample.file)
    functions = [one.inputs["environment"]["variables"] for one in deployed.of(TYPES["functions"])]
    found = {value for variables in functions for value in variables.values()}
    assert {"us.amazon.nova-pro-v1:0", "77"} <= found
    if sample.name != "appsync":
        assert "http://sandbox/cognito/identity-pool-id/.well-known/jwks.json" in found
    assert {one.inputs["region"] for one in deployed.of("pulumi:providers:aws")} == {"us-west-2"}


def test_nobody_can_sign_up_by_themselves(deployment: Deployment) -> None:
    (pool,) = deployment.of(TYPES["user pool"])
    assert pool.inputs["adminCreateUserConfig"] == {"allowAdminCreateUserOnly": True}


def test_the_functions_may_call_one_model_of_the_account(deployment: Deployment) -> None:
    policies = " ".join(str(one.inputs["policy"]) for one in deployment.of("aws:iam/rolePolicy:RolePolicy"))
    assert set(re.findall(r"arn:aws:bedrock:[^\"]+", policies)) == {
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    }
    assert ACCOUNT_ID in policies


ISSUER = "https://example.eu.auth0.com/"


def test_a_foreign_issuer_takes_the_place_of_a_pool() -> None:
    deployment = run({}, "dev", program=DOCS / "examples" / "foreign_issuer.py")

    assert deployment.of(TYPES["user pool"]) == deployment.of(TYPES["app client"]) == []
    (api,) = deployment.of(TYPES["GraphQL API"])
    assert api.inputs["openidConnectConfig"] == {
        "issuer": ISSUER,
        "clientId": r"^(https://chat\.example\.com/api)$",
    }
    (handler,) = (one for one in deployment.of(TYPES["functions"]) if one.name == "over-http-handler")
    told = handler.inputs["environment"]["variables"]
    assert {name: value for name, value in told.items() if name.startswith("TOKEN_")} == {
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_JWKS_URL": f"{ISSUER}.well-known/jwks.json",
        "TOKEN_CLIENT_IDS": "https://chat.example.com/api",
        "TOKEN_CLIENT_CLAIM": "aud",
        "TOKEN_TIER_CLAIM": "https://chat.example.com/tier",
    }


def test_each_architecture_has_a_sample() -> None:
    assert {f"docs/examples/{one.file}" for one in SAMPLES} == {
        path.relative_to(ROOT).as_posix() for path in (DOCS / "examples").glob("*_alone.py")
    }
