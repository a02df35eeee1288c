"""How a WebSocket API reaches its functions: the authorizer of `$connect`, the routes, and the stage that serves them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from stacks.streaming_function import StreamingFunction

STAGE = "live"
ROUTE_SELECTION_EXPRESSION = "$request.body.type"
"""The frames of the AI SDK name their kind in `type`; all of them go to `$default`."""
ROUTES: Final = ("$connect", "$disconnect", "$default")
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
INTEGRATION_TIMEOUT_SECONDS = 29


def serve_routes(
    name: str,
    api: aws.apigatewayv2.Api,
    authorizer_function: StreamingFunction,
    routes_function: StreamingFunction,
    throttle: aws.apigatewayv2.StageDefaultRouteSettingsArgs,
    access_logs: aws.apigatewayv2.StageAccessLogSettingsArgs | None,
    opts: pulumi.ResourceOptions,
) -> aws.apigatewayv2.Stage:
    """Let `api` ask `authorizer_function` about each `$connect`, send every frame to `routes_function`, and go live.

    `throttle` has both limits: the provider sends 0 for the one that is missing, which refuses everything
    (pulumi/pulumi-aws#2363).
    """
    # No identity sources: API Gateway would answer 401 itself unless every one of them is present.
    authorizer_args = aws.apigatewayv2.AuthorizerArgs(
        api_id=api.id, authorizer_type="REQUEST", authorizer_uri=authorizer_function.invoke_arn
    )
    authorizer = aws.apigatewayv2.Authorizer(f"{name}-authorizer", authorizer_args, opts)
    _permit(
        f"{name}-authorizer",
        authorizer_function,
        pulumi.Output.concat(api.execution_arn, "/authorizers/", authorizer.id),
        opts,
    )
    routes = [_route(name, key, api, routes_function, authorizer, opts) for key in ROUTES]
    copied = [authorizer_args, *(args for route in routes for args in (route.integration, route.args))]
    after_routes = pulumi.ResourceOptions(depends_on=[route.resource for route in routes])
    deployment = aws.apigatewayv2.Deployment(
        f"{name}-deployment",
        api_id=api.id,
        triggers={"routes": _content_hash(copied)},
        opts=pulumi.ResourceOptions.merge(opts, after_routes),
    )
    # Data trace, which would log prompts, is off unless asked for.
    return aws.apigatewayv2.Stage(
        f"{name}-stage",
        api_id=api.id,
        name=STAGE,
        deployment_id=deployment.id,
        default_route_settings=throttle,
        access_log_settings=access_logs,
        opts=opts,
    )


@dataclass(frozen=True)
class _Route:
    """A route, and what it and its integration were made of."""

    integration: aws.apigatewayv2.IntegrationArgs
    args: aws.apigatewayv2.RouteArgs
    resource: aws.apigatewayv2.Route


def _route(
    name: str,
    key: str,
    api: aws.apigatewayv2.Api,
    function: StreamingFunction,
    authorizer: aws.apigatewayv2.Authorizer,
    opts: pulumi.ResourceOptions,
) -> _Route:
    """A route with its own proxy integration, whose answers reach no client: there is no route response."""
    suffix = key.removeprefix("$")
    integration_args = aws.apigatewayv2.IntegrationArgs(
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_method="POST",
        integration_uri=function.invoke_arn,
        timeout_milliseconds=INTEGRATION_TIMEOUT_SECONDS * 1000,
    )
    integration = aws.apigatewayv2.Integration(f"{name}-{suffix}", integration_args, opts)
    _permit(f"{name}-{suffix}", function, pulumi.Output.concat(api.execution_arn, f"/{STAGE}/{key}"), opts)
    # Only $connect can be authorised; later frames carry the authorizer's context.
    guarded = key == "$connect"
    args = aws.apigatewayv2.RouteArgs(
        api_id=api.id,
        route_key=key,
        target=pulumi.Output.concat("integrations/", integration.id),
        authorization_type="CUSTOM" if guarded else "NONE",
        authorizer_id=authorizer.id if guarded else None,
    )
    return _Route(integration_args, args, aws.apigatewayv2.Route(f"{name}-{suffix}", args, opts))


def _permit(
    name: str, function: StreamingFunction, source_arn: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> None:
    aws.lambda_.Permission(
        f"{name}-permission",
        function=function.function_name,
        qualifier=function.qualifier,
        action="lambda:InvokeFunction",
        principal="apigateway.amazonaws.com",
        source_arn=source_arn,
        opts=opts,
    )


def _content_hash(copied: Sequence[object]) -> pulumi.Output[str]:
    """Changes whenever a new deployment is needed: a deployment is a copy of the API as it was, and stays that way.

    `copied` are arguments of resources. What was given to a resource is hashed and never read back from it: an output
    that its state lacks is unknown in a preview, which would then show a new deployment for nothing.
    """

    def digest(document: str) -> str:
        return hashlib.sha256(document.encode()).hexdigest()

    given = [ROUTE_SELECTION_EXPRESSION, *(vars(args) for args in copied)]
    return pulumi.Output.json_dumps(given, sort_keys=True).apply(digest)
