"""AWS AppSync: GraphQL APIs, their data sources and their unit resolvers.

https://docs.aws.amazon.com/appsync/latest/APIReference/Welcome.html
"""

import re

from sandbox.edge.appsync.resolver_code import check_resolver
from sandbox.edge.appsync.schema import check_field, check_schema
from sandbox.errors import ResourceRefused
from sandbox.graphql import DataSource, GraphqlApi, UnitResolver
from sandbox.iam import policies
from sandbox.resources.handler import Cloud, Created, Entry, Gone, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.resources.inputs import Inputs
from sandbox.resources.lambda_access import callee_named
from sandbox.world import ACCOUNT_ID

AUTHENTICATION_TYPES = ("AMAZON_COGNITO_USER_POOLS", "OPENID_CONNECT", "AWS_IAM")
MAX_NAME = 65_536
API_ID_LENGTH = 26
DATA_SOURCE_TYPES = ("NONE", "AWS_LAMBDA")
# https://docs.aws.amazon.com/appsync/latest/APIReference/API_CreateGraphqlApi.html
QUERY_DEPTHS = (0, 75)
RESOLVER_COUNTS = (0, 10_000)

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


def _put_api(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    schema = inputs.text("schema")
    check_schema(schema)
    authentication_type = inputs.text("authenticationType", allowed=AUTHENTICATION_TYPES)
    pool_id, default_action, app_client_pattern = _user_pool(cloud, inputs.block("userPoolConfig"), authentication_type)
    issuer, client_pattern = _openid_connect(inputs.block("openidConnectConfig"), authentication_type)
    inputs.without_effect("xrayEnabled")
    api_id = request.own_id(API_ID_LENGTH, world.graphql_apis)
    found = world.graphql_apis.get(api_id)
    api = GraphqlApi(
        api_id=api_id,
        arn=f"arn:aws:appsync:{world.region}:{ACCOUNT_ID}:apis/{api_id}",
        name=inputs.text("name"),
        schema=schema,
        authentication_type=authentication_type,
        user_pool_id=pool_id,
        user_pool_default_action=default_action,
        app_client_pattern=app_client_pattern or client_pattern,
        issuer=issuer,
        additional_authentication_types=_additional(inputs, authentication_type),
        query_depth_limit=inputs.integer("queryDepthLimit", 0, between=QUERY_DEPTHS),
        resolver_count_limit=inputs.integer("resolverCountLimit", 0, between=RESOLVER_COUNTS),
        data_sources=found.data_sources if found else {},
        resolvers=found.resolvers if found else {},
    )
    world.graphql_apis[api_id] = api
    realtime = world.origin.replace("http", "ws", 1)
    return Created(
        api_id,
        {
            "apiType": "GRAPHQL",
            "arn": api.arn,
            "tagsAll": all_tags(request),
            "uris": {
                "GRAPHQL": f"{world.origin}/appsync/{api_id}/graphql",
                "REALTIME": f"{realtime}/appsync/{api_id}/graphql/realtime",
            },
        },
    )


def _user_pool(
    cloud: Cloud, block: Inputs | None, authentication_type: str
) -> tuple[str | None, str | None, str | None]:
    """Pool, default action, and the pattern that a token's app client must match."""
    if block is None:
        if authentication_type == "AMAZON_COGNITO_USER_POOLS":
            raise ResourceRefused(
                "BadRequestException: authenticationType AMAZON_COGNITO_USER_POOLS needs a userPoolConfig"
            )
        return None, None, None
    region = block.optional_text("awsRegion")
    if region not in (None, cloud.world.region):
        raise ResourceRefused(
            f"userPoolConfig.awsRegion is {region!r}, but this sandbox is {cloud.world.region!r} alone"
        )
    pool_id = block.text("userPoolId")
    if pool_id not in cloud.user_pools:
        raise ResourceRefused(
            f"BadRequestException: userPoolConfig.userPoolId is {pool_id!r}, and no such user pool exists"
        )
    pattern = _pattern(block, "userPoolConfig", "appIdClientRegex")
    return pool_id, block.text("defaultAction", allowed=("ALLOW", "DENY")), pattern


def _openid_connect(block: Inputs | None, authentication_type: str) -> tuple[str | None, str | None]:
    """Issuer, and the pattern that a token's client must match."""
    if block is None:
        if authentication_type == "OPENID_CONNECT":
            raise ResourceRefused("BadRequestException: authenticationType OPENID_CONNECT needs an openidConnectConfig")
        return None, None
    return block.text("issuer"), _pattern(block, "openidConnectConfig", "clientId")


def _pattern(block: Inputs, path: str, key: str) -> str | None:
    pattern = block.optional_text(key)
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise ResourceRefused(f"BadRequestException: {path}.{key} is {pattern!r}: {error}") from None
    return pattern


def _additional(inputs: Inputs, default: str) -> tuple[str, ...]:
    types: list[str] = []
    for block in inputs.blocks("additionalAuthenticationProviders"):
        kind = block.text("authenticationType", allowed=("AWS_IAM",))
        if kind in (default, *types):
            raise ResourceRefused(f"BadRequestException: additionalAuthenticationProviders has {kind} twice")
        types.append(kind)
    return tuple(types)


def _put_data_source(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    api = _api(cloud, inputs)
    name, kind = inputs.text("name"), inputs.text("type", allowed=DATA_SOURCE_TYPES)
    if not _NAME.fullmatch(name):
        raise ResourceRefused(
            f"BadRequestException: name is {name!r}, allowed are letters, digits and _, no digit first"
        )
    if name in api.data_sources and not request.id:
        raise ResourceRefused(f"BadRequestException: Data source with name {name} already exists")
    inputs.without_effect("description")
    role, block = inputs.optional_text("serviceRoleArn"), inputs.block("lambdaConfig")
    if kind == "NONE":
        api.data_sources[name] = DataSource(name, kind)
    else:
        if block is None or role is None:
            raise ResourceRefused(
                "BadRequestException: a data source of type AWS_LAMBDA needs lambdaConfig and serviceRoleArn"
            )
        if not policies.service_may_assume(cloud.world, role, "appsync.amazonaws.com"):
            raise ResourceRefused(f"BadRequestException: serviceRoleArn is {role!r}, a role that AppSync cannot assume")
        callee = callee_named(cloud, block.text("functionArn"))
        api.data_sources[name] = DataSource(name, kind, callee.arn, role)
    return Created(f"{api.api_id}-{name}", {"arn": f"{api.arn}/datasources/{name}"})


def _put_resolver(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    api = _api(cloud, inputs)
    type_name, field_name = inputs.text("type"), inputs.text("field")
    check_field(check_schema(api.schema), type_name, field_name)
    inputs.optional_text("kind", allowed=("UNIT",))
    data_source = inputs.text("dataSource")
    if data_source not in api.data_sources:
        raise ResourceRefused(
            f"NotFoundException: dataSource is {data_source!r}, allowed are {', '.join(api.data_sources)}"
        )
    runtime = inputs.block("runtime")
    if runtime is None:
        raise ResourceRefused("runtime is required: the sandbox runs APPSYNC_JS, not mapping templates")
    runtime.text("name", allowed=("APPSYNC_JS",))
    runtime.text("runtimeVersion", allowed=("1.0.0",))
    code = inputs.text("code")
    check_resolver(code)
    if (type_name, field_name) in api.resolvers and not request.id:
        raise ResourceRefused(f"BadRequestException: Only one resolver is allowed per field ({type_name}.{field_name})")
    api.resolvers[type_name, field_name] = UnitResolver(type_name, field_name, data_source, code)
    arn = f"{api.arn}/types/{type_name}/resolvers/{field_name}"
    return Created(f"{api.api_id}-{type_name}-{field_name}", {"arn": arn, "kind": "UNIT"})


def _api(cloud: Cloud, inputs: Inputs) -> GraphqlApi:
    api_id = inputs.text("apiId")
    api = cloud.world.graphql_apis.get(api_id)
    if api is None:
        raise ResourceRefused(f"NotFoundException: GraphQL API {api_id} not found.")
    return api


def _place_of_api(cloud: Cloud, standing: Standing) -> Entry[str, GraphqlApi]:
    return Entry(cloud.world.graphql_apis, standing.id)


def _place_of_data_source(cloud: Cloud, standing: Standing) -> Entry[str, DataSource]:
    return Entry(_api_of(cloud, standing).data_sources, str(standing.inputs.get("name")))


def _place_of_resolver(cloud: Cloud, standing: Standing) -> Entry[tuple[str, str], UnitResolver]:
    key = (str(standing.inputs.get("type")), str(standing.inputs.get("field")))
    return Entry(_api_of(cloud, standing).resolvers, key)


def _api_of(cloud: Cloud, standing: Standing) -> GraphqlApi:
    api = cloud.world.graphql_apis.get(str(standing.inputs.get("apiId")))
    if api is None:
        raise Gone
    return api


HANDLERS = (
    Handler(
        "aws:appsync/graphQLApi:GraphQLApi",
        _put_api,
        PhysicalName("name", MAX_NAME),
        place=_place_of_api,
        # https://docs.aws.amazon.com/appsync/latest/APIReference/API_UpdateGraphqlApi.html takes all that is emulated
        computed=("apiType", "arn", "uris"),
        tagged=True,
    ),
    Handler(
        "aws:appsync/dataSource:DataSource",
        _put_data_source,
        PhysicalName("name", MAX_NAME, separator="_"),
        place=_place_of_data_source,
        # https://docs.aws.amazon.com/appsync/latest/APIReference/API_UpdateDataSource.html
        replaces=("apiId", "name"),
        computed=("arn",),
    ),
    Handler(
        "aws:appsync/resolver:Resolver",
        _put_resolver,
        place=_place_of_resolver,
        # https://docs.aws.amazon.com/appsync/latest/APIReference/API_UpdateResolver.html
        replaces=("apiId", "field", "type"),
        computed=("arn", "kind"),
    ),
)
