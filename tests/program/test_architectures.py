"""What is particular to each way to stream."""

from pathlib import Path

import pytest

from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID, ROOT, Deployment

PERMISSION = "aws:lambda/permission:Permission"
AUTOMATIC_STATEMENT = "FunctionURLAllowPublicAccess"
"""What the provider under pulumi-aws adds to a URL of auth type NONE by itself, untracked."""


def url_permissions(deployment: Deployment) -> dict[str, dict[str, object]]:
    return {
        permission.inputs["action"]: dict(permission.inputs)
        for permission in deployment.of(PERMISSION)
        if permission.inputs["principal"] != "apigateway.amazonaws.com"
    }


def test_an_open_function_url_has_both_permissions_under_statement_ids_of_its_own(deploy: Deploy) -> None:
    call, invoke = (url_permissions(deploy())[f"lambda:{action}"] for action in ("InvokeFunctionUrl", "InvokeFunction"))

    assert call["principal"] == invoke["principal"] == "*"
    assert call["functionUrlAuthType"] == "NONE"
    assert invoke["invokedViaFunctionUrl"] is True
    assert len({call["statementId"], invoke["statementId"], AUTOMATIC_STATEMENT}) == 3


def test_a_signed_function_url_is_open_to_its_own_account_alone(deploy: Deploy) -> None:
    deployment = deploy(functionUrlAuth="AWS_IAM")
    call, invoke = (
        url_permissions(deployment)[f"lambda:{action}"] for action in ("InvokeFunctionUrl", "InvokeFunction")
    )

    assert deployment.named("function-url-url", "aws:lambda/functionUrl:FunctionUrl").inputs["authorizationType"] == (
        "AWS_IAM"
    )
    assert call["principal"] == invoke["principal"] == ACCOUNT_ID
    assert call["functionUrlAuthType"] == "AWS_IAM"
    assert invoke["invokedViaFunctionUrl"] is True


def test_behind_a_signed_url_the_token_travels_in_a_header_of_its_own(deploy: Deploy) -> None:
    def variables(auth: str) -> dict[str, str]:
        function = deploy(functionUrlAuth=auth).named("function-url-handler", "aws:lambda/function:Function")
        return function.inputs["environment"]["variables"]

    assert "AWS_LWA_AUTHORIZATION_SOURCE" not in variables("NONE")
    assert variables("AWS_IAM")["AWS_LWA_AUTHORIZATION_SOURCE"] == "x-authorization"


@pytest.mark.parametrize("auth", ["NONE", "AWS_IAM"])
def test_the_function_url_streams_to_the_listed_origins(deploy: Deploy, auth: str) -> None:
    origins = ["https://chat.example.com", "http://localhost:5173"]
    url = deploy(functionUrlAuth=auth, corsOrigins=origins).named(
        "function-url-url", "aws:lambda/functionUrl:FunctionUrl"
    )
    cors = url.inputs["cors"]

    assert url.inputs["invokeMode"] == "RESPONSE_STREAM"
    assert cors["allowOrigins"] == origins
    assert {"authorization", "content-type", "idempotency-key", "last-event-id"} <= set(cors["allowHeaders"])
    assert ("x-authorization" in cors["allowHeaders"]) is (auth == "AWS_IAM")
    assert {"retry-after", "x-streamways-stream", "x-vercel-ai-ui-message-stream"} == set(cors["exposeHeaders"])
    # Lambda takes method names of at most six letters, and answers OPTIONS by itself.
    assert set(cors["allowMethods"]) == {"GET", "POST"}
    assert not any("*" in value for values in cors.values() if isinstance(values, list) for value in values)


def test_reserved_concurrency_bounds_the_function_behind_the_url_and_no_other(deploy: Deploy) -> None:
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
        assert "function:websocket-routes-0a1b2c3/invocations" in integration.inputs["integrationUri"]
        assert "contentHandlingStrategy" not in integration.inputs


def test_the_authorizer_is_asked_whatever_the_client_sends(deploy: Deploy) -> None:
    (authorizer,) = deploy().of("aws:apigatewayv2/authorizer:Authorizer")
    assert authorizer.inputs["authorizerType"] == "REQUEST"
    assert not authorizer.inputs.get("identitySources")
    assert "function:websocket-authorizer-0a1b2c3/invocations" in authorizer.inputs["authorizerUri"]


def test_the_deployment_waits_for_its_routes_and_is_made_anew_when_they_change(deploy: Deploy) -> None:
    deployment = deploy()
    (made,) = deployment.of("aws:apigatewayv2/deployment:Deployment")
    (stage,) = deployment.of("aws:apigatewayv2/stage:Stage")

    assert {route.urn for route in deployment.of("aws:apigatewayv2/route:Route")} <= set(made.dependencies)
    assert len(made.inputs["triggers"]["routes"]) == 64
    assert stage.inputs["deploymentId"] == "websocket-deployment-id"
    assert not stage.inputs.get("autoDeploy")


def test_the_stage_sets_no_default_route_settings(deploy: Deploy) -> None:
    # Given one of them, the provider sends throttling limits of 0 with it, and API Gateway refuses every call.
    (stage,) = deploy().of("aws:apigatewayv2/stage:Stage")
    assert "defaultRouteSettings" not in stage.inputs


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


def test_every_resolver_file_resolves_its_field(deploy: Deploy) -> None:
    deployment = deploy()
    files = {path.stem: path for path in (ROOT / "handlers/appsync/resolvers").glob("*.js")}
    resolvers = {
        f"{resolver.inputs['type']}.{resolver.inputs['field']}": resolver.inputs
        for resolver in deployment.of("aws:appsync/resolver:Resolver")
    }

    assert set(resolvers) == set(files)
    assert "Mutation.startStream" in resolvers
    for field, resolver in resolvers.items():
        assert resolver["code"] == Path(files[field]).read_text()
        assert resolver["runtime"] == {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}
        assert resolver["dataSource"] == ("start" if field == "Mutation.startStream" else "none")


def test_only_the_start_function_is_a_data_source(deploy: Deploy) -> None:
    sources = {source.inputs["name"]: source.inputs for source in deploy().of("aws:appsync/dataSource:DataSource")}
    assert {name: source["type"] for name, source in sources.items()} == {"start": "AWS_LAMBDA", "none": "NONE"}
    assert sources["start"]["lambdaConfig"]["functionArn"].endswith(":function:appsync-start-0a1b2c3")
    assert sources["start"]["serviceRoleArn"].endswith(":role/appsync-start-source-0a1b2c3")


@pytest.mark.parametrize(("setting", "only_administrators"), [(False, True), (True, False)])
def test_people_sign_up_themselves_only_when_the_setting_says_so(
    deploy: Deploy, setting: bool, only_administrators: bool
) -> None:
    (pool,) = deploy(selfSignUp=setting).of("aws:cognito/userPool:UserPool")
    assert pool.inputs["adminCreateUserConfig"]["allowAdminCreateUserOnly"] is only_administrators


def test_the_app_client_is_public_and_takes_no_password_over_the_wire(deploy: Deploy) -> None:
    (client,) = deploy().of("aws:cognito/userPoolClient:UserPoolClient")
    assert client.inputs["generateSecret"] is False
    assert set(client.inputs["explicitAuthFlows"]) == {
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    }


def test_there_is_a_group_for_each_tier(deploy: Deploy) -> None:
    groups = {group.inputs["name"] for group in deploy().of("aws:cognito/userGroup:UserGroup")}
    assert groups == {"free", "pro", "enterprise"}


def test_the_streams_table_forgets_and_is_paid_by_request(deploy: Deploy) -> None:
    (table,) = deploy().of("aws:dynamodb/table:Table")
    assert (table.inputs["hashKey"], table.inputs["rangeKey"]) == ("pk", "sk")
    assert {attribute["name"]: attribute["type"] for attribute in table.inputs["attributes"]} == {"pk": "S", "sk": "S"}
    assert table.inputs["billingMode"] == "PAY_PER_REQUEST"
    assert table.inputs["ttl"] == {"attributeName": "expiresAt", "enabled": True}
