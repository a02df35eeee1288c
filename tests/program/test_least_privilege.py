"""Who may do what, exactly. What holds for any statement is a rule of `stacks/policies/permissions.py`."""

import json

import pytest

from stacks.errors import StatementError
from stacks.iam import Statement, policy_document
from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/core-streams-0a1b2c3"
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
INDEX = f"{TABLE}/index/open"
LISTS = ("dynamodb:Query", f"{TABLE}/index/listed")
CONNECTIONS = f"arn:aws:execute-api:us-east-1:{ACCOUNT_ID}:ws1/live/{{}}/@connections/*"
SEND, CLOSE = CONNECTIONS.format("POST"), CONNECTIONS.format("DELETE")
PUBLISH = f"arn:aws:appsync:us-east-1:{ACCOUNT_ID}:apis/gql1/types/Mutation/fields/publishParts"


def _function(name: str) -> str:
    """The alias of a function: its unqualified ARN is in no policy."""
    return f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:{name}-0a1b2c3:live"


def _table(*actions: str) -> set[tuple[str, str]]:
    return {(f"dynamodb:{action}", TABLE) for action in actions}


GENERATE = {("bedrock:InvokeModelWithResponseStream", MODEL)}
REAP = {
    *_table("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
    ("dynamodb:Query", INDEX),
}
ALLOWED = {
    "function-url-handler-policy": {
        *_table("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
        LISTS,
        *GENERATE,
    },
    "function-url-reaper-policy": REAP,
    "websocket-authorizer-policy": _table("UpdateItem"),
    "websocket-tickets-policy": _table("PutItem"),
    "websocket-routes-policy": {
        *_table("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
        LISTS,
        ("lambda:InvokeFunction", _function("websocket-worker")),
        ("execute-api:ManageConnections", SEND),
        ("execute-api:ManageConnections", CLOSE),
    },
    "websocket-worker-policy": {
        *_table("DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
        *GENERATE,
        ("execute-api:ManageConnections", SEND),
        ("lambda:InvokeFunction", _function("websocket-reaper")),
    },
    "websocket-reaper-policy": {*REAP, ("execute-api:ManageConnections", SEND)},
    "appsync-api-policy": {
        *_table("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
        LISTS,
        ("lambda:InvokeFunction", _function("appsync-worker")),
    },
    "appsync-worker-policy": {
        *_table("DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
        *GENERATE,
        ("appsync:GraphQL", PUBLISH),
        ("lambda:InvokeFunction", _function("appsync-reaper")),
    },
    "appsync-reaper-policy": {*REAP, ("appsync:GraphQL", PUBLISH)},
    "appsync-source": {("lambda:InvokeFunction", _function("appsync-api"))},
}
"""Everything that a role may do, besides writing to its own log group."""


def test_each_role_may_do_what_the_table_says_and_nothing_else(deploy: Deploy) -> None:
    allowed: dict[str, set[tuple[str, str]]] = {
        policy.name: {
            (action, resource)
            for statement in json.loads(policy.inputs["policy"])["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
            if not action.startswith("logs:")
        }
        for policy in deploy().of("aws:iam/rolePolicy:RolePolicy")
    }
    assert allowed == ALLOWED


def test_each_function_may_write_to_its_own_log_group_and_create_none(deploy: Deploy) -> None:
    deployment = deploy()
    for function in deployment.of("aws:lambda/function:Function"):
        policy = deployment.named(f"{function.name}-policy", "aws:iam/rolePolicy:RolePolicy")
        logs = [
            (statement["Action"], statement["Resource"])
            for statement in json.loads(policy.inputs["policy"])["Statement"]
            if any(action.startswith("logs:") for action in statement["Action"])
        ]
        group = f"arn:aws:logs:us-east-1:{ACCOUNT_ID}:log-group:{function.name}-logs-0a1b2c3"
        assert logs == [(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group}:log-stream:*"])]


def test_a_role_is_assumed_by_the_one_service_that_needs_it(deploy: Deploy) -> None:
    services = {
        role.name: json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]["Principal"]["Service"]
        for role in deploy().of("aws:iam/role:Role")
    }
    source = services.pop("appsync-source")
    assert source == "appsync.amazonaws.com"
    assert set(services.values()) == {"lambda.amazonaws.com"}


def test_api_gateway_invokes_a_function_only_for_the_route_that_it_serves(deploy: Deploy) -> None:
    api = f"arn:aws:execute-api:us-east-1:{ACCOUNT_ID}:ws1"
    permissions = {
        permission.inputs["sourceArn"]: f"{permission.inputs['function']}:{permission.inputs['qualifier']}"
        for permission in deploy().of("aws:lambda/permission:Permission")
        if permission.inputs["principal"] == "apigateway.amazonaws.com"
    }
    assert permissions == {
        f"{api}/authorizers/websocket-authorizer-id": "websocket-authorizer-0a1b2c3:live",
        f"{api}/live/$connect": "websocket-routes-0a1b2c3:live",
        f"{api}/live/$disconnect": "websocket-routes-0a1b2c3:live",
        f"{api}/live/$default": "websocket-routes-0a1b2c3:live",
    }


def test_eventbridge_invokes_a_reaper_only_by_its_own_rule(deploy: Deploy) -> None:
    permissions = {
        permission.inputs["function"]: (permission.inputs["action"], permission.inputs["sourceArn"])
        for permission in deploy().of("aws:lambda/permission:Permission")
        if permission.inputs["principal"] == "events.amazonaws.com"
    }
    rules = f"arn:aws:events:us-east-1:{ACCOUNT_ID}:rule"
    assert permissions == {
        f"{name}-reaper-0a1b2c3": ("lambda:InvokeFunction", f"{rules}/{name}-reaper-sweep-0a1b2c3")
        for name in ("function-url", "websocket", "appsync")
    }


@pytest.mark.parametrize(
    "statement",
    [
        {"actions": ["*"], "resources": ["arn:aws:s3:::bucket"]},
        {"actions": ["dynamodb:*"], "resources": ["arn:aws:s3:::bucket"]},
        {"actions": ["GetItem"], "resources": ["arn:aws:s3:::bucket"]},
        {"actions": [], "resources": ["arn:aws:s3:::bucket"]},
        {"actions": ["s3:GetObject"], "resources": ["*"]},
        {"actions": ["xray:PutTraceSegments", "s3:GetObject"], "resources": ["*"]},
        {"actions": ["xray:GetTraceSummaries"], "resources": ["*"]},
        {"actions": ["s3:GetObject"], "resources": []},
    ],
    ids=str,
)
def test_a_statement_that_names_nothing_or_everything_is_refused(statement: Statement) -> None:
    with pytest.raises(StatementError):
        policy_document([statement])
