"""The IAM evaluator: what it understands it decides as AWS does, the rest it refuses to deploy."""

from typing import Any

import pytest

from sandbox.iam import policies
from sandbox.iam.credentials import ADMINISTRATOR
from sandbox.world import Callee, Function, ResourcePermission, Role, World

ROLE = "arn:aws:iam::000000000000:role/worker"
TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/streams"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def keyed(keys: Any, *, operator: str = "ForAllValues:StringLike") -> dict[str, Any]:
    """A policy that allows all calls on items of some partitions."""
    return document({**allow("dynamodb:*", TABLE), "Condition": {operator: keys}})


def world_with(*statements: dict[str, Any]) -> World:
    world = World("us-east-1", "http://127.0.0.1:9100")
    policies = {str(number): document(statement) for number, statement in enumerate(statements)}
    world.roles[ROLE] = Role("worker", ROLE, document(), policies)
    return world


@pytest.mark.parametrize(
    ("statements", "action", "resource", "allowed"),
    [
        ([allow("dynamodb:PutItem", TABLE)], "dynamodb:PutItem", TABLE, True),
        ([allow("dynamodb:PutItem", TABLE)], "dynamodb:UpdateItem", TABLE, False),
        ([allow("dynamodb:PutItem", TABLE)], "dynamodb:PutItem", f"{TABLE}2", False),
        ([allow("dynamodb:PutItem", TABLE)], "dynamodb:PutItem", f"{TABLE}/index/i", False),
        ([allow(["dynamodb:GetItem", "dynamodb:PutItem"], [f"{TABLE}2", TABLE])], "dynamodb:PutItem", TABLE, True),
        ([allow("dynamodb:*", TABLE)], "dynamodb:PutItem", TABLE, True),
        ([allow("DYNAMODB:putitem", TABLE)], "dynamodb:PutItem", TABLE, True),
        ([allow("dynamodb:PutItem", TABLE.upper())], "dynamodb:PutItem", TABLE, False),
        ([allow("*", "*")], "bedrock:InvokeModel", "anything", True),
        ([allow("dynamodb:Put?tem", f"{TABLE}/*")], "dynamodb:PutItem", f"{TABLE}/index/i", True),
        ([allow("dynamodb:P.*", "*")], "dynamodb:PutItem", TABLE, False),
        ([], "dynamodb:PutItem", TABLE, False),
        (
            [allow("dynamodb:*", "*"), {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": TABLE}],
            "dynamodb:PutItem",
            TABLE,
            False,
        ),
        (
            [allow("dynamodb:*", "*"), {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": TABLE}],
            "dynamodb:GetItem",
            TABLE,
            True,
        ),
    ],
)
def test_a_role_may_do_what_its_policies_say(
    statements: list[dict[str, Any]], action: str, resource: str, allowed: bool
) -> None:
    assert policies.role_allows(world_with(*statements), ROLE, action, resource) is allowed


@pytest.mark.parametrize(
    ("effect", "keys", "allowed"),
    [
        ("Allow", {"user#ada"}, True),
        ("Allow", {"user#ada", "chat#1"}, True),
        ("Allow", {"user#ada", "audit#chat#1"}, False),
        ("Allow", {"USER#ada"}, False),
        ("Allow", set[str](), True),
        ("Deny", {"user#ada"}, False),
        ("Deny", {"audit#chat#1"}, True),
    ],
)
def test_a_condition_on_leading_keys_holds_for_calls_whose_keys_all_match(
    effect: str, keys: set[str], allowed: bool
) -> None:
    (conditional,) = keyed({"dynamodb:LeadingKeys": ["user#*", "chat#*"]})["Statement"]
    others = [allow("dynamodb:*", TABLE)] if effect == "Deny" else []
    world = world_with({**conditional, "Effect": effect}, *others)
    assert policies.role_allows(world, ROLE, "dynamodb:UpdateItem", TABLE, keys) is allowed


URL_ALONE = [
    {
        **allow("lambda:InvokeFunctionUrl", "*"),
        "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
    },
    {**allow("lambda:InvokeFunction", "*"), "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}},
]


@pytest.mark.parametrize(
    ("action", "context", "allowed"),
    [
        ("lambda:InvokeFunctionUrl", {"lambda:FunctionUrlAuthType": "AWS_IAM"}, True),
        ("lambda:InvokeFunctionUrl", {"lambda:FunctionUrlAuthType": "NONE"}, False),
        ("lambda:InvokeFunctionUrl", {}, False),
        ("lambda:InvokeFunction", {"lambda:InvokedViaFunctionUrl": "true"}, True),
        ("lambda:InvokeFunction", {"lambda:InvokedViaFunctionUrl": "false"}, False),
        ("lambda:InvokeFunction", {}, False),
    ],
)
def test_a_condition_on_the_way_of_a_call_holds_on_that_way_alone(
    action: str, context: dict[str, str], allowed: bool
) -> None:
    world = world_with(*URL_ALONE)
    for document_ in world.roles[ROLE].policies.values():
        policies.validate(document_)
    assert policies.role_allows(world, ROLE, action, "arn:f", context=context) is allowed


def test_all_conditions_of_a_statement_have_to_hold() -> None:
    both = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}, "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
    world = world_with({**allow("lambda:*", "*"), "Condition": both})
    one = {"lambda:InvokedViaFunctionUrl": "true"}
    assert not policies.role_allows(world, ROLE, "lambda:X", "arn:f", context=one)
    context = {**one, "lambda:FunctionUrlAuthType": "AWS_IAM"}
    assert policies.role_allows(world, ROLE, "lambda:X", "arn:f", context=context)


def test_an_unknown_role_may_do_nothing_and_the_administrator_everything() -> None:
    world = world_with(allow("*", "*"))
    assert not policies.role_allows(world, f"{ROLE}-2", "dynamodb:PutItem", TABLE)
    assert policies.role_allows(world, ADMINISTRATOR, "dynamodb:PutItem", TABLE)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (document({**allow("dynamodb:PutItem", TABLE), "Condition": {}}), "the Condition {}"),
        (document({**allow("dynamodb:PutItem", TABLE), "Condition": "x"}), "the Condition 'x'"),
        (keyed({"dynamodb:LeadingKeys": ["user#*"]}, operator="StringLike"), "ForAllValues:StringLike"),
        (keyed({"dynamodb:Attributes": ["title"]}), "dynamodb:LeadingKeys alone"),
        (keyed({"dynamodb:LeadingKeys": ["user#*"], "dynamodb:Attributes": ["title"]}), "dynamodb:LeadingKeys alone"),
        (keyed({"dynamodb:LeadingKeys": ["user#*"]}, operator="Bool"), "the Condition"),
        (
            document({**allow("lambda:*", "*"), "Condition": {**URL_ALONE[1]["Condition"], "Null": "x"}}),
            "the Condition",
        ),
        (keyed({"dynamodb:LeadingKeys": []}), "dynamodb:LeadingKeys is []"),
        (keyed({"dynamodb:LeadingKeys": ["user#${aws:userid}"]}), "policy variable"),
        (document({"Effect": "Allow", "NotAction": "dynamodb:PutItem", "Resource": "*"}), "NotAction"),
        (document({"Effect": "Allow", "Action": "dynamodb:PutItem", "NotResource": TABLE}), "NotResource"),
        (document({**allow("dynamodb:PutItem", TABLE), "Principal": "*"}), "Principal"),
        (document({"Effect": "Allow", "Action": "dynamodb:PutItem"}), "Resource is None"),
        (document({**allow("dynamodb:PutItem", TABLE), "Effect": "allow"}), "Effect is 'allow'"),
        (document(allow("PutItem", TABLE)), "'PutItem' has no service"),
        (document(allow("dynamodb:PutItem", "streams")), "'streams' is neither an ARN"),
        (document(allow("dynamodb:PutItem", "arn:aws:s3:::b/${aws:username}")), "policy variable"),
        (document(allow([], TABLE)), "Action is []"),
        (document(), "at least one statement"),
        ({"Statement": [allow("*", "*")]}, "a policy has Version"),
        ({**document(allow("*", "*")), "Extra": 1}, "a policy has Version"),
    ],
)
def test_a_policy_that_would_mean_something_else_here_is_refused(policy: dict[str, Any], message: str) -> None:
    with pytest.raises(policies.UnsupportedPolicy) as refusal:
        policies.validate(policy)
    assert message in str(refusal.value)


def test_a_single_statement_may_stand_without_a_list() -> None:
    policies.validate({"Version": "2012-10-17", "Statement": allow("dynamodb:PutItem", TABLE)})


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {},
        },
    ],
)
def test_a_trust_policy_beyond_services_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(policies.UnsupportedPolicy):
        policies.validate_trust(document(statement))


def test_a_service_assumes_the_roles_that_trust_it() -> None:
    world = World("us-east-1", "http://127.0.0.1:9100")
    statement = {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": "sts:AssumeRole"}
    world.roles[ROLE] = Role("worker", ROLE, document(statement))
    assert policies.service_may_assume(world, ROLE, "lambda.amazonaws.com")
    assert not policies.service_may_assume(world, ROLE, "appsync.amazonaws.com")
    assert not policies.service_may_assume(world, f"{ROLE}-2", "lambda.amazonaws.com")


CONNECT = "arn:aws:execute-api:us-east-1:000000000000:api/live/$connect"


@pytest.mark.parametrize(
    ("permission", "asked", "allowed"),
    [
        ({"principal": "*"}, {"principal": "apigateway.amazonaws.com"}, True),
        ({"principal": "apigateway.amazonaws.com"}, {"principal": "appsync.amazonaws.com"}, False),
        ({"action": "lambda:InvokeFunctionUrl"}, {}, False),
        ({"action": "lambda:*"}, {}, True),
        ({"source_arn": CONNECT.replace("$connect", "*")}, {"source_arn": CONNECT}, True),
        ({"source_arn": CONNECT}, {"source_arn": CONNECT.replace("live", "test")}, False),
        ({"source_arn": CONNECT}, {}, False),
        ({"invoked_via_function_url": True}, {}, False),
        ({"invoked_via_function_url": True}, {"via_function_url": True}, True),
    ],
)
def test_a_function_is_open_to_those_whom_its_statements_name(
    permission: dict[str, Any], asked: dict[str, Any], allowed: bool
) -> None:
    statement = ResourcePermission(
        **{"statement_id": "s", "action": "lambda:InvokeFunction", "principal": "*", **permission}
    )
    function = Function("f", "arn", ROLE, "h", "python3.13", None, 3, 128, {}, (), "logs", permissions={"s": statement})
    decided = policies.function_allows(
        Callee("arn", function, function), "lambda:InvokeFunction", **{"principal": "anyone", **asked}
    )
    assert decided is allowed


def test_a_statement_for_one_auth_type_of_a_url_is_none_for_the_other() -> None:
    statement = ResourcePermission("s", "lambda:InvokeFunctionUrl", "*", function_url_auth_type="NONE")
    function = Function("f", "arn", ROLE, "h", "python3.13", None, 3, 128, {}, (), "logs", permissions={"s": statement})
    callee = Callee("arn", function, function)
    assert policies.function_allows(callee, "lambda:InvokeFunctionUrl", principal="*", url_auth_type="NONE")
    assert not policies.function_allows(callee, "lambda:InvokeFunctionUrl", principal="*", url_auth_type="AWS_IAM")
    assert not policies.function_allows(callee, "lambda:InvokeFunctionUrl", principal="*")


POOL = "us-east-1:5e4c1cc7-0000-0000-0000-000000000000"
IDENTITY = "cognito-identity.amazonaws.com"


def of_users(*, pool: str | None = POOL, method: str | None = "authenticated", **changes: Any) -> dict[str, Any]:
    condition = {
        **({"StringEquals": {f"{IDENTITY}:aud": pool}} if pool else {}),
        **({"ForAnyValue:StringLike": {f"{IDENTITY}:amr": method}} if method else {}),
    }
    trusting = {"Effect": "Allow", "Principal": {"Federated": IDENTITY}, "Action": "sts:AssumeRoleWithWebIdentity"}
    return {**trusting, **({"Condition": condition} if condition else {}), **changes}


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (of_users(), True),
        (of_users(method="auth*"), True),
        (of_users(method="unauthenticated"), False),
        (of_users(pool=f"{POOL}2"), False),
        (of_users(pool=None, method=None), True),
        (of_users(Effect="Deny"), False),
        ({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}, False),
    ],
)
def test_users_of_an_identity_pool_assume_the_roles_that_trust_them(statement: dict[str, Any], allowed: bool) -> None:
    world = World("us-east-1", "http://127.0.0.1:9100")
    world.roles[ROLE] = Role("users", ROLE, document(statement))
    policies.validate_trust(document(statement))
    assert policies.users_may_assume(world, ROLE, POOL) is allowed
    assert not policies.users_may_assume(world, f"{ROLE}2", POOL)
    assert not policies.service_may_assume(world, ROLE, "cognito-identity.amazonaws.com")


@pytest.mark.parametrize(
    "statement",
    [
        of_users(Principal={"Federated": "accounts.google.com"}),
        of_users(Action="sts:AssumeRole"),
        of_users(Condition={"StringLike": {f"{IDENTITY}:aud": "*"}}),
        of_users(Condition={"StringEquals": {f"{IDENTITY}:sub": "ada"}}),
        of_users(Principal={"Federated": IDENTITY, "Service": "lambda.amazonaws.com"}),
    ],
)
def test_a_trust_policy_for_other_users_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(policies.UnsupportedPolicy):
        policies.validate_trust(document(statement))
