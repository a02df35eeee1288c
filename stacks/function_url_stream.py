"""Streaming over a Lambda function URL: one HTTP request, answered by server-sent events as the model speaks."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

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

# v1.1.0 for arm64, in every commercial region: https://github.com/aws/aws-lambda-web-adapter/pull/871
WEB_ADAPTER_ACCOUNT = "753240598075"
WEB_ADAPTER_LAYER = "LambdaAdapterLayerArm64:30"
WEB_ADAPTER_PORT = 8080

# One name each for what a browser may send and read; https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
CORS_METHODS = ["GET", "POST"]
CORS_REQUEST_HEADERS = ["authorization", "content-type", "idempotency-key", "last-event-id"]
CORS_SIGNED_REQUEST_HEADERS = ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-authorization"]
CORS_RESPONSE_HEADERS = ["retry-after", "x-streamways-stream", "x-vercel-ai-ui-message-stream"]
CORS_MAX_AGE_SECONDS = 3600


class FunctionUrlStreamArgs(TypedDict):
    """Arguments of `FunctionUrlStream`."""

    region: pulumi.Input[str]
    """Region of the function: the Web Adapter's layer is taken from it."""
    account_id: pulumi.Input[str]
    """Account whose principals may call an `AWS_IAM` URL."""
    package: pulumi.Input[pulumi.Archive]
    """The function's zip, with an executable `run.sh` at its root."""
    limits: FunctionLimits
    """Timeout, memory and log retention."""
    tokens: AcceptedTokens
    """Which access tokens are good."""
    core: CoreAccess
    """Table and model of the streaming core."""
    cors_origins: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Web origins that may call the URL from a browser; no wildcard."""
    signed_requests: NotRequired[bool]
    """Whether the URL takes only requests signed with IAM credentials (auth type AWS_IAM). The access token is demanded
    all the same, and travels in `X-Authorization`. By default (NONE) the token is the only credential."""
    reserved_concurrency: NotRequired[pulumi.Input[int | None]]
    """Most streams at once; by default as many as the account has room for."""


class FunctionUrlStream(pulumi.ComponentResource):
    """A function URL in `RESPONSE_STREAM` mode before a web application that the Lambda Web Adapter starts.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
    """

    url: pulumi.Output[str]
    """The function URL, with a trailing slash; `POST api/chat` below it starts a stream."""

    def __init__(self, name: str, args: FunctionUrlStreamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:FunctionUrlStream", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        signed = args.get("signed_requests", False)
        auth_type = "AWS_IAM" if signed else "NONE"
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
        table: Statement = {"actions": ["dynamodb:PutItem", "dynamodb:UpdateItem"], "resources": [core["table_arn"]]}
        function = StreamingFunction(
            f"{name}-handler",
            {
                "service": "function-url",
                "package": args["package"],
                "handler": "run.sh",
                "limits": args["limits"],
                "layers": [
                    pulumi.Output.concat(
                        "arn:aws:lambda:", args["region"], f":{WEB_ADAPTER_ACCOUNT}:layer:{WEB_ADAPTER_LAYER}"
                    )
                ],
                "environment": merged(
                    adapter,
                    token_environment(args["tokens"]),
                    core["model_environment"],
                    admission_environment(core),
                ),
                "statements": joined([table], core["model_statements"]),
                "reserved_concurrency": args.get("reserved_concurrency"),
            },
            child,
        )
        url = aws.lambda_.FunctionUrl(
            f"{name}-url",
            function_name=function.function_name,
            authorization_type=auth_type,
            invoke_mode="RESPONSE_STREAM",
            cors=aws.lambda_.FunctionUrlCorsArgs(
                allow_origins=args["cors_origins"],
                allow_methods=CORS_METHODS,
                allow_headers=[*CORS_REQUEST_HEADERS, *(CORS_SIGNED_REQUEST_HEADERS if signed else ())],
                expose_headers=CORS_RESPONSE_HEADERS,
                allow_credentials=False,
                max_age=CORS_MAX_AGE_SECONDS,
            ),
            opts=child,
        )
        # A call needs both: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html. Naming the account lets in its
        # own principals, as far as their policies go, and nobody else in AWS.
        principal = args["account_id"] if signed else "*"
        aws.lambda_.Permission(
            f"{name}-call-url",
            statement_id="StreamwaysCallFunctionUrl",
            function=function.function_name,
            action="lambda:InvokeFunctionUrl",
            principal=principal,
            function_url_auth_type=auth_type,
            opts=child,
        )
        aws.lambda_.Permission(
            f"{name}-invoke-via-url",
            statement_id="StreamwaysInvokeViaFunctionUrl",
            function=function.function_name,
            action="lambda:InvokeFunction",
            principal=principal,
            invoked_via_function_url=True,
            opts=child,
        )
        self.url = url.function_url
        self.register_outputs({"url": self.url})
