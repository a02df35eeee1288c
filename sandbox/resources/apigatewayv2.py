"""Amazon API Gateway V2: WebSocket APIs. HTTP APIs are not emulated.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html
"""

import re
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from typing import TypeVar

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Entry, Gone, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.resources.inputs import Inputs
from sandbox.resources.lambda_access import callee_named
from sandbox.world import (
    ACCOUNT_ID,
    RouteSettings,
    WebSocketApi,
    WebSocketAuthorizer,
    WebSocketIntegration,
    WebSocketRoute,
)

INTEGRATION_MILLISECONDS = (50, 29_000)
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""
MAX_NAME = 128
API_ID_LENGTH = 10
ID_LENGTH = 7

_INVOKE_ARN = re.compile(r"arn:aws:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(?P<function>.+)/invocations")


def _put_api(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    inputs.text("protocolType", allowed=("WEBSOCKET",))
    inputs.without_effect("description")
    api_id = request.own_id(API_ID_LENGTH, world.websocket_apis)
    name, selection = inputs.text("name"), inputs.text("routeSelectionExpression")
    found = world.websocket_apis.get(api_id) or WebSocketApi(api_id, name, selection)
    api = replace(found, name=name, route_selection_expression=selection)
    world.websocket_apis[api.api_id] = api
    return Created(
        api.api_id,
        {
            "apiEndpoint": f"{_websocket_origin(cloud)}/execute-api/{api.api_id}",
            "apiKeySelectionExpression": "$request.header.x-api-key",
            "arn": f"arn:aws:apigateway:{world.region}::/apis/{api.api_id}",
            "executionArn": _execution_arn(cloud, api),
            "tagsAll": all_tags(request),
        },
    )


def _put_authorizer(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    api = _api(cloud, inputs)
    inputs.text("name")
    inputs.text("authorizerType", allowed=("REQUEST",))
    authorizer = WebSocketAuthorizer(
        authorizer_id=request.own_id(ID_LENGTH, api.authorizers),
        function_arn=_function_arn(cloud, inputs.text("authorizerUri"), "authorizerUri"),
        identity_sources=inputs.texts("identitySources"),
    )
    api.authorizers[authorizer.authorizer_id] = authorizer
    return Created(authorizer.authorizer_id, {})


def _put_integration(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    api = _api(cloud, inputs)
    inputs.text("integrationType", allowed=("AWS_PROXY",))
    inputs.optional_text("integrationMethod", allowed=("POST",))
    inputs.without_effect("description")
    default = INTEGRATION_MILLISECONDS[1]
    integration = WebSocketIntegration(
        integration_id=request.own_id(ID_LENGTH, api.integrations),
        function_arn=_function_arn(cloud, inputs.text("integrationUri"), "integrationUri"),
        timeout_milliseconds=inputs.integer("timeoutMilliseconds", default, between=INTEGRATION_MILLISECONDS),
    )
    api.integrations[integration.integration_id] = integration
    return Created(
        integration.integration_id,
        {
            "connectionType": "INTERNET",
            "integrationMethod": "POST",
            "payloadFormatVersion": "1.0",
            "timeoutMilliseconds": integration.timeout_milliseconds,
        },
    )


def _put_route(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    api = _api(cloud, inputs)
    key, target = inputs.text("routeKey"), inputs.text("target")
    integration_id = target.removeprefix("integrations/")
    if integration_id not in api.integrations:
        raise ResourceRefused(
            f"BadRequestException: target is {target!r}, allowed is integrations/<id> of an integration"
        )
    route_id = request.own_id(ID_LENGTH, [route.route_id for route in api.routes.values()])
    if key in api.routes and api.routes[key].route_id != route_id:
        raise ResourceRefused(f"ConflictException: Route with key {key} already exists for this API")
    authorization = inputs.optional_text("authorizationType", allowed=("NONE", "CUSTOM")) or "NONE"
    authorizer_id = inputs.optional_text("authorizerId")
    if authorization == "CUSTOM" and authorizer_id not in api.authorizers:
        raise ResourceRefused(
            f"BadRequestException: authorizerId is {authorizer_id!r}, which is no authorizer of this API"
        )
    if authorization == "CUSTOM" and key != "$connect":
        raise ResourceRefused(
            f"BadRequestException: Currently, authorization is restricted to the $connect route only ({key})"
        )
    if authorization == "NONE" and authorizer_id is not None:
        raise ResourceRefused("BadRequestException: authorizerId goes with the authorizationType CUSTOM")
    before = [other for other, route in api.routes.items() if route.route_id == route_id and other != key]
    api.routes[key] = WebSocketRoute(key, integration_id, authorizer_id, route_id)
    for other in before:
        del api.routes[other]
    return Created(route_id, {"authorizationType": authorization})


def _put_deployment(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    api = _api(cloud, inputs)
    inputs.without_effect("description", "triggers")
    if not api.routes:
        raise ResourceRefused(
            "BadRequestException: At least one route is required before deploying the Api: depend on one"
        )
    deployment_id = request.own_id(ID_LENGTH, api.deployments)
    # An update changes the description alone: what a stage serves is from when the deployment was made.
    api.deployments.setdefault(deployment_id, frozenset(api.routes))
    return Created(deployment_id, {"autoDeployed": False})


def _put_stage(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    api = _api(cloud, inputs)
    name, deployment_id = inputs.text("name"), inputs.text("deploymentId")
    if deployment_id not in api.deployments:
        raise ResourceRefused(
            f"NotFoundException: deploymentId is {deployment_id!r}, which is no deployment of this API"
        )
    if name in api.stages and not request.id:
        raise ResourceRefused(f"ConflictException: Stage already exists: {name}")
    inputs.without_effect("description")
    if inputs.flag("autoDeploy"):
        raise ResourceRefused(
            "autoDeploy is true, which the sandbox does not do: deploy with an aws.apigatewayv2.Deployment"
        )
    if (logs := inputs.block("accessLogSettings")) is not None:
        _check_access_logs(cloud, logs)
    api.stages[name] = (deployment_id, _route_settings(inputs.block("defaultRouteSettings")))
    return Created(
        name,
        {
            "arn": f"arn:aws:apigateway:{world.region}::/apis/{api.api_id}/stages/{name}",
            "executionArn": f"{_execution_arn(cloud, api)}/{name}",
            "invokeUrl": f"{_websocket_origin(cloud)}/execute-api/{api.api_id}/{name}",
            "tagsAll": all_tags(request),
        },
    )


def _check_access_logs(cloud: Cloud, block: Inputs) -> None:
    """Where they would go has to be there; nothing is written."""
    destination = block.text("destinationArn")
    if destination.rpartition(":")[2] not in cloud.world.log_groups:
        raise ResourceRefused(f"BadRequestException: Access Log destination {destination} is no log group")
    block.without_effect("format")


def _route_settings(block: Inputs | None) -> RouteSettings:
    settings = RouteSettings()
    if block is None:
        return settings
    if block.flag("dataTraceEnabled"):
        raise ResourceRefused("defaultRouteSettings.dataTraceEnabled writes tokens and prompts into logs: leave it off")
    block.without_effect("loggingLevel", "detailedMetricsEnabled")
    return replace(
        settings,
        throttling_rate_limit=block.optional_number("throttlingRateLimit"),
        throttling_burst_limit=block.optional_integer("throttlingBurstLimit", between=(0, 1_000_000)),
    )


def _api(cloud: Cloud, inputs: Inputs) -> WebSocketApi:
    api_id = inputs.text("apiId")
    api = cloud.world.websocket_apis.get(api_id)
    if api is None:
        raise ResourceRefused(f"NotFoundException: Invalid API identifier specified {api_id}")
    return api


def _function_arn(cloud: Cloud, uri: str, key: str) -> str:
    match = _INVOKE_ARN.fullmatch(uri)
    if match is None:
        raise ResourceRefused(f"BadRequestException: {key} is {uri!r}, allowed is a function's invoke_arn")
    return callee_named(cloud, match["function"]).arn


def _execution_arn(cloud: Cloud, api: WebSocketApi) -> str:
    return f"arn:aws:execute-api:{cloud.world.region}:{ACCOUNT_ID}:{api.api_id}"


def _websocket_origin(cloud: Cloud) -> str:
    return cloud.world.origin.replace("http", "ws", 1)


V = TypeVar("V")


def _place_of_api(cloud: Cloud, standing: Standing) -> Entry[str, WebSocketApi]:
    return Entry(cloud.world.websocket_apis, standing.id)


def _place_of_route(cloud: Cloud, standing: Standing) -> Entry[str, WebSocketRoute]:
    api = _api_of(cloud, standing)
    return Entry(api.routes, next((key for key, route in api.routes.items() if route.route_id == standing.id), ""))


def _within(part: Callable[[WebSocketApi], MutableMapping[str, V]]) -> Callable[[Cloud, Standing], Entry[str, V]]:
    """The place of what an API keeps by its physical id."""
    return lambda cloud, standing: Entry(part(_api_of(cloud, standing)), standing.id)


def _api_of(cloud: Cloud, standing: Standing) -> WebSocketApi:
    api = cloud.world.websocket_apis.get(str(standing.inputs.get("apiId")))
    if api is None:
        raise Gone
    return api


# What the update operations do not take: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/operations.html
# The Terraform provider also makes an integration of another type anew, which UpdateIntegration would change.
HANDLERS = (
    Handler(
        "aws:apigatewayv2/api:Api",
        _put_api,
        PhysicalName("name", MAX_NAME),
        place=_place_of_api,
        replaces=("protocolType",),
        computed=("apiEndpoint", "apiKeySelectionExpression", "arn", "executionArn"),
        tagged=True,
    ),
    Handler(
        "aws:apigatewayv2/authorizer:Authorizer",
        _put_authorizer,
        PhysicalName("name", MAX_NAME),
        place=_within(lambda api: api.authorizers),
        replaces=("apiId",),
    ),
    Handler(
        "aws:apigatewayv2/integration:Integration",
        _put_integration,
        place=_within(lambda api: api.integrations),
        replaces=("apiId", "integrationType"),
        computed=("connectionType", "integrationMethod", "payloadFormatVersion", "timeoutMilliseconds"),
    ),
    Handler(
        "aws:apigatewayv2/route:Route",
        _put_route,
        place=_place_of_route,
        replaces=("apiId",),
        computed=("authorizationType",),
    ),
    Handler(
        "aws:apigatewayv2/deployment:Deployment",
        _put_deployment,
        place=_within(lambda api: api.deployments),
        replaces=("apiId", "triggers"),
        computed=("autoDeployed",),
    ),
    Handler(
        "aws:apigatewayv2/stage:Stage",
        _put_stage,
        PhysicalName("name", MAX_NAME),
        place=_within(lambda api: api.stages),
        replaces=("apiId", "name"),
        computed=("arn", "executionArn", "invokeUrl"),
        tagged=True,
    ),
)
