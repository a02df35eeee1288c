"""What a stack holds: its users, one core, and the ways to stream that the settings name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.contract.architecture import Package
from shared.contract.architectures import appsync, function_url, websocket
from shared.contract.outputs import Output, SigningOutput
from stacks.appsync_code import appsync_code
from stacks.appsync_stream import AppSyncStream, AppSyncStreamArgs
from stacks.arguments import CoreAccess, DataProtection, FunctionLimits
from stacks.function_url_domain import FunctionUrlDomain, FunctionUrlDomainArgs
from stacks.function_url_stream import FunctionUrlStream, FunctionUrlStreamArgs
from stacks.identity_pool import IdentityPool, IdentityPoolArgs
from stacks.monitoring import MonitoredArchitecture, Monitoring
from stacks.packages import build
from stacks.secret import EmptySecret
from stacks.settings.boundary import bounded
from stacks.settings.stack import Settings
from stacks.streaming_core import StreamingCore, StreamingCoreArgs
from stacks.users import Users, users_of
from stacks.websocket_stream import WebSocketStream, WebSocketStreamArgs


@dataclass(frozen=True)
class Deployed:
    """An architecture that the stack holds: its outputs, and what alarms look at."""

    outputs: Mapping[str, pulumi.Output[str]]
    monitored: MonitoredArchitecture


@dataclass(frozen=True)
class Foundation:
    """What every architecture stands on."""

    settings: Settings
    account_id: pulumi.Output[str]
    users: Users
    limits: FunctionLimits
    core: CoreAccess
    cors_origins: pulumi.Input[Sequence[pulumi.Input[str]]]
    opts: pulumi.ResourceOptions


def deploy(settings: Settings) -> None:
    """Register the stack's resources and export its outputs; the outputs of an absent architecture are absent.

    Builds the packages that are not there yet. Raises `StacksError`.
    """
    # Known strings only: with a tag that is not, the provider reports a change on every run (pulumi/pulumi-aws#5960).
    tags = {
        "project": pulumi.get_project(),
        "stack": pulumi.get_stack(),
        "environment": settings.environment.name,
    }
    provider = aws.Provider("aws", settings.provider.args(tags))
    account_id = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=provider)).account_id
    opts = pulumi.ResourceOptions(providers=[provider], transformations=bounded(settings.permissions_boundary))

    protection: DataProtection = {
        "deletion_protection": settings.data.deletion_protection,
        "retain": settings.data.retain,
    }
    users = users_of(settings, protection, opts)
    core_args: StreamingCoreArgs = {
        "region": settings.region,
        "account_id": account_id,
        "model": settings.model.id,
        "model_regions": settings.model.regions,
        "guardrail_id": settings.model.guardrail_id,
        "guardrail_version": settings.model.guardrail_version,
        "protection": protection,
        "point_in_time_recovery": settings.data.point_in_time_recovery,
    }
    if settings.table:
        core_args["table_name"] = settings.table.name_in(account_id)
    core = StreamingCore("core", core_args, opts)
    page = None
    if settings.page:
        # It brings a builder with it, of which no other stack knows.
        from stacks.stack_page import StackPage

        page = StackPage(settings, opts)
    foundation = Foundation(
        settings=settings,
        account_id=account_id,
        users=users,
        limits={
            "timeout_seconds": settings.functions.timeout_seconds,
            "memory_megabytes": settings.functions.memory_megabytes,
            "log_retention_days": settings.functions.log_retention_days,
            "retain_logs": settings.data.retain,
            "tracing": settings.functions.tracing,
        },
        core=core.access(settings.model.max_output_tokens, settings.limits, settings.credits),
        cors_origins=page.origins if page else settings.access.cors_origins,
        opts=opts,
    )
    outputs: dict[str, pulumi.Input[str]] = {**users.outputs, Output.REGION: settings.region}
    deployed = {
        name: deploy_architecture(foundation)
        for name, deploy_architecture in ARCHITECTURES.items()
        if name in settings.architectures
    }
    for architecture in deployed.values():
        outputs |= architecture.outputs
    if settings.monitoring.alarms:
        _monitor(foundation, deployed)
    if page:
        outputs |= page.outputs
        page.fill(outputs)
    for name, value in outputs.items():
        pulumi.export(str(name), value)


def _monitor(given: Foundation, deployed: Mapping[str, Deployed]) -> None:
    told = given.settings.monitoring
    if told.reaches_nobody:
        pulumi.log.warn("The alarms of this stack reach nobody: set alarmEmails or alarmWebhooks, or alarms to false.")
    Monitoring(
        "monitoring",
        {
            "region": given.settings.region,
            "account_id": given.account_id,
            "architectures": {name: architecture.monitored for name, architecture in deployed.items()},
            "emails": told.emails,
            "webhooks": told.webhooks,
        },
        given.opts,
    )


def _function_url(given: Foundation) -> Deployed:
    settings, packages = given.settings, function_url.DESCRIPTOR.packages
    args: FunctionUrlStreamArgs = {
        "region": settings.region,
        "account_id": given.account_id,
        "package": _archive(packages["handler"]),
        "reaper_package": _archive(packages["reaper"]),
        "limits": given.limits,
        "tokens": given.users.tokens,
        "core": given.core,
        "cors_origins": given.cors_origins,
        "signed_requests": settings.access.function_url_auth == "AWS_IAM",
        "reserved_concurrency": settings.functions.reserved_concurrency,
        "warm": settings.functions.warm,
    }
    domain = settings.domains.function_url
    if domain is None:
        stream = FunctionUrlStream(function_url.NAME, args, given.opts)
        outputs: dict[str, pulumi.Output[str]] = {function_url.URL: stream.url, **_credentials(given, stream)}
    else:
        description = "What CloudFront shows to the function URL: see docs/domains.md"
        secret = EmptySecret(f"{function_url.NAME}-origin", {"description": description}, given.opts)
        stream = FunctionUrlStream(function_url.NAME, {**args, "origin_secret_arn": secret.arn}, given.opts)
        before: FunctionUrlDomainArgs = {"url": stream.url, "domain": domain}
        if (web_acl_arn := settings.web_acls.function_url) is not None:
            before["web_acl_arn"] = web_acl_arn
        own = FunctionUrlDomain(f"{function_url.NAME}-domain", before, given.opts)
        outputs = {
            function_url.URL: own.url,
            function_url.DOMAIN_TARGET: own.target,
            function_url.ORIGIN_SECRET_ARN: secret.arn,
            function_url.ORIGIN_STORE_ARN: own.key_value_store_arn,
        }
    return Deployed(
        outputs,
        {
            "generates": stream.generating_function_name,
            "reaper": stream.reaper_function_name,
            "worker": function_url.DESCRIPTOR.worker,
            "timeout_seconds": settings.functions.timeout_seconds,
            "reserved_concurrency": settings.functions.reserved_concurrency,
        },
    )


def _credentials(given: Foundation, stream: FunctionUrlStream) -> Mapping[str, pulumi.Output[str]]:
    """Lets users sign their requests, where the settings say so; the outputs with which they do."""
    setting, users = given.settings.identity_pool, given.users
    if not setting.made or users.user_pool_id is None:
        return {}
    args: IdentityPoolArgs = {
        "region": given.settings.region,
        "user_pool_id": users.user_pool_id,
        "user_pool_client_id": users.outputs[Output.USER_POOL_CLIENT_ID],
        "function_arn": stream.function_arn,
    }
    if setting.endpoint:
        args["endpoint"] = setting.endpoint
    pool = IdentityPool("signers", args, given.opts)
    return {
        SigningOutput.IDENTITY_POOL_ID: pool.identity_pool_id,
        SigningOutput.IDENTITY_ENDPOINT: pool.endpoint,
    }


def _websocket(given: Foundation) -> Deployed:
    settings, packages = given.settings, websocket.DESCRIPTOR.packages
    args: WebSocketStreamArgs = {
        "authorizer_package": _archive(packages["authorizer"]),
        "tickets_package": _archive(packages["tickets"]),
        "routes_package": _archive(packages["routes"]),
        "worker_package": _archive(packages["worker"]),
        "reaper_package": _archive(packages["reaper"]),
        "interval_milliseconds": settings.delivery.web_socket_interval_milliseconds,
        "limits": given.limits,
        "tokens": given.users.tokens,
        "core": given.core,
        "cors_origins": given.cors_origins,
        "requests_per_second": settings.delivery.web_socket_requests_per_second,
        "request_burst": settings.delivery.web_socket_request_burst,
        "access_logs": settings.delivery.web_socket_access_logs,
        "tickets_reserved_concurrency": settings.functions.ticket_reserved_concurrency,
        "warm": settings.functions.warm,
    }
    if (domain := settings.domains.web_socket) is not None:
        args["domain"] = domain
    stream = WebSocketStream(websocket.NAME, args, given.opts)
    target = {} if stream.domain_target is None else {websocket.DOMAIN_TARGET: stream.domain_target}
    return Deployed(
        {websocket.URL: stream.url, websocket.TICKET_URL: stream.ticket_url, **target},
        {
            "generates": stream.generating_function_name,
            "reaper": stream.reaper_function_name,
            "worker": websocket.DESCRIPTOR.worker,
            "timeout_seconds": settings.functions.timeout_seconds,
        },
    )


def _appsync(given: Foundation) -> Deployed:
    packages, tokens = appsync.DESCRIPTOR.packages, given.users.tokens
    args: AppSyncStreamArgs = {
        **appsync_code(tokens.get("claims")),
        "client_ids": tokens["client_ids"],
        "api_package": _archive(packages["api"]),
        "worker_package": _archive(packages["worker"]),
        "reaper_package": _archive(packages["reaper"]),
        "interval_milliseconds": given.settings.delivery.app_sync_interval_milliseconds,
        "limits": given.limits,
        "core": given.core,
        "warm": given.settings.functions.warm,
    }
    if given.users.user_pool_id is not None:
        args["user_pool_id"] = given.users.user_pool_id
    elif "claims" in tokens:
        args["issuer"], args["claims"] = tokens["issuer"], tokens["claims"]
    if (domain := given.settings.domains.app_sync) is not None:
        args["domain"] = domain
    if (web_acl_arn := given.settings.web_acls.app_sync) is not None:
        args["web_acl_arn"] = web_acl_arn
    stream = AppSyncStream(appsync.NAME, args, given.opts)
    target = {} if stream.domain_target is None else {appsync.DOMAIN_TARGET: stream.domain_target}
    return Deployed(
        {appsync.URL: stream.url, appsync.REALTIME_URL: stream.realtime_url, **target},
        {
            "generates": stream.generating_function_name,
            "reaper": stream.reaper_function_name,
            "worker": appsync.DESCRIPTOR.worker,
            "timeout_seconds": given.settings.functions.timeout_seconds,
        },
    )


def _archive(package: Package) -> pulumi.Archive:
    return pulumi.FileArchive(str(build(package.name)))


ARCHITECTURES: Mapping[str, Callable[[Foundation], Deployed]] = {
    function_url.NAME: _function_url,
    websocket.NAME: _websocket,
    appsync.NAME: _appsync,
}
"""Architecture → what deploys it."""
