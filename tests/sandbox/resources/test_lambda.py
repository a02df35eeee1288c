"""What Lambda refuses at deploy time, and what a function, its URL and its permissions become."""

import re
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from sandbox.resources.values import Archive
from sandbox.world import Cors, EventInvokeConfig
from stacks.iam import SEND_TRACES, policy_document
from tests.sandbox.resources.account import Account

URL = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION = "aws:lambda/permission:Permission"
EVENTS = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"


def test_a_function_is_deployed_with_lambdas_defaults(account: Account) -> None:
    created = account.function(environment={"variables": {"TABLE": "t"}})
    function = account.world.functions[created.id]
    assert function.arn == f"arn:aws:lambda:us-east-1:000000000000:function:{created.id}"
    assert (function.timeout_seconds, function.memory_megabytes) == (3, 128)
    assert function.environment == {"TABLE": "t"}
    assert function.log_group == f"/aws/lambda/{created.id}"
    assert function.reserved_concurrency is None
    assert function.package == account.folder.resolve() / "code.zip"
    assert created.outputs["invokeArn"] == (
        f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function.arn}/invocations"
    )


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"timeout": 901}, "timeout is 901, allowed is a whole number from 1 to 900"),
        ({"tracingConfig": {"mode": "On"}}, "tracingConfig.mode is 'On', allowed is one of PassThrough, Active"),
        ({"memorySize": 64}, "a whole number from 128 to 10240"),
        ({"runtime": "python2.7"}, "runtime is 'python2.7', allowed is one of python3.10"),
        ({"architectures": ["mips"]}, "allowed is a list of x86_64, arm64"),
        ({"name": "a" * 65}, "allowed are 64 letters"),
        ({"role": "arn:aws:iam::000000000000:role/absent"}, "cannot be assumed by Lambda"),
        ({"environment": {"variables": {"BIG": "x" * 4096}}}, "allowed are 4,096"),
        ({"environment": {"variables": {"AWS_REGION": "us-east-1"}}}, "'AWS_REGION', which Lambda reserves"),
        ({"environment": {"variables": {"1ST": "x"}}}, "'1ST', which Lambda reserves"),
        ({"layers": ["my-layer"]}, "not the ARN of a layer version"),
        ({"layers": ["arn:aws:lambda:us-east-1:753240598075:layer:L:1"] * 6}, "allowed are 5"),
        ({"code": Archive(None)}, "not a FileArchive of a .zip file"),
        ({"code": Archive("absent.zip")}, "does not exist"),
        ({"loggingConfig": {"logFormat": "XML"}}, "allowed is one of Text, JSON"),
        ({"vpcConfig": {"subnetIds": []}}, "vpcConfig: misspelt, or not emulated"),
    ],
)
def test_what_lambda_or_the_sandbox_would_not_run_is_refused(
    account: Account, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.function(**inputs)


def test_lambda_keeps_a_hundred_of_the_accounts_concurrency_for_what_reserves_nothing(account: Account) -> None:
    words = "decreases account's UnreservedConcurrentExecution below its minimum value of [100]"
    with pytest.raises(ResourceRefused, match=re.escape(words)):
        account.function("greedy", reservedConcurrentExecutions=901)
    account.function("most", reservedConcurrentExecutions=899)
    account.function("last", reservedConcurrentExecutions=1)
    account.function("none")
    with pytest.raises(ResourceRefused, match=re.escape(words)):
        account.function("one-more", reservedConcurrentExecutions=1)
    assert {name.rpartition("-")[0] for name in account.world.functions} == {"most", "last", "none"}


def test_a_function_is_traced_only_by_a_role_that_may_send_traces(account: Account) -> None:
    role = account.role("traced")
    name = next(one.name for one in account.world.roles.values() if one.arn == role)
    with pytest.raises(ResourceRefused, match="does not have permissions to call PutTraceSegments on XRAY"):
        account.function("early", role=role, tracingConfig={"mode": "Active"})
    account.function("untraced", role=role, tracingConfig={"mode": "PassThrough"})

    document = policy_document([SEND_TRACES])
    account.create("aws:iam/rolePolicy:RolePolicy", "traces", role=name, policy=document)
    account.function("late", role=role, tracingConfig={"mode": "Active"})


def test_a_role_that_trusts_another_service_is_refused(account: Account) -> None:
    role = account.role("other", service="appsync.amazonaws.com")
    with pytest.raises(ResourceRefused, match="cannot be assumed by Lambda"):
        account.function(role=role)


def test_a_function_url_has_an_address_of_the_sandbox(account: Account) -> None:
    name = account.function().id
    created = account.create(
        URL,
        "url",
        functionName=name,
        authorizationType="NONE",
        invokeMode="RESPONSE_STREAM",
        cors={"allowOrigins": ["http://localhost:5173"], "allowMethods": ["POST"], "maxAge": 60},
    )
    url = account.world.function_urls[str(created.outputs["urlId"])]
    assert created.outputs["functionUrl"] == f"http://127.0.0.1:9100/lambda-url/{url.url_id}/"
    assert url.cors == Cors(allow_origins=("http://localhost:5173",), allow_methods=("POST",), max_age_seconds=60)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"functionName": "absent", "authorizationType": "NONE"},
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:absent",
        ),
        ({"authorizationType": "JWT"}, "allowed is one of NONE, AWS_IAM"),
        ({"authorizationType": "NONE", "cors": {"allowMethods": ["OPTIONS"]}}, "allowMethods is 'OPTIONS'"),
        ({"authorizationType": "NONE", "cors": {"maxAge": 90_000}}, "from 0 to 86400"),
    ],
)
def test_a_function_url_that_lambda_would_not_make_is_refused(
    account: Account, inputs: dict[str, Any], message: str
) -> None:
    name = account.function().id
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(URL, "url", **{"functionName": name, **inputs})


def test_a_second_url_of_a_function_is_refused(account: Account) -> None:
    name = account.function().id
    account.create(URL, "one", functionName=name, authorizationType="NONE")
    with pytest.raises(ResourceRefused, match="has a function URL already"):
        account.create(URL, "two", functionName=name, authorizationType="NONE")


def test_a_url_of_auth_type_none_gets_no_permission_that_the_program_did_not_declare(account: Account) -> None:
    name = account.function().id
    account.create(URL, "url", functionName=name, authorizationType="NONE")
    assert account.world.functions[name].permissions == {}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"action": "s3:GetObject"}, "an action of Lambda"),
        ({"action": "lambda:InvokeFunction", "functionUrlAuthType": "NONE"}, "lambda:InvokeFunctionUrl alone"),
        ({"action": "lambda:InvokeFunctionUrl", "invokedViaFunctionUrl": True}, "lambda:InvokeFunction alone"),
        ({"action": "lambda:InvokeFunction", "function": "absent"}, "Function not found"),
    ],
)
def test_a_permission_that_lambda_would_not_add_is_refused(
    account: Account, inputs: dict[str, Any], message: str
) -> None:
    name = account.function().id
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(PERMISSION, "may", **{"function": name, "principal": "*", **inputs})


def test_a_statement_id_is_used_once(account: Account) -> None:
    arn = str(account.function().outputs["arn"])
    statement = {"function": arn, "principal": "*", "action": "lambda:InvokeFunction", "statementId": "Same"}
    account.create(PERMISSION, "one", **statement)
    with pytest.raises(ResourceRefused, match="The statement id"):
        account.create(PERMISSION, "two", **statement)


def may_invoke(account: Account, role: str, arn: object) -> None:
    """Give a role, by its ARN, the right to invoke a function."""
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    account.world.roles[role].policies["tell"] = document


def test_asynchronous_invocations_are_configured_on_the_function(account: Account) -> None:
    role, reaper = account.role(), account.function("reaper")
    name = account.function(role=role).id
    may_invoke(account, role, reaper.outputs["arn"])
    account.create(
        EVENTS,
        "events",
        functionName=name,
        maximumRetryAttempts=0,
        maximumEventAgeInSeconds=60,
        destinationConfig={"onFailure": {"destination": reaper.outputs["arn"]}},
    )
    expected = EventInvokeConfig(0, 60, on_failure=str(reaper.outputs["arn"]))
    assert account.world.functions[name].event_invoke == expected


def test_a_destination_that_the_functions_role_may_not_invoke_is_refused(account: Account) -> None:
    name, reaper = account.function().id, account.function("reaper").outputs["arn"]
    destination = {"onFailure": {"destination": reaper}}
    with pytest.raises(ResourceRefused, match="role does not have permissions to call InvokeFunction on"):
        account.create(EVENTS, "events", functionName=name, destinationConfig=destination)


def test_a_destination_that_the_sandbox_cannot_deliver_to_is_refused(account: Account) -> None:
    name = account.function().id
    queue = {"onFailure": {"destination": "arn:aws:sqs:us-east-1:000000000000:dead"}}
    with pytest.raises(ResourceRefused, match="delivers to functions alone"):
        account.create(EVENTS, "events", functionName=name, destinationConfig=queue)
