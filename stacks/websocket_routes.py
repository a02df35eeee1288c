"""How a WebSocket API reaches its functions: the authorizer of `$connect`, the routes, and the stage that serves them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from stacks.streaming_function import StreamingFunction

STAGE = "live"
ROUTES: Final = ("$connect", "$disconnect", "$default")
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
INTEGRATION_TIMEOUT_MILLISECONDS = 29_000


def serve_routes(
    name: str,
    api: aws.apigatewayv2.Api,
    authorizer_function: StreamingFunction,
    routes_function: StreamingFunction,
    opts: pulumi.ResourceOptions,
) -> None:
    """Let `api` ask `authorizer_function` about each `$connect`, send every frame to `routes_function`, and go live."""
    # No identity sources: API Gateway would answer 401 itself unless every one of them is present.
    authorizer = aws.apigatewayv2.Authorizer(
        f"{name}-authorizer",
        api_id=api.id,
        authorizer_type="REQUEST",
        authorizer_uri=authorizer_function.invoke_arn,
        opts=opts,
    )
    _permit(
        f"{name}-authorizer",
        authorizer_function,
        pulumi.Output.concat(api.execution_arn, "/authorizers/", authorizer.id),
        opts,
    )
    routes = [_route(name, key, api, routes_function, authorizer, opts) for key in ROUTES]
    deployment = aws.apigatewayv2.Deployment(
        f"{name}-deployment",
        api_id=api.id,
        triggers={"routes": _fingerprint(authorizer, routes)},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[route for _, route in routes])),
    )
    # No default_route_settings: given any of them, the provider sets the throttling limits to 0, which refuses all
    # (pulumi/pulumi-aws#2363). Data trace, which would log prompts, is off unless asked for.
    aws.apigatewayv2.Stage(f"{name}-stage", api_id=api.id, name=STAGE, deployment_id=deployment.id, opts=opts)


def _route(
    name: str,
    key: str,
    api: aws.apigatewayv2.Api,
    function: StreamingFunction,
    authorizer: aws.apigatewayv2.Authorizer,
    opts: pulumi.ResourceOptions,
) -> tuple[aws.apigatewayv2.Integration, aws.apigatewayv2.Route]:
    """A route with its own proxy integration, whose answers reach no client: there is no route response."""
    suffix = key.removeprefix("$")
    integration = aws.apigatewayv2.Integration(
        f"{name}-{suffix}",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_method="POST",
        integration_uri=function.invoke_arn,
        timeout_milliseconds=INTEGRATION_TIMEOUT_MILLISECONDS,
        opts=opts,
    )
    _permit(f"{name}-{suffix}", function, pulumi.Output.concat(api.execution_arn, f"/{STAGE}/{key}"), opts)
    # Only $connect can be authorised; later frames carry the authorizer's context.
    guarded = key == "$connect"
    route = aws.apigatewayv2.Route(
        f"{name}-{suffix}",
        api_id=api.id,
        route_key=key,
        target=pulumi.Output.concat("integrations/", integration.id),
        authorization_type="CUSTOM" if guarded else "NONE",
        authorizer_id=authorizer.id if guarded else None,
        opts=opts,
    )
    return integration, route


def _permit(
    name: str, function: StreamingFunction, source_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> None:
    aws.lambda_.Permission(
        f"{name}-permission",
        function=function.function_name,
        action="lambda:InvokeFunction",
        principal="apigateway.amazonaws.com",
        source_arn=source_arn,
        opts=opts,
    )


def _fingerprint(
    authorizer: aws.apigatewayv2.Authorizer,
    routes: Sequence[tuple[aws.apigatewayv2.Integration, aws.apigatewayv2.Route]],
) -> pulumi.Output[str]:
    """Changes whenever a new deployment is needed: a deployment is a copy of the API as it was, and stays that way."""

    def digest(values: list[Any]) -> str:
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()

    values: list[pulumi.Output[Any]] = [authorizer.authorizer_uri]
    for integration, route in routes:
        values += [integration.integration_uri, integration.timeout_milliseconds]
        values += [route.route_key, route.target, route.authorization_type, route.authorizer_id]
    return pulumi.Output.all(*values).apply(digest)
