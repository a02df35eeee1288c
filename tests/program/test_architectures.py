"""What is particular to each way to stream."""

from pathlib import Path

import pytest

from stacks.appsync_stream import API_FIELDS
from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID, ROOT, Deployment

PERMISSION = "aws:lambda/permission:Permission"
URL = "aws:lambda/functionUrl:FunctionUrl"
AUTOMATIC_STATEMENTS = {"FunctionURLAllowPublicAccess", "FunctionURLInvokeAllowPublicAccess"}
"""What the provider under pulumi-aws adds to a URL of auth type NONE by itself, untracked."""


OPEN_URL = {
    "lambda:InvokeFunctionUrl": {"functionUrlAuthType": "NONE"},
    "lambda:InvokeFunction": {"invokedViaFunctionUrl": True},
}
"""Both actions that a call of a URL needs, and the condition that each is bound to."""


def url_permissions(deployment: Deployment, function: str) -> dict[str, dict[str, object]]:
    return {
        permission.inputs["action"]: dict(permission.inputs)
        for permission in deployment.of(PERMISSION)
        if permission.inputs["function"] == f"{function}-0a1b2c3"
    }


@pytest.mark.parametrize("function", ["function-url-handler", "websocket-tickets"])
def test_an_open_function_url_has_both_permissions_under_statement_ids_of_its_own(
    deploy: Deploy, function: str
) -> None:
    permissions = url_permissions(deploy(), function)

    assert permissions.keys() == OPEN_URL.keys()
    for action, condition in OPEN_URL.items():
        assert permissions[action]["principal"] == "*"
        assert condition.items() <= permissions[action].items()
    own = {permission["statementId"] for permission in permissions.values()}
    assert len(own) == 2
    assert not own & AUTOMATIC_STATEMENTS


def test_a_signed_function_url_is_open_to_its_own_account_alone(deploy: Deploy) -> None:
    deployment = deploy(functionUrlAuth="AWS_IAM")
    permissions = url_permissions(deployment, "function-url-handler")

    assert deployment.named("function-url-url", URL).inputs["authorizationType"] == "AWS_IAM"
    assert {permission["principal"] for permission in permissions.values()} == {ACCOUNT_ID}
    assert permissions["lambda:InvokeFunctionUrl"]["functionUrlAuthType"] == "AWS_IAM"
    assert permissions["lambda:InvokeFunction"]["invokedViaFunctionUrl"] is True


def test_behind_a_signed_url_the_token_travels_in_a_header_of_its_own(deploy: Deploy) -> None:
    def variables(auth: str) -> dict[str, str]:
        function = deploy(functionUrlAuth=auth).named("function-url-handler", "aws:lambda/function:Function")
        return function.inputs["environment"]["variables"]

    assert "AWS_LWA_AUTHORIZATION_SOURCE" not in variables("NONE")
    assert variables("AWS_IAM")["AWS_LWA_AUTHORIZATION_SOURCE"] == "x-authorization"


@pytest.mark.parametrize("auth", ["NONE", "AWS_IAM"])
def test_the_function_url_streams_to_the_listed_origins(deploy: Deploy, auth: str) -> None:
    origins = ["https://chat.example.com", "http://localhost:5173"]
    url = deploy(functionUrlAuth=auth, corsOrigins=origins).named("function-url-url", URL)
    cors = url.inputs["cors"]

    assert url.inputs["invokeMode"] == "RESPONSE_STREAM"
    assert cors["allowOrigins"] == origins
    sent = {"authorization", "content-type", "idempotency-key", "last-event-id", "x-vercel-ai-data-stream"}
    assert sent <= set(cors["allowHeaders"])
    assert ("x-authorization" in cors["allowHeaders"]) is (auth == "AWS_IAM")
    assert set(cors["exposeHeaders"]) == {
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-streamways-stream",
        "x-vercel-ai-data-stream",
        "x-vercel-ai-ui-message-stream",
    }
    # Lambda takes method names of at most six letters, and answers OPTIONS by itself.
    assert set(cors["allowMethods"]) == {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_no_page_may_call_until_its_origin_is_named_and_least_of_all_one_of_this_machine(deploy: Deploy) -> None:
    urls = deploy().of(URL)
    assert {url.name: url.inputs["cors"]["allowOrigins"] for url in urls} == {
        "function-url-url": [],
        "websocket-tickets-url": [],
    }


def test_pages_of_the_listed_origins_get_tickets_in_one_piece_and_whatever_the_function_url_asks_for(
    deploy: Deploy,
) -> None:
    origins = ["https://chat.example.com"]
    url = deploy(functionUrlAuth="AWS_IAM", corsOrigins=origins).named("websocket-tickets-url", URL)
    cors = url.inputs["cors"]

    assert url.inputs["authorizationType"] == "NONE"
    assert url.inputs["invokeMode"] == "BUFFERED"
    assert cors["allowOrigins"] == origins
    assert cors["allowMethods"] == ["POST"]
    assert cors["allowHeaders"] == ["authorization", "content-type"]
    assert cors["exposeHeaders"] == ["retry-after"]


def test_pages_of_the_listed_origins_alone_may_connect(deploy: Deploy) -> None:
    origins = ["https://chat.example.com", "http://localhost:5173"]
    authorizer = deploy(corsOrigins=origins).named("websocket-authorizer", "aws:lambda/function:Function")
    assert authorizer.inputs["environment"]["variables"]["ALLOWED_ORIGINS"] == ",".join(origins)


def test_reserved_concurrency_bounds_the_function_behind_each_public_url_and_no_other(deploy: Deploy) -> None:
    def reserved(**settings: object) -> dict[str, object]:
        functions = deploy(**settings).of("aws:lambda/function:Function")
        return {
            function.name: function.inputs["reservedConcurrentExecutions"]
            for function in functions
            if "reservedConcurrentExecutions" in function.inputs
        }

    assert reserved() == {}
    assert reserved(reservedConcurrency=5) == {"function-url-handler": 5}
    assert reserved(reservedConcurrency=0) == {"function-url-handler": 0}
    assert reserved(ticketReservedConcurrency=3) == {"websocket-tickets": 3}
    assert reserved(reservedConcurrency=5, ticketReservedConcurrency=0) == {
        "function-url-handler": 5,
        "websocket-tickets": 0,
    }


def test_websocket_frames_are_routed_by_their_type_and_only_connect_is_authorised(deploy: Deploy) -> None:
    deployment = deploy()
    api = deployment.named("websocket-api", "aws:apigatewayv2/api:Api")
    routes = {route.inputs["routeKey"]: route.inputs for route in deployment.of("aws:apigatewayv2/route:Route")}

    assert api.inputs["routeSelectionExpression"] == "$request.body.type"
    assert {key: route["authorizationType"] for key, route in routes.items()} == {
        "$connect": "CUSTOM",
        "$disconnect": "NONE",
        "$default": "NONE",
    }
    assert routes["$connect"]["authorizerId"] == "websocket-authorizer-id"
    # A route response would send what the function returns to the client, in a frame that its transport cannot read.
    assert not any("routeResponseSelectionExpression" in route for route in routes.values())


def test_every_route_has_a_proxy_integration_of_its_own(deploy: Deploy) -> None:
    deployment = deploy()
    targets = [route.inputs["target"] for route in deployment.of("aws:apigatewayv2/route:Route")]
    integrations = deployment.of("aws:apigatewayv2/integration:Integration")

    assert sorted(targets) == sorted(f"integrations/{integration.name}-id" for integration in integrations)
    assert len(set(targets)) == 3
    for integration in integrations:
        assert integration.inputs["integrationType"] == "AWS_PROXY"
        assert integration.inputs["timeoutMilliseconds"] == 29_000
        assert "function:websocket-routes-0a1b2c3:live/invocations" in integration.inputs["integrationUri"]
        assert "contentHandlingStrategy" not in integration.inputs


def test_the_authorizer_is_asked_whatever_the_client_sends(deploy: Deploy) -> None:
    (authorizer,) = deploy().of("aws:apigatewayv2/authorizer:Authorizer")
    assert authorizer.inputs["authorizerType"] == "REQUEST"
    assert not authorizer.inputs.get("identitySources")
    assert "function:websocket-authorizer-0a1b2c3:live/invocations" in authorizer.inputs["authorizerUri"]


def test_the_deployment_waits_for_its_routes_and_is_made_anew_when_they_change(deploy: Deploy) -> None:
    deployment = deploy()
    (made,) = deployment.of("aws:apigatewayv2/deployment:Deployment")
    (stage,) = deployment.of("aws:apigatewayv2/stage:Stage")

    assert {route.urn for route in deployment.of("aws:apigatewayv2/route:Route")} <= set(made.dependencies)
    assert len(made.inputs["triggers"]["routes"]) == 64
    assert stage.inputs["deploymentId"] == "websocket-deployment-id"
    assert not stage.inputs.get("autoDeploy")


@pytest.mark.parametrize(
    ("settings", "rate", "burst"),
    [({}, 500, 1_000), ({"webSocketRequestsPerSecond": 50, "webSocketRequestBurst": 100}, 50, 100)],
)
def test_each_route_of_the_stage_is_bounded_by_rate_and_by_burst_and_by_nothing_else(
    deploy: Deploy, settings: dict[str, object], rate: int, burst: int
) -> None:
    # Given one limit alone, the provider sends 0 for the other, and API Gateway refuses every call.
    (stage,) = deploy(**settings).of("aws:apigatewayv2/stage:Stage")
    assert stage.inputs["defaultRouteSettings"] == {"throttlingRateLimit": rate, "throttlingBurstLimit": burst}


def test_appsync_takes_users_of_the_pool_and_publishes_by_iam(deploy: Deploy) -> None:
    (api,) = deploy().of("aws:appsync/graphQLApi:GraphQLApi")
    assert api.inputs["authenticationType"] == "AMAZON_COGNITO_USER_POOLS"
    assert api.inputs["userPoolConfig"] == {
        "userPoolId": "identity-pool-id",
        "defaultAction": "ALLOW",
        "appIdClientRegex": "^(identity-client-id)$",
    }
    assert api.inputs["additionalAuthenticationProviders"] == [{"authenticationType": "AWS_IAM"}]
    assert api.inputs["schema"] == (ROOT / "handlers/appsync/schema.graphql").read_text()


def test_a_graphql_request_is_bounded_in_depth_and_in_invocations(deploy: Deploy) -> None:
    (api,) = deploy().of("aws:appsync/graphQLApi:GraphQLApi")
    assert api.inputs["queryDepthLimit"] == 15
    assert api.inputs["resolverCountLimit"] == 20


def _resolver_files() -> dict[str, Path]:
    """Where the code of each field stands: what the function answers has one resolver."""
    folder = ROOT / "handlers/appsync/resolvers"
    return {path.stem: path for path in folder.glob("*.*.js")} | dict.fromkeys(API_FIELDS, folder / "api.js")


def test_every_resolver_file_resolves_its_field(deploy: Deploy) -> None:
    deployment = deploy()
    files = _resolver_files()
    resolvers = {
        f"{resolver.inputs['type']}.{resolver.inputs['field']}": resolver.inputs
        for resolver in deployment.of("aws:appsync/resolver:Resolver")
    }

    assert set(resolvers) == set(files)
    assert "Mutation.startStream" in resolvers
    for field, resolver in resolvers.items():
        assert resolver["code"] == Path(files[field]).read_text()
        assert resolver["runtime"] == {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}


def test_a_field_has_a_data_source_exactly_when_its_resolver_asks_one(deploy: Deploy) -> None:
    sources = {
        f"{resolver.inputs['type']}.{resolver.inputs['field']}": resolver.inputs["dataSource"]
        for resolver in deploy().of("aws:appsync/resolver:Resolver")
    }
    asking = {field for field, path in _resolver_files().items() if "Invoke" in path.read_text()}

    assert {field for field, source in sources.items() if source == "api"} == asking
    assert {field for field, source in sources.items() if source == "none"} == {
        "Mutation.publishParts",
        "Subscription.onParts",
    }


def test_one_function_is_the_only_data_source_with_data(deploy: Deploy) -> None:
    sources = {source.inputs["name"]: source.inputs for source in deploy().of("aws:appsync/dataSource:DataSource")}
    assert {name: source["type"] for name, source in sources.items()} == {"api": "AWS_LAMBDA", "none": "NONE"}
    assert sources["api"]["lambdaConfig"]["functionArn"].endswith(":function:appsync-api-0a1b2c3:live")
    assert sources["api"]["serviceRoleArn"].endswith(":role/appsync-source-0a1b2c3")


@pytest.mark.parametrize("architecture", ["function-url", "websocket", "appsync"])
def test_each_minute_a_reaper_ends_what_dead_workers_left(deploy: Deploy, architecture: str) -> None:
    deployment = deploy()
    name = f"{architecture}-reaper"
    rule = deployment.named(f"{name}-sweep", "aws:cloudwatch/eventRule:EventRule")
    target = deployment.named(f"{name}-sweep", "aws:cloudwatch/eventTarget:EventTarget")
    permission = deployment.named(f"{name}-sweep", PERMISSION)

    assert rule.inputs["scheduleExpression"] == "rate(1 minute)"
    assert target.inputs["rule"] == f"{name}-sweep-0a1b2c3"
    assert target.inputs["arn"].endswith(f":function:{name}-0a1b2c3:live")
    assert permission.urn in target.dependencies
    assert permission.inputs["function"] == f"{name}-0a1b2c3"
