"""Streaming over an API Gateway WebSocket API: frames in both directions on one connection.

A route function admits and answers at once, a worker generates: an integration ends at 29 seconds.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from shared.contract.architectures.websocket import DESCRIPTOR, NAME
from shared.contract.environment import Variable
from stacks.arguments import (
    AcceptedTokens,
    CoreAccess,
    Domain,
    FunctionLimits,
    admission_environment,
    comma_separated,
    interval_environment,
    joined,
    merged,
    token_environment,
)
from stacks.function_address import function_address
from stacks.iam import Statement
from stacks.reaper import Reaper
from stacks.streaming_function import StreamingFunction
from stacks.table_access import (
    ADMIT,
    CANCEL,
    CHATS,
    CONNECTIONS,
    DISPATCH,
    FOLLOW,
    GIVE_TICKET,
    LOOK_UP,
    REAP,
    RUN,
    TAKE_TICKET,
    add_to_audit,
    book_usage,
    find_open_streams,
    list_chats,
    rate_answers,
    table_access,
)
from stacks.websocket_access_logs import access_logs
from stacks.websocket_domain import websocket_domain
from stacks.websocket_routes import INTEGRATION_TIMEOUT_SECONDS, ROUTE_SELECTION_EXPRESSION, STAGE, serve_routes

TICKET_REQUEST_HEADERS = ("authorization", "content-type")
TICKET_RESPONSE_HEADERS = ("retry-after",)


class WebSocketStreamArgs(TypedDict):
    """Arguments of `WebSocketStream`."""

    authorizer_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that checks the token or the ticket of a `$connect`."""
    tickets_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that hands out tickets."""
    routes_package: pulumi.Input[pulumi.Archive]
    """Zip of the function behind the routes."""
    worker_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that generates."""
    reaper_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that ends streams whose worker died."""
    interval_milliseconds: pulumi.Input[int]
    """Least time between two messages with text of one stream: API Gateway bills each."""
    limits: FunctionLimits
    """Memory and log retention of all, timeout of the worker."""
    tokens: AcceptedTokens
    """Which access tokens are good."""
    core: CoreAccess
    """Table and model of the streaming core."""
    cors_origins: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Web origins whose pages may ask for a ticket and connect; no wildcard. Together at most 3,000 characters: they
    are in the authorizer's environment, which Lambda limits to 4 KB."""
    requests_per_second: pulumi.Input[int]
    """Most frames, and most connects, that pass in a second: what exceeds it is answered by API Gateway itself, in a
    frame that costs a stock client its socket."""
    request_burst: pulumi.Input[int]
    """Most of them at once."""
    access_logs: NotRequired[bool]
    """Whether API Gateway logs each connect, frame and disconnect; off by default. It needs the account's role for
    logs, or AWS refuses the stage."""
    domain: NotRequired[Domain]
    """A domain name for the API; its certificate is in the API's region. By default AWS's own."""
    tickets_reserved_concurrency: NotRequired[pulumi.Input[int | None]]
    """Most tickets at once; by default as many as the account has room for."""
    warm: NotRequired[int]
    """Environments of route function and worker that are kept started, and billed by the hour; none by default."""


class WebSocketStream(pulumi.ComponentResource):
    """A WebSocket API that speaks the frames of the AI SDK's `WebSocketChatTransport`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api.html
    """

    url: pulumi.Output[str]
    """The `wss://` URL that clients connect to, without a trailing slash."""
    domain_target: pulumi.Output[str] | None
    """The host that a record of the API's own domain has to name; None without one."""
    ticket_url: pulumi.Output[str]
    """Where a client POSTs its token for a one-time ticket, with a trailing slash: a WebSocket API serves no HTTP."""
    generating_function_name: pulumi.Output[str]
    """Name of the function that generates, as its metrics have it."""
    reaper_function_name: pulumi.Output[str]
    """Name of the function that ends streams whose worker died."""

    def __init__(self, name: str, args: WebSocketStreamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:WebSocketStream", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        core, limits = args["core"], args["limits"]
        # API Gateway waits for the functions in front no longer.
        front: FunctionLimits = {**limits, "timeout_seconds": INTEGRATION_TIMEOUT_SECONDS}
        api = aws.apigatewayv2.Api(
            f"{name}-api",
            protocol_type="WEBSOCKET",
            route_selection_expression=ROUTE_SELECTION_EXPRESSION,
            opts=child,
        )
        # Stage.invoke_url would close a circle: stage, deployment, routes, function, its environment, stage.
        url = pulumi.Output.concat(api.api_endpoint, "/", STAGE)
        callback_url = url.apply(lambda address: address.replace("ws", "http", 1))
        connections = pulumi.Output.concat(api.execution_arn, f"/{STAGE}/")
        table = {Variable.STREAMS_TABLE: core["table_name"]}

        authorizer_function = StreamingFunction(
            f"{name}-authorizer",
            {
                "architecture": NAME,
                "package": args["authorizer_package"],
                "handler": DESCRIPTOR.packages["authorizer"].handler,
                "limits": front,
                "environment": {
                    **token_environment(args["tokens"]),
                    **table,
                    Variable.ALLOWED_ORIGINS: comma_separated(args["cors_origins"]),
                },
                "statements": [table_access(core, TAKE_TICKET)],
            },
            child,
        )
        tickets = StreamingFunction(
            f"{name}-tickets",
            {
                "architecture": NAME,
                "package": args["tickets_package"],
                "handler": DESCRIPTOR.packages["tickets"].handler,
                "limits": front,
                "environment": {**token_environment(args["tokens"]), **table},
                "statements": [table_access(core, GIVE_TICKET)],
                "reserved_concurrency": args.get("tickets_reserved_concurrency"),
            },
            child,
        )
        reaper = Reaper(
            f"{name}-reaper",
            {
                "architecture": NAME,
                "package": args["reaper_package"],
                "handler": DESCRIPTOR.packages["reaper"].handler,
                "limits": limits,
                "environment": {Variable.CALLBACK_URL: callback_url, **table},
                "statements": [
                    _manage_connections(connections, "POST"),
                    table_access(core, REAP),
                    book_usage(core),
                    find_open_streams(core),
                ],
            },
            child,
        )
        worker = StreamingFunction(
            f"{name}-worker",
            {
                "architecture": NAME,
                "package": args["worker_package"],
                "handler": DESCRIPTOR.packages["worker"].handler,
                "limits": limits,
                "environment": merged(
                    {Variable.CALLBACK_URL: callback_url, **table},
                    interval_environment(args["interval_milliseconds"]),
                    core["model_environment"],
                ),
                "statements": joined(
                    [
                        _manage_connections(connections, "POST"),
                        table_access(core, RUN, FOLLOW, CONNECTIONS),
                        book_usage(core),
                    ],
                    core["model_statements"],
                ),
                "asynchronous": True,
                "on_failure": reaper.arn,
                "warm": args.get("warm", 0),
            },
            child,
        )
        routes_function = StreamingFunction(
            f"{name}-routes",
            {
                "architecture": NAME,
                "package": args["routes_package"],
                "handler": DESCRIPTOR.packages["routes"].handler,
                "limits": front,
                "environment": {
                    **admission_environment(core),
                    **token_environment(args["tokens"]),
                    Variable.WORKER_FUNCTION_ARN: worker.arn,
                    Variable.CALLBACK_URL: callback_url,
                },
                "statements": [
                    {"actions": ["lambda:InvokeFunction"], "resources": [worker.arn]},
                    _manage_connections(connections, "POST", "DELETE"),
                    table_access(core, ADMIT, DISPATCH, LOOK_UP, CANCEL, CHATS, CONNECTIONS),
                    list_chats(core),
                    add_to_audit(core),
                    rate_answers(core),
                ],
                "warm": args.get("warm", 0),
            },
            child,
        )

        throttle = aws.apigatewayv2.StageDefaultRouteSettingsArgs(
            throttling_rate_limit=args["requests_per_second"], throttling_burst_limit=args["request_burst"]
        )
        logs = access_logs(name, limits, self) if args.get("access_logs") else None
        stage = serve_routes(name, api, authorizer_function, routes_function, throttle, logs, child)
        self.url, self.domain_target = url, None
        if (domain := args.get("domain")) is not None:
            self.url = pulumi.Output.concat("wss://", domain["name"])
            self.domain_target = websocket_domain(name, domain, api, stage, child)
        self.ticket_url = function_address(
            f"{name}-tickets",
            tickets,
            streams=False,
            browsers={
                "origins": args["cors_origins"],
                "methods": ("POST",),
                "request_headers": TICKET_REQUEST_HEADERS,
                "response_headers": TICKET_RESPONSE_HEADERS,
            },
            opts=child,
        )
        self.generating_function_name = worker.function_name
        self.reaper_function_name = reaper.function_name
        self.register_outputs(
            {
                "url": self.url,
                "domain_target": self.domain_target,
                "ticket_url": self.ticket_url,
                "generating_function_name": self.generating_function_name,
                "reaper_function_name": self.reaper_function_name,
            }
        )


def _manage_connections(connections: pulumi.Output[str], *methods: str) -> Statement:
    """May call `@connections` with `methods`: POST sends to a connection, DELETE closes it."""
    return {
        "actions": ["execute-api:ManageConnections"],
        "resources": [pulumi.Output.concat(connections, method, "/@connections/*") for method in methods],
    }
