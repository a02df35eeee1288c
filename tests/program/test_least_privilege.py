"""Who may do what: every policy, trust policy and resource policy of the program."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stacks.errors import StatementError
from stacks.iam import Statement, policy_document
from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID, Deployment

WILDCARD_EXCEPTIONS = {
    (
        "function-url-call-url",
        "Principal",
    ): "a URL of auth type NONE is open to everyone; the handler checks tokens",
    ("function-url-invoke-via-url", "Principal"): "the same call needs lambda:InvokeFunction too, only through the URL",
}
"""(resource, element) → why a bare `*` stands there."""

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/core-streams-0a1b2c3"
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
CONNECTIONS = f"arn:aws:execute-api:us-east-1:{ACCOUNT_ID}:ws1/live/POST/@connections/*"
PUBLISH = f"arn:aws:appsync:us-east-1:{ACCOUNT_ID}:apis/gql1/types/Mutation/fields/publishParts"


def _function(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:{name}-0a1b2c3"


ALLOWED = {
    "function-url-handler-policy": {
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:UpdateItem", TABLE),
        ("bedrock:InvokeModelWithResponseStream", MODEL),
    },
    "websocket-authorizer-policy": set(),
    "websocket-routes-policy": {
        ("lambda:InvokeFunction", _function("websocket-worker")),
        ("execute-api:ManageConnections", CONNECTIONS),
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:DeleteItem", TABLE),
    },
    "websocket-worker-policy": {
        ("bedrock:InvokeModelWithResponseStream", MODEL),
        ("execute-api:ManageConnections", CONNECTIONS),
        ("dynamodb:UpdateItem", TABLE),
    },
    "appsync-start-policy": {
        ("lambda:InvokeFunction", _function("appsync-worker")),
        ("dynamodb:PutItem", TABLE),
        ("dynamodb:DeleteItem", TABLE),
    },
    "appsync-worker-policy": {
        ("bedrock:InvokeModelWithResponseStream", MODEL),
        ("appsync:GraphQL", PUBLISH),
        ("dynamodb:UpdateItem", TABLE),
    },
    "appsync-start-source": {("lambda:InvokeFunction", _function("appsync-start"))},
}
"""Everything that a role may do, besides writing to its own log group."""


def statements(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """(resource, statement) of all policies: inline, trust, and the functions' resource policies."""
    for role in deployment.of("aws:iam/role:Role"):
        yield from ((role.name, each) for each in json.loads(role.inputs["assumeRolePolicy"])["Statement"])
    for policy in deployment.of("aws:iam/rolePolicy:RolePolicy"):
        yield from ((policy.name, each) for each in json.loads(policy.inputs["policy"])["Statement"])
    for permission in deployment.of("aws:lambda/permission:Permission"):
        inputs = permission.inputs
        yield (
            permission.name,
            {"Action": inputs["action"], "Resource": inputs["function"], "Principal": inputs["principal"]},
        )


def values(element: object) -> list[str]:
    """The values of an element, which may be a text, a list, or a map as of a principal."""
    if isinstance(element, dict):
        return [value for each in element.values() for value in values(each)]
    return [element] if isinstance(element, str) else list(element)  # type: ignore[call-overload]


@pytest.mark.parametrize("auth", ["NONE", "AWS_IAM"])
def test_a_bare_wildcard_stands_only_where_the_table_says_why(deploy: Deploy, auth: str) -> None:
    found = {
        (name, element)
        for name, statement in statements(deploy(functionUrlAuth=auth))
        for element in ("Action", "Resource", "Principal")
        if "*" in values(statement.get(element, []))
    }
    assert found == (set(WILDCARD_EXCEPTIONS) if auth == "NONE" else set())


def test_no_statement_turns_around_what_it_names(deploy: Deploy) -> None:
    for name, statement in statements(deploy()):
        assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys(), name


def test_no_action_has_a_wildcard(deploy: Deploy) -> None:
    for name, statement in statements(deploy()):
        assert not any("*" in action for action in values(statement["Action"])), name


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
    source = services.pop("appsync-start-source")
    assert source == "appsync.amazonaws.com"
    assert set(services.values()) == {"lambda.amazonaws.com"}


def test_api_gateway_invokes_a_function_only_for_the_route_that_it_serves(deploy: Deploy) -> None:
    api = f"arn:aws:execute-api:us-east-1:{ACCOUNT_ID}:ws1"
    permissions = {
        permission.inputs["sourceArn"]: permission.inputs["function"]
        for permission in deploy().of("aws:lambda/permission:Permission")
        if permission.inputs["principal"] == "apigateway.amazonaws.com"
    }
    assert permissions == {
        f"{api}/authorizers/websocket-authorizer-id": "websocket-authorizer-0a1b2c3",
        f"{api}/live/$connect": "websocket-routes-0a1b2c3",
        f"{api}/live/$disconnect": "websocket-routes-0a1b2c3",
        f"{api}/live/$default": "websocket-routes-0a1b2c3",
    }


@pytest.mark.parametrize(
    "statement",
    [
        {"actions": ["*"], "resources": ["arn:aws:s3:::bucket"]},
        {"actions": ["dynamodb:*"], "resources": ["arn:aws:s3:::bucket"]},
        {"actions": ["GetItem"], "resources": ["arn:aws:s3:::bucket"]},
        {"actions": [], "resources": ["arn:aws:s3:::bucket"]},
        {"actions": ["s3:GetObject"], "resources": ["*"]},
        {"actions": ["s3:GetObject"], "resources": []},
    ],
    ids=str,
)
def test_a_statement_that_names_nothing_or_everything_is_refused(statement: Statement) -> None:
    with pytest.raises(StatementError):
        policy_document([statement])
