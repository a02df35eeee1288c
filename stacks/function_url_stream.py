"""Streaming over a Lambda function URL: one HTTP request, answered by server-sent events as the model speaks."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi

from shared.contract.architectures.function_url import DESCRIPTOR, NAME
from shared.contract.environment import Variable
from shared.contract.transports import STREAM_HEADER
from stacks.arguments import (
    AcceptedTokens,
    CoreAccess,
    FunctionLimits,
    admission_environment,
    joined,
    merged,
    token_environment,
)
from stacks.function_address import function_address
from stacks.iam import Statement
from stacks.reaper import Reaper
from stacks.secret import read_secret
from stacks.streaming_function import StreamingFunction
from stacks.table_access import (
    ADMIT,
    CANCEL,
    CHATS,
    FOLLOW,
    LOOK_UP,
    REAP,
    RUN,
    add_to_audit,
    book_usage,
    find_open_streams,
    list_chats,
    rate_answers,
    table_access,
)

# v1.1.0 for arm64, in every commercial region: https://github.com/aws/aws-lambda-web-adapter/pull/871
WEB_ADAPTER_ACCOUNT = "753240598075"
WEB_ADAPTER_LAYER = "LambdaAdapterLayerArm64:30"
WEB_ADAPTER_PORT = 8080

CORS_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CORS_REQUEST_HEADERS = (
    *("authorization", "content-type", "idempotency-key", "last-event-id"),
    "x-vercel-ai-data-stream",
)
CORS_SIGNED_REQUEST_HEADERS = ("x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-authorization")
CORS_RESPONSE_HEADERS = (
    *("retry-after", "ratelimit", "ratelimit-policy", STREAM_HEADER),
    *("x-vercel-ai-data-stream", "x-vercel-ai-ui-message-stream"),
)


class FunctionUrlStreamArgs(TypedDict):
    """Arguments of `FunctionUrlStream`."""

    region: pulumi.Input[str]
    """Region of the function: the Web Adapter's layer is taken from it."""
    account_id: pulumi.Input[str]
    """Account whose principals may call an `AWS_IAM` URL."""
    package: pulumi.Input[pulumi.Archive]
    """The function's zip, with an executable `run.sh` at its root."""
    reaper_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that ends streams whose function died."""
    limits: FunctionLimits
    """Memory and log retention of both, timeout of the one that streams."""
    tokens: AcceptedTokens
    """Which access tokens are good."""
    core: CoreAccess
    """Table and model of the streaming core."""
    cors_origins: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Web origins that may call the URL from a browser; no wildcard."""
    signed_requests: NotRequired[bool]
    """Whether the URL takes only requests signed with IAM credentials (auth type AWS_IAM). The access token is demanded
    all the same, and travels in `X-Authorization`. By default (NONE) the token is the only credential."""
    origin_secret_arn: NotRequired[pulumi.Input[str]]
    """A secret in Secrets Manager that whoever stands before the URL sends in `x-streamways-origin-secret`: a request
    without it is refused. By default nobody stands there, and clients use the URL itself."""
    reserved_concurrency: NotRequired[pulumi.Input[int | None]]
    """Most streams at once; by default as many as the account has room for."""
    warm: NotRequired[int]
    """Environments of the function that streams that are kept started, and billed by the hour; none by default."""


class FunctionUrlStream(pulumi.ComponentResource):
    """A function URL in `RESPONSE_STREAM` mode before a web application that the Lambda Web Adapter starts.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
    """

    url: pulumi.Output[str]
    """The function URL, with a trailing slash; `POST api/chat` below it starts a stream."""
    function_arn: pulumi.Output[str]
    """ARN of what the URL belongs to: what a policy names that lets a principal call the URL."""
    generating_function_name: pulumi.Output[str]
    """Name of the function that generates, as its metrics have it."""
    reaper_function_name: pulumi.Output[str]
    """Name of the function that ends streams whose worker died."""

    def __init__(self, name: str, args: FunctionUrlStreamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:FunctionUrlStream", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        signed = args.get("signed_requests", False)
        core = args["core"]
        adapter = {
            "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
            "AWS_LWA_INVOKE_MODE": "response_stream",
            "AWS_LWA_PORT": str(WEB_ADAPTER_PORT),
            "AWS_LWA_READINESS_CHECK_PATH": "/healthz",
        }
        if signed:
            # The signature occupies Authorization; the adapter puts the token back there for the application.
            adapter["AWS_LWA_AUTHORIZATION_SOURCE"] = "x-authorization"
        origin_secret_arn = args.get("origin_secret_arn")
        origin: Mapping[str, pulumi.Input[str]] = {}
        read_origin_secret: list[Statement] = []
        if origin_secret_arn is not None:
            origin = {Variable.ORIGIN_SECRET_ARN: origin_secret_arn}
            read_origin_secret = [read_secret(origin_secret_arn)]
        function = StreamingFunction(
            f"{name}-handler",
            {
                "architecture": NAME,
                "package": args["package"],
                "handler": DESCRIPTOR.packages["handler"].handler,
                "limits": args["limits"],
                "layers": [
                    pulumi.Output.concat(
                        "arn:aws:lambda:", args["region"], f":{WEB_ADAPTER_ACCOUNT}:layer:{WEB_ADAPTER_LAYER}"
                    )
                ],
                "environment": merged(
                    adapter,
                    origin,
                    token_environment(args["tokens"]),
                    core["model_environment"],
                    admission_environment(core),
                ),
                "statements": joined(
                    [
                        table_access(core, ADMIT, LOOK_UP, CANCEL, RUN, FOLLOW, CHATS),
                        list_chats(core),
                        add_to_audit(core),
                        book_usage(core),
                        rate_answers(core),
                        *read_origin_secret,
                    ],
                    core["model_statements"],
                ),
                "reserved_concurrency": args.get("reserved_concurrency"),
                "warm": args.get("warm", 0),
            },
            child,
        )
        # Nobody is told when a function behind a URL dies: the sweep alone finds its streams.
        reaper = Reaper(
            f"{name}-reaper",
            {
                "architecture": NAME,
                "package": args["reaper_package"],
                "handler": DESCRIPTOR.packages["reaper"].handler,
                "limits": args["limits"],
                "environment": {Variable.STREAMS_TABLE: core["table_name"]},
                "statements": [table_access(core, REAP), book_usage(core), find_open_streams(core)],
            },
            child,
        )
        self.url = function_address(
            name,
            function,
            streams=True,
            signed_by=args["account_id"] if signed else None,
            browsers={
                "origins": args["cors_origins"],
                "methods": CORS_METHODS,
                "request_headers": (*CORS_REQUEST_HEADERS, *(CORS_SIGNED_REQUEST_HEADERS if signed else ())),
                "response_headers": CORS_RESPONSE_HEADERS,
            },
            opts=child,
        )
        self.function_arn = function.arn
        self.generating_function_name = function.function_name
        self.reaper_function_name = reaper.function_name
        self.register_outputs(
            {
                "url": self.url,
                "function_arn": self.function_arn,
                "generating_function_name": self.generating_function_name,
                "reaper_function_name": self.reaper_function_name,
            }
        )
