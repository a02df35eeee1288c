"""Streaming over an API Gateway WebSocket API: frames in both directions on one connection.

A route function admits and answers at once, a worker generates: an integration ends at 29 seconds.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final, TypedDict

import pulumi
import pulumi_aws as aws

from stacks.arguments import (
    AcceptedTokens,
    CoreAccess,
    FunctionLimits,
    admission_environment,
    joined,
    merged,
    token_environment,
)
from stacks.iam import Statement
from stacks.streaming_function import StreamingFunction

STAGE = "live"
ROUTES: Final = ("$connect", "$disconnect", "$default")
FRONT_TIMEOUT_SECONDS = 29
"""Timeout of the functions that a client waits for: as long as API Gateway waits for them."""
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
INTEGRATION_TIMEOUT_MILLISECONDS = 29_000


class WebSocketStreamArgs(TypedDict):
    """Arguments of `WebSocketStream`."""

    authorizer_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that checks the token of a `$connect`."""
    routes_package: pulumi.Input[pulumi.Archive]
    """Zip of the function behind the routes."""
    worker_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that generates."""
    limits: FunctionLimits
    """Memory and log retention of all three, timeout of the worker."""
    tokens: AcceptedTokens
    """Which access tokens are good."""
    core: CoreAccess
    """Table and model of the streaming core."""


class WebSocketStream(pulumi.ComponentResource):
    """A WebSocket API that speaks the frames of the AI SDK's `WebSocketChatTransport`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html
    """

    url: pulumi.Output[str]
    """The `wss://` URL that clients connect to, without a trailing slash."""

    def __init__(self, name: str, args: WebSocketStreamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:WebSocketStream", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        core, limits = args["core"], args["limits"]
        front: FunctionLimits = {**limits, "timeout_seconds": FRONT_TIMEOUT_SECONDS}
        api = aws.apigatewayv2.Api(
            f"{name}-api", protocol_type="WEBSOCKET", route_selection_expression="$request.body.type", opts=child
        )
        # Stage.invoke_url would close a circle: stage, deployment, routes, function, its environment, stage.
        url = pulumi.Output.concat(api.api_endpoint, "/", STAGE)
        callback_url = url.apply(lambda address: address.replace("ws", "http", 1))
        post_to_connection: Statement = {
            "actions": ["execute-api:ManageConnections"],
            "resources": [pulumi.Output.concat(api.execution_arn, f"/{STAGE}/POST/@connections/*")],
        }

        authorizer_function = StreamingFunction(
            f"{name}-authorizer",
            {
                "service": "websocket",
                "package": args["authorizer_package"],
                "handler": "handlers.websocket.authorizer.handler",
                "limits": front,
                "environment": token_environment(args["tokens"]),
                "statements": [],
            },
            child,
        )
        worker = StreamingFunction(
            f"{name}-worker",
            {
                "service": "websocket",
                "package": args["worker_package"],
                "handler": "handlers.websocket.worker.handler",
                "limits": limits,
                "environment": merged(
                    {"CALLBACK_URL": callback_url, "STREAMS_TABLE": core["table_name"]}, core["model_environment"]
                ),
                "statements": joined(
                    [post_to_connection, {"actions": ["dynamodb:UpdateItem"], "resources": [core["table_arn"]]}],
                    core["model_statements"],
                ),
                "asynchronous": True,
            },
            child,
        )
        routes_function = StreamingFunction(
            f"{name}-routes",
            {
                "service": "websocket",
                "package": args["routes_package"],
                "handler": "handlers.websocket.routes.handler",
                "limits": front,
                "environment": {
                    **admission_environment(core),
                    "WORKER_FUNCTION_NAME": worker.function_name,
                    "CALLBACK_URL": callback_url,
                },
                "statements": [
                    {"actions": ["lambda:InvokeFunction"], "resources": [worker.function_arn]},
                    post_to_connection,
                    {"actions": ["dynamodb:DeleteItem", "dynamodb:PutItem"], "resources": [core["table_arn"]]},
                ],
            },
            child,
        )

        # No identity sources: API Gateway would answer 401 itself unless every one of them is present.
        authorizer = aws.apigatewayv2.Authorizer(
            f"{name}-authorizer",
            api_id=api.id,
            authorizer_type="REQUEST",
            authorizer_uri=authorizer_function.invoke_arn,
            opts=child,
        )
        _permit(
            f"{name}-authorizer",
            authorizer_function,
            pulumi.Output.concat(api.execution_arn, "/authorizers/", authorizer.id),
            child,
        )
        routes = [self._route(name, key, api, routes_function, authorizer) for key in ROUTES]
        deployment = aws.apigatewayv2.Deployment(
            f"{name}-deployment",
            api_id=api.id,
            triggers={"routes": _fingerprint(authorizer, routes)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[route for _, route in routes]),
        )
        # No default_route_settings: given any of them, the provider sets the throttling limits to 0, which refuses all
        # (pulumi/pulumi-aws#2363). Data trace, which would log prompts, is off unless asked for.
        aws.apigatewayv2.Stage(f"{name}-stage", api_id=api.id, name=STAGE, deployment_id=deployment.id, opts=child)
        self.url = url
        self.register_outputs({"url": self.url})

    def _route(
        self,
        name: str,
        key: str,
        api: aws.apigatewayv2.Api,
        function: StreamingFunction,
        authorizer: aws.apigatewayv2.Authorizer,
    ) -> tuple[aws.apigatewayv2.Integration, aws.apigatewayv2.Route]:
        """A route with its own proxy integration, whose answers reach no client: there is no route response."""
        child = pulumi.ResourceOptions(parent=self)
        suffix = key.removeprefix("$")
        integration = aws.apigatewayv2.Integration(
            f"{name}-{suffix}",
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_method="POST",
            integration_uri=function.invoke_arn,
            timeout_milliseconds=INTEGRATION_TIMEOUT_MILLISECONDS,
            opts=child,
        )
        _permit(f"{name}-{suffix}", function, pulumi.Output.concat(api.execution_arn, f"/{STAGE}/{key}"), child)
        # Only $connect can be authorised; later frames carry the authorizer's context.
        guarded = key == "$connect"
        route = aws.apigatewayv2.Route(
            f"{name}-{suffix}",
            api_id=api.id,
            route_key=key,
            target=pulumi.Output.concat("integrations/", integration.id),
            authorization_type="CUSTOM" if guarded else "NONE",
            authorizer_id=authorizer.id if guarded else None,
            opts=child,
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
