import re
from typing import Any

import pytest

from sandbox.aws.user_pools import UserPool
from sandbox.errors import ResourceRefused
from tests.sandbox.resources.account import RESOLVER, SCHEMA, Account

API = "aws:appsync/graphQLApi:GraphQLApi"
SOURCE = "aws:appsync/dataSource:DataSource"
RESOLVER_TYPE = "aws:appsync/resolver:Resolver"
JAVASCRIPT = {"name": "APPSYNC_JS", "runtimeVersion": "1.0.0"}


def create_api(account: Account, **inputs: Any) -> Any:
    account.cloud.user_pools["pool"] = UserPool("pool")
    defaults = {
        "schema": SCHEMA,
        "authenticationType": "AMAZON_COGNITO_USER_POOLS",
        "userPoolConfig": {"userPoolId": "pool", "defaultAction": "ALLOW"},
        "additionalAuthenticationProviders": [{"authenticationType": "AWS_IAM"}],
    }
    return account.create(API, "api", **{**defaults, **inputs})


def test_an_api_has_both_addresses_of_a_custom_domain(account: Account) -> None:
    created = create_api(account)
    assert created.outputs["uris"] == {
        "GRAPHQL": f"http://127.0.0.1:9100/appsync/{created.id}/graphql",
        "REALTIME": f"ws://127.0.0.1:9100/appsync/{created.id}/graphql/realtime",
    }
    api = account.world.graphql_apis[created.id]
    assert (api.user_pool_id, api.user_pool_default_action) == ("pool", "ALLOW")
    assert api.additional_authentication_types == ("AWS_IAM",)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"schema": "type Query {"}, "the schema is not GraphQL"),
        ({"schema": "type Query { a: Absent }"}, "Absent"),
        ({"authenticationType": "API_KEY"}, "allowed is one of AMAZON_COGNITO_USER_POOLS, OPENID_CONNECT, AWS_IAM"),
        ({"authenticationType": "OPENID_CONNECT"}, "needs an openidConnectConfig"),
        ({"openidConnectConfig": {"clientId": "x"}}, "openidConnectConfig.issuer is required"),
        ({"openidConnectConfig": {"issuer": "https://i", "clientId": "("}}, "openidConnectConfig.clientId is '('"),
        (
            {"openidConnectConfig": {"issuer": "https://i", "iatTtl": 1000}},
            "openidConnectConfig.iatTtl: misspelt, or not",
        ),
        ({"userPoolConfig": {"userPoolId": "pool"}}, "userPoolConfig.defaultAction is required"),
        ({"userPoolConfig": {"userPoolId": "other", "defaultAction": "ALLOW"}}, "no such user pool"),
        ({"logConfig": {"fieldLogLevel": "ALL"}}, "logConfig: misspelt, or not emulated"),
    ],
)
def test_an_api_that_appsync_or_the_sandbox_would_not_serve_is_refused(
    account: Account, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        create_api(account, **inputs)


def test_an_automatic_data_source_name_has_underscores_where_appsync_takes_no_hyphens(account: Account) -> None:
    api_id = create_api(account).id
    name = account.create(SOURCE, "stream-none", apiId=api_id, type="NONE").outputs["name"]
    assert re.fullmatch(r"stream_none_[0-9a-f]{7}", str(name))


def test_a_lambda_data_source_needs_a_role_that_appsync_can_assume(account: Account) -> None:
    api_id = create_api(account).id
    function = {"functionArn": account.function().outputs["arn"]}
    source = {"apiId": api_id, "type": "AWS_LAMBDA", "lambdaConfig": function}
    with pytest.raises(ResourceRefused, match="AppSync cannot assume"):
        account.create(SOURCE, "start", serviceRoleArn=account.role("wrong"), **source)
    role = account.role("right", service="appsync.amazonaws.com")
    created = account.create(SOURCE, "start", serviceRoleArn=role, **source)
    kept = account.world.graphql_apis[api_id].data_sources[str(created.outputs["name"])]
    assert (kept.function_arn, kept.service_role_arn) == (function["functionArn"], role)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"type": "Query", "field": "absent"}, "Query.absent"),
        ({"dataSource": "absent"}, "dataSource is 'absent', allowed are none"),
        ({"code": "export function request() {}"}, "response"),
        ({"code": f"{RESOLVER}//{'x' * 32_768}"}, "AppSync takes 32768"),
        ({"runtime": {"name": "APPSYNC_JS", "runtimeVersion": "2.0.0"}}, "allowed is one of 1.0.0"),
        ({"kind": "PIPELINE"}, "allowed is one of UNIT"),
        ({"requestTemplate": "{}"}, "requestTemplate: misspelt, or not emulated"),
    ],
)
def test_a_resolver_that_appsync_or_the_sandbox_would_not_run_is_refused(
    account: Account, inputs: dict[str, Any], message: str
) -> None:
    api_id = create_api(account).id
    account.create(SOURCE, "none", apiId=api_id, type="NONE", name="none")
    resolver = {"type": "Query", "field": "viewer", "dataSource": "none", "code": RESOLVER, "runtime": JAVASCRIPT}
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(RESOLVER_TYPE, "resolver", apiId=api_id, **{**resolver, **inputs})


def test_a_field_has_one_resolver(account: Account) -> None:
    api_id = create_api(account).id
    account.create(SOURCE, "none", apiId=api_id, type="NONE", name="none")
    resolver = {"type": "Query", "field": "viewer", "dataSource": "none", "code": RESOLVER, "runtime": JAVASCRIPT}
    account.create(RESOLVER_TYPE, "one", apiId=api_id, **resolver)
    assert account.world.graphql_apis[api_id].resolvers["Query", "viewer"].data_source == "none"
    with pytest.raises(ResourceRefused, match="Only one resolver is allowed per field"):
        account.create(RESOLVER_TYPE, "two", apiId=api_id, **resolver)
