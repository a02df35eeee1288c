"""What the sandbox's AppSync holds, for `World`: APIs with their data sources and resolvers."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class DataSource:
    """An AppSync data source: `NONE`, or `AWS_LAMBDA` with a function and the role that invokes it."""

    name: str
    type: str
    function_arn: str | None = None
    service_role_arn: str | None = None


@dataclass(frozen=True)
class UnitResolver:
    """An APPSYNC_JS resolver: one field, one data source, the code with `request` and `response`."""

    type_name: str
    field_name: str
    data_source: str
    code: str


@dataclass
class GraphqlApi:
    """An AppSync GraphQL API; the key in `World.graphql_apis` is `api_id`."""

    api_id: str
    arn: str
    name: str
    schema: str
    authentication_type: str
    user_pool_id: str | None
    user_pool_default_action: str | None
    app_client_pattern: str | None = None
    """What the client of a token must match (`appIdClientRegex`, `clientId`); None lets every client in."""
    issuer: str | None = None
    """Of the tokens of `OPENID_CONNECT`."""
    additional_authentication_types: tuple[str, ...] = ()
    query_depth_limit: int = 0
    """Most levels of fields in one operation, 1 to 75; 0 for no limit."""
    resolver_count_limit: int = 0
    """Most resolvers that one request may run, 1 to 10,000; 0 for AWS's own limit of 10,000."""
    data_sources: dict[str, DataSource] = field(default_factory=dict[str, DataSource])
    resolvers: dict[tuple[str, str], UnitResolver] = field(default_factory=dict[tuple[str, str], UnitResolver])
    """(type, field) → resolver."""
