"""A WebSocket API, piece by piece, and what API Gateway refuses of it."""

import re
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from sandbox.world import RouteSettings
from tests.sandbox.resources.account import Account

API = "aws:apigatewayv2/api:Api"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
ROUTE = "aws:apigatewayv2/route:Route"
DEPLOYMENT = "aws:apigatewayv2/deployment:Deployment"
STAGE = "aws:apigatewayv2/stage:Stage"


class WebSocket:
    """An API with one integration."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.created = account.create(
            API, "api", protocolType="WEBSOCKET", routeSelectionExpression="$request.body.type"
        )
        self.api_id = self.created.id
        self.uri = account.function("routes").outputs["invokeArn"]
        self.target = f"integrations/{self.add(INTEGRATION, 'routes', **self.proxy()).id}"

    def add(self, type_token: str, name: str, /, **inputs: Any) -> Any:
        return self.account.create(type_token, name, **{"apiId": self.api_id, **inputs})

    def proxy(self) -> dict[str, Any]:
        return {"integrationType": "AWS_PROXY", "integrationUri": self.uri}


@pytest.fixture
def api(account: Account) -> WebSocket:
    return WebSocket(account)


def test_an_api_is_reached_at_an_address_of_the_sandbox(api: WebSocket) -> None:
    assert api.created.outputs["apiEndpoint"] == f"ws://127.0.0.1:9100/execute-api/{api.api_id}"
    assert api.created.outputs["executionArn"] == f"arn:aws:execute-api:us-east-1:000000000000:{api.api_id}"


def test_a_stage_serves_the_routes_of_its_deployment(api: WebSocket) -> None:
    authorizer = api.add(AUTHORIZER, "tokens", authorizerType="REQUEST", authorizerUri=api.uri)
    protected = {"authorizationType": "CUSTOM", "authorizerId": authorizer.id}
    api.add(ROUTE, "connect", routeKey="$connect", target=api.target, **protected)
    api.add(ROUTE, "default", routeKey="$default", target=api.target)
    deployment = api.add(DEPLOYMENT, "deployment", triggers={"routes": "hash"})
    inputs: dict[str, Any] = {
        "deploymentId": deployment.id,
        "defaultRouteSettings": {"throttlingRateLimit": 5, "throttlingBurstLimit": 9},
    }
    nowhere = {"destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:nowhere", "format": "{}"}
    with pytest.raises(ResourceRefused, match="log-group:nowhere is no log group"):
        api.add(STAGE, "stage", name="live", **inputs, accessLogSettings=nowhere)
    group = api.account.create("aws:cloudwatch/logGroup:LogGroup", "access")
    logs = {"destinationArn": group.outputs["arn"], "format": "{}"}
    stage = api.add(STAGE, "stage", name="live", **inputs, accessLogSettings=logs)
    api.add(ROUTE, "late", routeKey="late", target=api.target)

    kept = api.account.world.websocket_apis[api.api_id]
    assert kept.deployments == {deployment.id: frozenset({"$connect", "$default"})}
    assert kept.stages == {"live": (deployment.id, RouteSettings(5.0, 9))}
    assert kept.routes["$connect"].authorizer_id == authorizer.id
    assert kept.authorizers[authorizer.id].identity_sources == ()
    assert stage.outputs["invokeUrl"] == f"ws://127.0.0.1:9100/execute-api/{api.api_id}/live"


@pytest.mark.parametrize(
    ("type_token", "inputs", "message"),
    [
        (API, {"protocolType": "HTTP"}, "allowed is one of WEBSOCKET"),
        (API, {"protocolType": "WEBSOCKET", "apiId": None}, "routeSelectionExpression is required"),
        (DEPLOYMENT, {}, "At least one route is required"),
        (DEPLOYMENT, {"apiId": "absent"}, "Invalid API identifier specified absent"),
        (STAGE, {"deploymentId": "absent"}, "no deployment of this API"),
        (ROUTE, {"routeKey": "send", "target": "integrations/absent"}, "integrations/<id> of an integration"),
        (INTEGRATION, {"integrationType": "HTTP"}, "allowed is one of AWS_PROXY"),
        (INTEGRATION, {"integrationType": "AWS_PROXY", "integrationUri": "http://x"}, "a function's invoke_arn"),
        (AUTHORIZER, {"authorizerType": "JWT"}, "allowed is one of REQUEST"),
    ],
)
def test_what_api_gateway_would_not_take_is_refused(
    api: WebSocket, type_token: str, inputs: dict[str, Any], message: str
) -> None:
    given = {key: value for key, value in {"apiId": api.api_id, **inputs}.items() if value is not None}
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        api.account.create(type_token, "x", **given)


def test_an_integration_ends_at_29_seconds(api: WebSocket) -> None:
    with pytest.raises(ResourceRefused, match="from 50 to 29000"):
        api.add(INTEGRATION, "slow", timeoutMilliseconds=30_000, **api.proxy())


def test_only_connect_is_authorized(api: WebSocket) -> None:
    authorizer = api.add(AUTHORIZER, "tokens", authorizerType="REQUEST", authorizerUri=api.uri)
    protected = {"authorizationType": "CUSTOM", "authorizerId": authorizer.id}
    with pytest.raises(ResourceRefused, match=r"restricted to the \$connect route only"):
        api.add(ROUTE, "send", routeKey="send", target=api.target, **protected)


def test_route_responses_are_not_emulated(api: WebSocket) -> None:
    with pytest.raises(ResourceRefused, match="routeResponseSelectionExpression: misspelt, or not emulated"):
        api.add(ROUTE, "d", routeKey="$default", target=api.target, routeResponseSelectionExpression="$default")


def test_data_trace_is_refused_because_it_logs_prompts(api: WebSocket) -> None:
    api.add(ROUTE, "default", routeKey="$default", target=api.target)
    deployment = api.add(DEPLOYMENT, "deployment")
    with pytest.raises(ResourceRefused, match="leave it off"):
        api.add(STAGE, "s", deploymentId=deployment.id, defaultRouteSettings={"dataTraceEnabled": True})
