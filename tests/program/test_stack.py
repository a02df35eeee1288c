"""What a stack holds for each choice of architectures, and how its resources hang together."""

import itertools
import json

import pytest

from shared.contract.architectures import DESCRIPTORS
from shared.contract.outputs import Output
from streamways.clients.client import ARCHITECTURES
from tests.program.conftest import Deploy
from tests.program.recording import STACK_TYPE

SUBSETS = [
    subset for size in range(1, len(ARCHITECTURES) + 1) for subset in itertools.combinations(ARCHITECTURES, size)
]
OUTPUTS_OF_EVERY_STACK = {"region", "userPoolId", "userPoolClientId", "issuer", "cognitoEndpoint"}
OUTPUTS = {
    "function-url": {"functionUrl"},
    "websocket": {"webSocketUrl", "webSocketTicketUrl"},
    "appsync": {"appSyncUrl", "appSyncRealtimeUrl"},
}
COMPONENTS = {
    "function-url": "streamways:index:FunctionUrlStream",
    "websocket": "streamways:index:WebSocketStream",
    "appsync": "streamways:index:AppSyncStream",
}
FUNCTIONS = {
    "function-url": {"function-url-handler", "function-url-reaper"},
    "websocket": {
        "websocket-authorizer",
        "websocket-tickets",
        "websocket-routes",
        "websocket-worker",
        "websocket-reaper",
    },
    "appsync": {"appsync-api", "appsync-worker", "appsync-reaper"},
}

TYPES = {
    "aws:apigatewayv2/api:Api",
    "aws:apigatewayv2/authorizer:Authorizer",
    "aws:apigatewayv2/deployment:Deployment",
    "aws:apigatewayv2/integration:Integration",
    "aws:apigatewayv2/route:Route",
    "aws:apigatewayv2/stage:Stage",
    "aws:appsync/dataSource:DataSource",
    "aws:appsync/graphQLApi:GraphQLApi",
    "aws:appsync/resolver:Resolver",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cognito/userGroup:UserGroup",
    "aws:cognito/userPool:UserPool",
    "aws:cognito/userPoolClient:UserPoolClient",
    "aws:dynamodb/table:Table",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:lambda/alias:Alias",
    "aws:lambda/function:Function",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "aws:lambda/functionUrl:FunctionUrl",
    "aws:lambda/permission:Permission",
    "pulumi:providers:aws",
}
"""Every type of the program; the sandbox implements these."""


@pytest.mark.parametrize("chosen", SUBSETS, ids="+".join)
def test_a_stack_holds_the_chosen_architectures_and_no_others(deploy: Deploy, chosen: tuple[str, ...]) -> None:
    deployment = deploy(architectures=list(chosen))

    assert set(deployment.outputs) == OUTPUTS_OF_EVERY_STACK.union(*(OUTPUTS[name] for name in chosen))
    assert all(deployment.outputs.values())
    components = {COMPONENTS[name] for name in ARCHITECTURES if deployment.of(COMPONENTS[name])}
    assert components == {COMPONENTS[name] for name in chosen}
    functions = {function.name for function in deployment.of("aws:lambda/function:Function")}
    assert functions == set().union(*(FUNCTIONS[name] for name in chosen))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_has_the_outputs_and_the_function_that_its_descriptor_names(deploy: Deploy, name: str) -> None:
    deployment, descriptor = deploy(architectures=[name]), DESCRIPTORS[name]

    assert set(deployment.outputs) == {*Output, *descriptor.outputs}
    generating = deployment.named(descriptor.generates, "aws:lambda/function:Function")
    asynchronous = deployment.of("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    names = {config.inputs["functionName"].removesuffix("-0a1b2c3") for config in asynchronous}
    assert "MODEL_ID" in generating.inputs["environment"]["variables"]
    assert (generating.name in names) is descriptor.worker


def test_outputs_are_the_addresses_that_aws_answered_with(deploy: Deploy) -> None:
    assert deploy().outputs == {
        "region": "us-east-1",
        "userPoolId": "identity-pool-id",
        "userPoolClientId": "identity-client-id",
        "issuer": "https://cognito-idp.us-east-1.amazonaws.com/identity-pool-id",
        "cognitoEndpoint": "https://cognito-idp.us-east-1.amazonaws.com",
        "functionUrl": "https://function-url-url-0a1b2c3.lambda-url.us-east-1.on.aws/",
        "webSocketUrl": "wss://ws1.execute-api.us-east-1.amazonaws.com/live",
        "webSocketTicketUrl": "https://websocket-tickets-url-0a1b2c3.lambda-url.us-east-1.on.aws/",
        "appSyncUrl": "https://gql1.appsync-api.us-east-1.amazonaws.com/graphql",
        "appSyncRealtimeUrl": "wss://gql1.appsync-realtime-api.us-east-1.amazonaws.com/graphql",
    }


def test_the_program_uses_the_types_that_the_sandbox_knows(deploy: Deploy) -> None:
    types = {resource.type for resource in deploy().resources.values()}
    assert {name for name in types if not name.startswith("streamways:") and name != STACK_TYPE} == TYPES


def test_the_account_is_the_only_thing_that_the_program_asks_aws_for(deploy: Deploy) -> None:
    assert deploy().calls == ["aws:index/getCallerIdentity:getCallerIdentity"]


def test_every_resource_has_a_component_for_a_parent(deploy: Deploy) -> None:
    deployment = deploy()
    (stack,) = deployment.of(STACK_TYPE)

    for resource in deployment.resources.values():
        if resource.type.startswith("aws:"):
            parent = deployment.resources[resource.parent]
            assert parent.type.startswith("streamways:index:"), f"{resource.name} is a child of {parent.type}"
        elif resource is not stack:
            assert resource.parent, f"{resource.name} is an orphan"


def test_everything_is_tagged_with_project_stack_and_environment(deploy: Deploy) -> None:
    (provider,) = deploy("pr-7", architectures=["appsync"]).of("pulumi:providers:aws")
    tags = {"project": "streamways", "stack": "pr-7", "environment": "preview"}
    assert json.loads(provider.inputs["defaultTags"]) == {"tags": tags}
