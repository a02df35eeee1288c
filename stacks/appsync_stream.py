"""Streaming over AppSync GraphQL: a mutation starts a stream, a subscription delivers it, to every tab of its owner."""

from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from shared.contract.architectures.appsync import DESCRIPTOR, NAME
from shared.contract.environment import Variable
from stacks.appsync_domain import GRAPHQL_PATH, REALTIME_PATH, appsync_domain
from stacks.appsync_users import authentication
from stacks.arguments import (
    CoreAccess,
    Domain,
    FunctionLimits,
    TokenClaims,
    admission_environment,
    claim_environment,
    interval_environment,
    joined,
    merged,
)
from stacks.iam import Statement, policy, trust
from stacks.reaper import Reaper
from stacks.streaming_function import StreamingFunction
from stacks.table_access import (
    ADMIT,
    CANCEL,
    CHATS,
    DISPATCH,
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

API_FIELDS: Final = (
    "Query.activeStream",
    "Query.chat",
    "Query.chats",
    "Query.invitations",
    "Query.limits",
    "Query.parts",
    "Query.viewer",
    "Mutation.rateAnswer",
    "Mutation.acceptInvitation",
    "Mutation.cancelStream",
    "Mutation.declineInvitation",
    "Mutation.deleteChat",
    "Mutation.inviteUser",
    "Mutation.leaveChat",
    "Mutation.removeUser",
    "Mutation.startStream",
    "Mutation.updateChat",
)
"""Fields that the API's function answers, as `Type.field`; one resolver asks it for all of them."""
PUBLISH_FIELD_PATH = "types/Mutation/fields/publishParts"
API_TIMEOUT_SECONDS = 29
"""Timeout of the function that a client waits for; AppSync itself waits 30 seconds at most."""
QUERY_DEPTH = 15
"""Levels of one operation: the standard introspection query has about 13, an operation of a client's 2."""
RESOLVER_COUNT = 20
"""Resolvers of one request: without a limit, aliases would make up to 10,000 invocations of it."""
# https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-js-version.html
RESOLVER_RUNTIME: Final = aws.appsync.ResolverRuntimeArgs(name="APPSYNC_JS", runtime_version="1.0.0")


class AppSyncStreamArgs(TypedDict):
    """Arguments of `AppSyncStream`."""

    user_pool_id: NotRequired[pulumi.Input[str]]
    """The pool whose users may call the API. Without it `issuer` and `claims` say whose."""
    issuer: NotRequired[pulumi.Input[str]]
    """An OIDC issuer, as its tokens say it in `iss`; AppSync finds its keys by discovery."""
    claims: NotRequired[TokenClaims]
    """How to read the issuer's tokens; the client is in `aud` or `azp`, for AppSync looks nowhere else. `schema` and
    the resolvers have to be made for the same claims."""
    client_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """The clients of pool or issuer whose access tokens are accepted."""
    schema: pulumi.Input[str]
    """The GraphQL schema (SDL); it has `Subscription.onParts` and the IAM-only `Mutation.publishParts`, which resolve
    without data."""
    resolvers: Mapping[str, pulumi.Input[str]]
    """APPSYNC_JS code of the fields that resolve without data, by field, as `Type.field`."""
    api_resolver: pulumi.Input[str]
    """APPSYNC_JS code of the fields that the function answers (`API_FIELDS`)."""
    api_package: pulumi.Input[pulumi.Archive]
    """Zip of the function behind every field with data."""
    worker_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that generates."""
    reaper_package: pulumi.Input[pulumi.Archive]
    """Zip of the function that ends streams whose worker died."""
    interval_milliseconds: pulumi.Input[int]
    """Least time between two publishes with text of one stream: AppSync bills each, and each delivery."""
    limits: FunctionLimits
    """Memory, logs and tracing of all, timeout of the worker. The API is traced with its functions."""
    core: CoreAccess
    """Table and model of the streaming core."""
    domain: NotRequired[Domain]
    """A domain name for the API; its certificate is in us-east-1, wherever the API is. By default AWS's own."""
    web_acl_arn: NotRequired[pulumi.Input[str]]
    """ARN of a web ACL of AWS WAF in the API's region, whose rules each request passes first."""
    warm: NotRequired[int]
    """Environments of API function and worker that are kept started, and billed by the hour; none by default."""


class AppSyncStream(pulumi.ComponentResource):
    """A GraphQL API for the users of a pool or an issuer, on which only the worker's role may publish parts.

    https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
    """

    url: pulumi.Output[str]
    """Where queries and mutations are POSTed."""
    realtime_url: pulumi.Output[str]
    """The `wss://` URL of subscriptions."""
    domain_target: pulumi.Output[str] | None
    """The host that a record of the API's own domain has to name; None without one."""
    generating_function_name: pulumi.Output[str]
    """Name of the function that generates, as its metrics have it."""
    reaper_function_name: pulumi.Output[str]
    """Name of the function that ends streams whose worker died."""

    def __init__(self, name: str, args: AppSyncStreamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:AppSyncStream", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        core, limits = args["core"], args["limits"]
        clients, claims = args["client_ids"], args.get("claims")
        users = authentication(clients, args.get("user_pool_id"), args.get("issuer"), claims)
        api = aws.appsync.GraphQLApi(
            f"{name}-api",
            schema=args["schema"],
            authentication_type=users.type,
            user_pool_config=users.user_pool,
            openid_connect_config=users.openid_connect,
            additional_authentication_providers=[
                aws.appsync.GraphQLApiAdditionalAuthenticationProviderArgs(authentication_type="AWS_IAM")
            ],
            query_depth_limit=QUERY_DEPTH,
            resolver_count_limit=RESOLVER_COUNT,
            # AppSync sends its traces by a service-linked role, which it makes when the first API asks for them.
            xray_enabled=limits.get("tracing", False),
            opts=child,
        )
        publisher: Mapping[str, pulumi.Input[str]] = {
            Variable.GRAPHQL_URL: api.uris["GRAPHQL"],
            Variable.STREAMS_TABLE: core["table_name"],
        }
        publish: Statement = {
            "actions": ["appsync:GraphQL"],
            "resources": [pulumi.Output.concat(api.arn, "/", PUBLISH_FIELD_PATH)],
        }
        reaper = Reaper(
            f"{name}-reaper",
            {
                "architecture": NAME,
                "package": args["reaper_package"],
                "handler": DESCRIPTOR.packages["reaper"].handler,
                "limits": limits,
                "environment": publisher,
                "statements": [publish, table_access(core, REAP), book_usage(core), find_open_streams(core)],
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
                    publisher, interval_environment(args["interval_milliseconds"]), core["model_environment"]
                ),
                "statements": joined([publish, table_access(core, RUN), book_usage(core)], core["model_statements"]),
                "asynchronous": True,
                "on_failure": reaper.arn,
                "warm": args.get("warm", 0),
            },
            child,
        )
        function = StreamingFunction(
            f"{name}-api",
            {
                "architecture": NAME,
                "package": args["api_package"],
                "handler": DESCRIPTOR.packages["api"].handler,
                "limits": {**limits, "timeout_seconds": API_TIMEOUT_SECONDS},
                "environment": {
                    **admission_environment(core),
                    **claim_environment(clients, claims),
                    Variable.WORKER_FUNCTION_ARN: worker.arn,
                },
                "statements": [
                    {"actions": ["lambda:InvokeFunction"], "resources": [worker.arn]},
                    table_access(core, ADMIT, DISPATCH, LOOK_UP, CANCEL, FOLLOW, CHATS),
                    list_chats(core),
                    add_to_audit(core),
                    rate_answers(core),
                ],
                "warm": args.get("warm", 0),
            },
            child,
        )
        source = self._function_source(name, api, function)
        none = aws.appsync.DataSource(f"{name}-none", api_id=api.id, name="none", type="NONE", opts=child)
        resolvers = {field: (none, code) for field, code in args["resolvers"].items()}
        resolvers |= dict.fromkeys(API_FIELDS, (source, args["api_resolver"]))
        for field, (data_source, code) in resolvers.items():
            type_name, _, field_name = field.partition(".")
            aws.appsync.Resolver(
                f"{name}-{type_name}-{field_name}",
                api_id=api.id,
                type=type_name,
                field=field_name,
                kind="UNIT",
                data_source=data_source.name,
                runtime=RESOLVER_RUNTIME,
                code=code,
                opts=child,
            )
        self.url = api.uris["GRAPHQL"]
        self.realtime_url = api.uris["REALTIME"]
        self.domain_target = None
        if (domain := args.get("domain")) is not None:
            self.url = pulumi.Output.concat("https://", domain["name"], GRAPHQL_PATH)
            self.realtime_url = pulumi.Output.concat("wss://", domain["name"], REALTIME_PATH)
            self.domain_target = appsync_domain(name, domain, api, child)
        if (web_acl_arn := args.get("web_acl_arn")) is not None:
            aws.wafv2.WebAclAssociation(f"{name}-web-acl", resource_arn=api.arn, web_acl_arn=web_acl_arn, opts=child)
        self.generating_function_name = worker.function_name
        self.reaper_function_name = reaper.function_name
        self.register_outputs(
            {
                "url": self.url,
                "realtime_url": self.realtime_url,
                "domain_target": self.domain_target,
                "generating_function_name": self.generating_function_name,
                "reaper_function_name": self.reaper_function_name,
            }
        )

    def _function_source(
        self, name: str, api: aws.appsync.GraphQLApi, function: StreamingFunction
    ) -> aws.appsync.DataSource:
        """The data source that invokes `function`, and may invoke nothing else."""
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(f"{name}-source", assume_role_policy=trust("appsync.amazonaws.com"), opts=child)
        invoke = aws.iam.RolePolicy(
            f"{name}-source",
            role=role.id,
            policy=policy([{"actions": ["lambda:InvokeFunction"], "resources": [function.arn]}]),
            opts=child,
        )
        return aws.appsync.DataSource(
            f"{name}-source",
            api_id=api.id,
            name="api",
            type="AWS_LAMBDA",
            lambda_config=aws.appsync.DataSourceLambdaConfigArgs(function_arn=function.arn),
            service_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[invoke]),
        )
