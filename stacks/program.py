"""What a stack holds: one identity, one core, and the ways to stream that the settings name."""

import pulumi
import pulumi_aws as aws

from stacks.appsync_code import appsync_code
from stacks.appsync_stream import AppSyncStream
from stacks.arguments import AcceptedTokens, FunctionLimits
from stacks.function_url_stream import FunctionUrlStream
from stacks.identity import Identity, IdentityArgs
from stacks.packages import build
from stacks.settings import Settings
from stacks.streaming_core import StreamingCore
from stacks.websocket_stream import WebSocketStream


def deploy(settings: Settings) -> None:
    """Register the stack's resources and export its outputs; the outputs of an absent architecture are absent.

    Builds the packages that are not there yet. Raises `StacksError`.
    """
    # Known strings only: with a tag that is not, the provider reports a change on every run (pulumi/pulumi-aws#5960).
    tags = {"project": pulumi.get_project(), "stack": pulumi.get_stack()}
    provider = aws.Provider("aws", settings.provider.args(tags))
    account_id = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=provider)).account_id
    opts = pulumi.ResourceOptions(providers=[provider])

    identity_args: IdentityArgs = {"region": settings.region, "self_sign_up": settings.self_sign_up}
    if settings.cognito_endpoint:
        identity_args["endpoint"] = settings.cognito_endpoint
    identity = Identity("identity", identity_args, opts)
    core = StreamingCore(
        "core",
        {
            "region": settings.region,
            "account_id": account_id,
            "model": settings.model,
            "model_regions": settings.model_regions,
            "guardrail_id": settings.guardrail_id,
            "guardrail_version": settings.guardrail_version,
        },
        opts,
    )
    pulumi.export("region", settings.region)
    pulumi.export("userPoolId", identity.user_pool_id)
    pulumi.export("userPoolClientId", identity.user_pool_client_id)
    pulumi.export("issuer", identity.issuer)
    pulumi.export("cognitoEndpoint", identity.endpoint)

    limits: FunctionLimits = {
        "timeout_seconds": settings.timeout_seconds,
        "memory_megabytes": settings.memory_megabytes,
        "log_retention_days": settings.log_retention_days,
    }
    tokens: AcceptedTokens = {
        "issuer": identity.issuer,
        "jwks_url": identity.jwks_url,
        "client_ids": [identity.user_pool_client_id],
    }
    access = core.access(settings.max_output_tokens)

    if "function-url" in settings.architectures:
        function_url = FunctionUrlStream(
            "function-url",
            {
                "region": settings.region,
                "account_id": account_id,
                "package": _package("function-url"),
                "reaper_package": _package("function-url-reaper"),
                "limits": limits,
                "tokens": tokens,
                "core": access,
                "cors_origins": settings.cors_origins,
                "signed_requests": settings.function_url_auth == "AWS_IAM",
                "reserved_concurrency": settings.reserved_concurrency,
            },
            opts,
        )
        pulumi.export("functionUrl", function_url.url)

    if "websocket" in settings.architectures:
        websocket = WebSocketStream(
            "websocket",
            {
                "authorizer_package": _package("websocket-authorizer"),
                "tickets_package": _package("websocket-tickets"),
                "routes_package": _package("websocket-routes"),
                "worker_package": _package("websocket-worker"),
                "reaper_package": _package("websocket-reaper"),
                "interval_milliseconds": settings.web_socket_interval_milliseconds,
                "limits": limits,
                "tokens": tokens,
                "core": access,
                "cors_origins": settings.cors_origins,
                "requests_per_second": settings.web_socket_requests_per_second,
                "request_burst": settings.web_socket_request_burst,
                "tickets_reserved_concurrency": settings.ticket_reserved_concurrency,
            },
            opts,
        )
        pulumi.export("webSocketUrl", websocket.url)
        pulumi.export("webSocketTicketUrl", websocket.ticket_url)

    if "appsync" in settings.architectures:
        appsync = AppSyncStream(
            "appsync",
            {
                **appsync_code(),
                "user_pool_id": identity.user_pool_id,
                "client_ids": tokens["client_ids"],
                "api_package": _package("appsync-api"),
                "worker_package": _package("appsync-worker"),
                "reaper_package": _package("appsync-reaper"),
                "interval_milliseconds": settings.app_sync_interval_milliseconds,
                "limits": limits,
                "core": access,
            },
            opts,
        )
        pulumi.export("appSyncUrl", appsync.url)
        pulumi.export("appSyncRealtimeUrl", appsync.realtime_url)


def _package(name: str) -> pulumi.Archive:
    return pulumi.FileArchive(str(build(name)))
