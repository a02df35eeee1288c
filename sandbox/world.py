"""What the sandbox's AWS holds: plain records that resource handlers write and services read.

The way of a resource: the program registers it → `sandbox.engine` → a handler in `sandbox.resources` → a record here
→ the service that serves it (`sandbox.functions`, `sandbox.edge`, `sandbox.aws`) looks it up on each request.
Records hold what AWS would hold, under AWS's names; they know nothing of Pulumi, HTTP or processes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.graphql import GraphqlApi
from sandbox.identities import IdentityPool
from sandbox.monitoring import MetricAlarm, Topic

ACCOUNT_ID = "000000000000"
LATEST = "$LATEST"
"""The version of a function that is not published: what an update of the function changes."""

PolicyDocument = Mapping[str, Any]
"""A parsed IAM policy: `{"Version": …, "Statement": [{"Effect", "Action", "Resource", "Condition"?}]}`."""


@dataclass
class Role:
    """An IAM role; the key in `World.roles` is its ARN."""

    name: str
    arn: str
    trust_policy: PolicyDocument
    policies: dict[str, PolicyDocument] = field(default_factory=dict[str, PolicyDocument])
    """Inline policies by name."""


@dataclass(frozen=True)
class ResourcePermission:
    """One statement of a function's resource policy, as `lambda:AddPermission` takes it."""

    statement_id: str
    action: str
    principal: str
    source_arn: str | None = None
    function_url_auth_type: str | None = None
    invoked_via_function_url: bool | None = None


@dataclass(frozen=True)
class EventInvokeConfig:
    """How asynchronous invocations of a function are retried, aged out, and where their results go (ARNs)."""

    maximum_retry_attempts: int = 2
    maximum_event_age_seconds: int = 21_600
    on_failure: str | None = None
    on_success: str | None = None


UNCONFIGURED = EventInvokeConfig()
"""What holds for a function or an alias that has no configuration of its own."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Alias:
    """A name for one version of a function at a time; the key in `Function.aliases` is its own."""

    name: str
    version: str
    """What it runs: a number, or `$LATEST`."""
    provisioned_concurrency: int = 0
    permissions: dict[str, ResourcePermission] = field(default_factory=dict[str, ResourcePermission])
    """By statement id. They let nobody call the function by another name than this one."""
    event_invoke: EventInvokeConfig = UNCONFIGURED


@dataclass
class Function:
    """A Lambda function, or one version of it; the key in `World.functions` is its name."""

    name: str
    arn: str
    role_arn: str
    handler: str
    runtime: str
    package: Path
    """The zip that the program deployed."""
    timeout_seconds: int
    memory_megabytes: int
    environment: Mapping[str, str]
    layers: tuple[str, ...]
    log_group: str
    code_sha256: str = ""
    """Of the zip, in Base64."""
    reserved_concurrency: int | None = None
    permissions: dict[str, ResourcePermission] = field(default_factory=dict[str, ResourcePermission])
    """By statement id."""
    event_invoke: EventInvokeConfig = UNCONFIGURED
    modified_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    version: str = LATEST
    versions: dict[str, "Function"] = field(default_factory=dict[str, "Function"])
    """Code and configuration as they were published, by number."""
    aliases: dict[str, Alias] = field(default_factory=dict[str, Alias])

    def publish(self) -> "Function":
        """Keep code and configuration, as they are now, as the next version.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
        """
        published = replace(
            self,
            version=str(len(self.versions) + 1),
            modified_at=datetime.now(UTC),
            versions={},
            aliases={},
            permissions={},
            event_invoke=UNCONFIGURED,
        )
        self.versions[published.version] = published
        return published

    def runs_like(self, other: "Function") -> bool:
        """Whether code and configuration are the same: what else is known of a function is nothing to its processes."""
        one, another = (
            replace(
                each,
                reserved_concurrency=None,
                permissions={},
                event_invoke=UNCONFIGURED,
                modified_at=_NEVER,
                version=LATEST,
                versions={},
                aliases={},
            )
            for each in (self, other)
        )
        return one == another

    def at(self, version: str) -> "Function":
        """What a version runs. Raises KeyError."""
        return self if version == LATEST else self.versions[version]


@dataclass(frozen=True)
class Callee:
    """A function as it is called: unqualified, by a version, or by an alias."""

    arn: str
    """With the qualifier that it was called by, if there was one: policies have to name this very ARN."""
    function: Function
    """The version that runs."""
    named: Function | Alias
    """What the name belongs to: it has the permissions, and the settings of asynchronous invocations."""


@dataclass(frozen=True)
class Cors:
    """CORS of a function URL, as Lambda answers it."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age_seconds: int = 0


@dataclass(frozen=True)
class FunctionUrl:
    """A function URL; the key in `World.function_urls` is `url_id`."""

    url_id: str
    function_arn: str
    """With the alias that the URL belongs to, if it belongs to one."""
    authorization_type: str
    """`NONE` or `AWS_IAM`."""
    invoke_mode: str
    """`BUFFERED` or `RESPONSE_STREAM`."""
    cors: Cors | None


@dataclass
class Schedule:
    """An EventBridge rule that fires at a rate; the key in `World.schedules` is its name."""

    name: str
    arn: str
    period_seconds: int
    targets: dict[str, str] = field(default_factory=dict[str, str])
    """Target id → ARN of the function that each firing is sent to, with its qualifier."""


@dataclass(frozen=True)
class WebSocketIntegration:
    """Where a route goes: an `AWS_PROXY` integration with a function, at most 29 s."""

    integration_id: str
    function_arn: str
    timeout_milliseconds: int


@dataclass(frozen=True)
class WebSocketRoute:
    """A route of a WebSocket API; the key in `WebSocketApi.routes` is `route_key`."""

    route_key: str
    integration_id: str
    authorizer_id: str | None
    route_id: str = ""


@dataclass(frozen=True)
class WebSocketAuthorizer:
    """A `REQUEST` authorizer: a function, and the identity sources that API Gateway demands before it asks."""

    authorizer_id: str
    function_arn: str
    identity_sources: tuple[str, ...]


@dataclass(frozen=True)
class RouteSettings:
    """Throttling of a stage's routes: requests per second, and the burst; None means the account's own."""

    throttling_rate_limit: float | None = None
    throttling_burst_limit: int | None = None


@dataclass
class WebSocketApi:
    """An API Gateway WebSocket API; the key in `World.websocket_apis` is `api_id`."""

    api_id: str
    name: str
    route_selection_expression: str
    integrations: dict[str, WebSocketIntegration] = field(default_factory=dict[str, WebSocketIntegration])
    routes: dict[str, WebSocketRoute] = field(default_factory=dict[str, WebSocketRoute])
    authorizers: dict[str, WebSocketAuthorizer] = field(default_factory=dict[str, WebSocketAuthorizer])
    deployments: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Deployment id → the route keys that existed when it was made: a stage serves those and no others."""
    stages: dict[str, tuple[str, RouteSettings]] = field(default_factory=dict[str, tuple[str, RouteSettings]])
    """Stage name → (deployment id, settings)."""


@dataclass
class World:
    """One account and region. Services get it by reference; resource handlers change it.

    Two things change besides: an alias is moved by a call of Lambda's API, and a hot reload publishes versions.
    Handlers run in threads: whoever iterates over a mapping takes a `tuple` of it first.
    """

    region: str
    origin: str
    """Scheme, host and port at which the sandbox is reached, without a trailing slash."""
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    partition_keys: dict[str, str] = field(default_factory=dict[str, str])
    """The attribute that each DynamoDB table is partitioned by, by the table's name."""
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    function_urls: dict[str, FunctionUrl] = field(default_factory=dict[str, FunctionUrl])
    websocket_apis: dict[str, WebSocketApi] = field(default_factory=dict[str, WebSocketApi])
    graphql_apis: dict[str, GraphqlApi] = field(default_factory=dict[str, GraphqlApi])
    schedules: dict[str, Schedule] = field(default_factory=dict[str, Schedule])
    log_groups: dict[str, int | None] = field(default_factory=dict[str, "int | None"])
    """Name → retention in days."""
    topics: dict[str, Topic] = field(default_factory=dict[str, Topic])
    alarms: dict[str, MetricAlarm] = field(default_factory=dict[str, MetricAlarm])
    dashboards: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Name → body."""
    identity_pools: dict[str, IdentityPool] = field(default_factory=dict[str, IdentityPool])

    def function_arn(self, name: str) -> str:
        """The ARN of a function of this account and region, whether it exists or not."""
        return f"arn:aws:lambda:{self.region}:{ACCOUNT_ID}:function:{name}"

    def function_name(self, called: str) -> str:
        """The name in a name or an ARN, with or without a qualifier."""
        return called.removeprefix(self.function_arn("")).partition(":")[0]

    def callee(self, called: str) -> Callee:
        """What is called by a name or an ARN, with or without a qualifier. Raises KeyError."""
        name, _, qualifier = called.removeprefix(self.function_arn("")).partition(":")
        function = self.functions[name]
        if not qualifier:
            return Callee(function.arn, function, function)
        alias = function.aliases.get(qualifier)
        runs = function.at(alias.version if alias else qualifier)
        return Callee(f"{function.arn}:{qualifier}", runs, alias or runs)
