"""`{origin}/aws` as a function's boto3 meets it: signed, checked against its role, and served."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from botocore.exceptions import ClientError
from starlette.concurrency import run_in_threadpool as in_thread

from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.gateway import Gateway
from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.functions.service import FunctionNotFound, FunctionService, Invocation, PayloadTooLarge
from sandbox.iam.credentials import Credentials, Keys
from sandbox.options import ModelPace
from sandbox.world import Role, World
from tests.sandbox.aws.serving import client, listener, serving

ROLE = "arn:aws:iam::000000000000:role/worker"
TABLE = "gateway-table"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:000000000000:table/{TABLE}"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:worker"
KEY = {"pk": {"S": "a"}}


@dataclass
class Functions:
    """Lambda as the gateway calls it."""

    invoked: list[tuple[str, str, bytes]] = field(default_factory=list[tuple[str, str, bytes]])

    async def invoke(self, name: str, payload: bytes) -> Invocation:
        self.invoked.append(("RequestResponse", name, payload))
        if name.endswith(":absent"):
            raise FunctionNotFound(name)
        failed = b"fail" in payload
        return Invocation(
            "request",
            b'{"errorMessage": "no"}' if failed else b'"done"',
            "Unhandled" if failed else None,
            "4" if name.endswith(":live") else "$LATEST",
        )

    def invoke_event(self, name: str, payload: bytes) -> str:
        self.invoked.append(("Event", name, payload))
        if len(payload) > 1000:
            raise PayloadTooLarge(1000)
        return "event-request"


@dataclass
class Door:
    """A running gateway, and the policy of the one role that knocks."""

    endpoint: str
    world: World
    credentials: Credentials
    functions: Functions
    keys: Keys

    def allow(self, *statements: tuple[str, Any]) -> None:
        policy = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
        document = {"Version": "2012-10-17", "Statement": policy}
        self.world.roles[ROLE] = Role("worker", ROLE, {}, {"policy": document})

    def client(self, service: str, keys: Keys | None = None, region: str = "us-east-1") -> Any:
        return client(service, self.endpoint, keys or self.keys, region)


@pytest.fixture(scope="module")
async def served(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    dynamodb = MotoClients(moto, "us-east-1").dynamodb()
    await in_thread(
        dynamodb.create_table,
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    listening, origin = listener()
    world, credentials, functions, proxy = World("us-east-1", origin), Credentials(), Functions(), MotoProxy(moto)
    model = ModelEmulator(ModelPace(0, 10_000), Path(tmp_path_factory.mktemp("docs")))
    gateway = Gateway(world, cast("FunctionService", functions), credentials, model, proxy)
    async with serving(listening, gateway.routes()):
        yield Door(f"{origin}/aws", world, credentials, functions, credentials.for_role(ROLE))
    await proxy.close()


@pytest.fixture
def door(served: Door) -> Door:
    served.allow()
    served.functions.invoked.clear()
    return served


async def error_of(call: Any, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        await in_thread(call, **arguments)
    response = raised.value.response
    return {**response["Error"], "status": response["ResponseMetadata"]["HTTPStatusCode"]}


async def test_an_item_is_written_and_read_through_the_gateway(door: Door) -> None:
    door.allow(("dynamodb:PutItem", TABLE_ARN), ("dynamodb:GetItem", TABLE_ARN))
    dynamodb, text = door.client("dynamodb"), "zażółć 👋\x00"
    await in_thread(dynamodb.put_item, TableName=TABLE, Item={**KEY, "text": {"S": text}})
    answer = await in_thread(dynamodb.get_item, TableName=TABLE, Key=KEY)
    assert answer["Item"]["text"] == {"S": text}


async def test_what_the_role_may_not_do_is_denied_in_awss_words(door: Door) -> None:
    door.allow(("dynamodb:GetItem", TABLE_ARN))
    error = await error_of(door.client("dynamodb").put_item, TableName=TABLE, Item=KEY)
    assert error["Code"] == "AccessDeniedException"
    assert error["status"] == 400
    assert error["Message"] == (
        "User: arn:aws:sts::000000000000:assumed-role/worker/sandbox is not authorized to perform: dynamodb:PutItem "
        f"on resource: {TABLE_ARN} because no identity-based policy allows the dynamodb:PutItem action"
    )


async def test_a_failed_condition_comes_back_as_dynamodb_says_it(door: Door) -> None:
    door.allow(("dynamodb:PutItem", TABLE_ARN))
    put = door.client("dynamodb").put_item
    item = {"pk": {"S": "condition"}}
    await in_thread(put, TableName=TABLE, Item=item)
    error = await error_of(put, TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(pk)")
    assert error["Code"] == "ConditionalCheckFailedException"


@pytest.mark.parametrize(
    ("operation", "arguments", "demanded"),
    [
        ("transact_write_items", {"TransactItems": [{"Put": {"TableName": TABLE, "Item": KEY}}]}, "PutItem"),
        ("transact_get_items", {"TransactItems": [{"Get": {"TableName": TABLE, "Key": KEY}}]}, "GetItem"),
        ("batch_get_item", {"RequestItems": {TABLE: {"Keys": [KEY]}}}, "BatchGetItem"),
        ("batch_write_item", {"RequestItems": {TABLE: [{"PutRequest": {"Item": KEY}}]}}, "BatchWriteItem"),
        (
            "transact_write_items",
            {
                "TransactItems": [
                    {"Put": {"TableName": TABLE, "Item": KEY}},
                    {
                        "ConditionCheck": {
                            "TableName": "other",
                            "Key": KEY,
                            "ConditionExpression": "attribute_exists(pk)",
                        }
                    },
                ]
            },
            "ConditionCheckItem",
        ),
    ],
)
async def test_every_member_of_a_transaction_or_batch_is_checked(
    door: Door, operation: str, arguments: dict[str, Any], demanded: str
) -> None:
    allowed = [action for action in ("PutItem", "GetItem") if action != demanded]
    door.allow(*((f"dynamodb:{action}", TABLE_ARN) for action in allowed))
    error = await error_of(getattr(door.client("dynamodb"), operation), **arguments)
    assert error["Code"] == "AccessDeniedException"
    assert f"dynamodb:{demanded} on resource" in error["Message"]


KEYED: list[tuple[str, dict[str, Any]]] = [
    ("put_item", {"TableName": TABLE, "Item": KEY}),
    ("put_item", {"TableName": TABLE_ARN, "Item": KEY}),
    ("delete_item", {"TableName": TABLE, "Key": KEY}),
    (
        "query",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "#pk = :pk",
            "ExpressionAttributeNames": {"#pk": "pk"},
            "ExpressionAttributeValues": {":pk": KEY["pk"]},
        },
    ),
    ("batch_get_item", {"RequestItems": {TABLE: {"Keys": [KEY]}}}),
    ("batch_write_item", {"RequestItems": {TABLE: [{"DeleteRequest": {"Key": KEY}}]}}),
    ("batch_write_item", {"RequestItems": {TABLE: [{"PutRequest": {"Item": KEY}}]}}),
    ("transact_write_items", {"TransactItems": [{"Delete": {"TableName": TABLE, "Key": KEY}}]}),
]


@pytest.mark.parametrize(("operation", "arguments"), KEYED, ids=[operation for operation, _ in KEYED])
async def test_a_call_is_bound_to_the_partitions_that_the_policy_names(
    door: Door, operation: str, arguments: dict[str, Any]
) -> None:
    def allow(*patterns: str) -> None:
        condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [*patterns]}}
        statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": TABLE_ARN, "Condition": condition}
        door.world.roles[ROLE].policies["policy"] = {"Version": "2012-10-17", "Statement": [statement]}

    door.world.partition_keys[TABLE] = "pk"
    call = getattr(door.client("dynamodb"), operation)
    allow("of-another*")
    assert (await error_of(call, **arguments))["Code"] == "AccessDeniedException"
    allow("of-another*", f"{KEY['pk']['S']}*")
    await in_thread(call, **arguments)


async def test_an_index_is_a_resource_of_its_own(door: Door) -> None:
    door.allow(("dynamodb:Query", TABLE_ARN))
    error = await error_of(
        door.client("dynamodb").query, TableName=TABLE, IndexName="by-user", KeyConditionExpression="pk = :p"
    )
    assert f"{TABLE_ARN}/index/by-user" in error["Message"]


async def test_a_function_is_invoked_and_its_answer_returned(door: Door) -> None:
    door.allow(("lambda:InvokeFunction", FUNCTION_ARN))
    answer = await in_thread(door.client("lambda").invoke, FunctionName="worker", Payload=b'{"a": 1}')
    assert (answer["StatusCode"], answer["Payload"].read()) == (200, b'"done"')
    assert "FunctionError" not in answer
    assert answer["ExecutedVersion"] == "$LATEST"
    failed = await in_thread(door.client("lambda").invoke, FunctionName=FUNCTION_ARN, Payload=b'"fail"')
    assert failed["FunctionError"] == "Unhandled"
    assert [name for _, name, _ in door.functions.invoked] == [FUNCTION_ARN, FUNCTION_ARN]


LIVE = {
    "by an ARN": {"FunctionName": f"{FUNCTION_ARN}:live"},
    "by a name": {"FunctionName": "worker:live"},
    "beside a name": {"FunctionName": "worker", "Qualifier": "live"},
    "twice": {"FunctionName": "worker:live", "Qualifier": "live"},
}


@pytest.mark.parametrize("named", LIVE.values(), ids=LIVE)
async def test_an_alias_is_invoked_however_it_is_named(door: Door, named: dict[str, str]) -> None:
    door.allow(("lambda:InvokeFunction", f"{FUNCTION_ARN}:live"))
    answer = await in_thread(door.client("lambda").invoke, **named, Payload=b"{}")
    assert answer["ExecutedVersion"] == "4"
    assert door.functions.invoked == [("RequestResponse", f"{FUNCTION_ARN}:live", b"{}")]


@pytest.mark.parametrize(
    ("allowed", "called"),
    [("", ":live"), (":live", ""), (":live", ":4"), (":4", ":live")],
    ids=["an alias, of the function", "the function, of an alias", "a version, of its alias", "an alias, of a version"],
)
async def test_a_policy_that_names_a_function_otherwise_than_its_caller_does_is_none(
    door: Door, allowed: str, called: str
) -> None:
    door.allow(("lambda:InvokeFunction", FUNCTION_ARN + allowed))
    error = await error_of(door.client("lambda").invoke, FunctionName=FUNCTION_ARN + called)
    assert (error["Code"], error["status"]) == ("AccessDeniedException", 403)
    assert error["Message"] == (
        "User: arn:aws:sts::000000000000:assumed-role/worker/sandbox is not authorized to perform: "
        f"lambda:InvokeFunction on resource: {FUNCTION_ARN}{called} because no identity-based policy allows the "
        "lambda:InvokeFunction action"
    )
    assert door.functions.invoked == []


async def test_two_qualifiers_that_differ_are_refused_in_lambdas_words(door: Door) -> None:
    invoke = door.client("lambda", door.credentials.administrator).invoke
    error = await error_of(invoke, FunctionName="worker:live", Qualifier="4")
    assert error["Code"] == "InvalidParameterValueException"
    assert error["Message"] == "The derived qualifier from the function name does not match the specified qualifier."


async def test_an_asynchronous_invocation_is_accepted_at_once(door: Door) -> None:
    door.allow(("lambda:InvokeFunction", FUNCTION_ARN))
    answer = await in_thread(
        door.client("lambda").invoke, FunctionName="worker", InvocationType="Event", Payload=b'{"a": 1}'
    )
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    assert answer["ResponseMetadata"]["RequestId"] == "event-request"
    assert door.functions.invoked == [("Event", FUNCTION_ARN, b'{"a": 1}')]


async def test_lambdas_own_refusals_reach_the_caller(door: Door) -> None:
    door.allow(("lambda:InvokeFunction", "*"))
    invoke = door.client("lambda").invoke
    assert (await error_of(invoke, FunctionName="absent"))["Code"] == "ResourceNotFoundException"
    too_large = await error_of(invoke, FunctionName="worker", InvocationType="Event", Payload=b'"' + b"x" * 1000 + b'"')
    assert (too_large["Code"], too_large["status"]) == ("RequestEntityTooLargeException", 413)
    assert (await error_of(invoke, FunctionName="worker", InvocationType="DryRun"))["status"] == 400


@pytest.mark.parametrize("extra", [{"LogType": "Tail"}, {"ClientContext": "e30="}])
async def test_what_an_invocation_would_silently_lack_is_refused(door: Door, extra: dict[str, str]) -> None:
    invoke = door.client("lambda", door.credentials.administrator).invoke
    assert (await error_of(invoke, FunctionName="worker", **extra))["Code"] == "InvalidParameterValueException"
    assert door.functions.invoked == []


async def test_another_function_is_denied(door: Door) -> None:
    door.allow(("lambda:InvokeFunction", FUNCTION_ARN))
    error = await error_of(door.client("lambda").invoke, FunctionName="other")
    assert (error["Code"], error["status"]) == ("AccessDeniedException", 403)
    assert door.functions.invoked == []


def converse(door: Door, model: str = "amazon.nova-lite-v1:0", **extra: Any) -> str:
    messages = [{"role": "user", "content": [{"text": "What is this?"}]}]
    answer = door.client("bedrock-runtime").converse_stream(modelId=model, messages=messages, **extra)
    deltas = [event["contentBlockDelta"]["delta"] for event in answer["stream"] if "contentBlockDelta" in event]
    return "".join(delta["text"] for delta in deltas)


async def test_the_model_streams_to_a_role_that_may_invoke_it(door: Door) -> None:
    action = "bedrock:InvokeModelWithResponseStream"
    door.allow((action, "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"))
    assert await in_thread(converse, door)
    error = await error_of(converse, door=door, model="amazon.nova-pro-v1:0")
    assert (error["Code"], error["status"]) == ("AccessDeniedException", 403)
    assert "foundation-model/amazon.nova-pro-v1:0" in error["Message"]


@pytest.mark.parametrize(
    ("model", "demanded"),
    [
        (
            "us.amazon.nova-lite-v1:0",
            [
                "us-east-1:000000000000:inference-profile/us.amazon.nova-lite-v1:0",
                "us-east-1::foundation-model/amazon.nova-lite-v1:0",
                "us-east-2::foundation-model/amazon.nova-lite-v1:0",
                "us-west-2::foundation-model/amazon.nova-lite-v1:0",
            ],
        ),
        (
            "global.amazon.nova-lite-v1:0",
            [
                "us-east-1:000000000000:inference-profile/global.amazon.nova-lite-v1:0",
                "us-east-1::foundation-model/amazon.nova-lite-v1:0",
                "::foundation-model/amazon.nova-lite-v1:0",
            ],
        ),
    ],
)
async def test_an_inference_profile_needs_every_model_it_routes_to(door: Door, model: str, demanded: list[str]) -> None:
    arns = [f"arn:aws:bedrock:{each}" for each in demanded]
    action = "bedrock:InvokeModelWithResponseStream"
    for missing in arns:
        door.allow((action, [arn for arn in arns if arn != missing]))
        assert f"on resource: {missing} " in (await error_of(converse, door=door, model=model))["Message"]
    door.allow((action, arns))
    assert await in_thread(converse, door, model)


async def test_a_guardrail_needs_permission_of_its_own(door: Door) -> None:
    door.allow(("bedrock:InvokeModelWithResponseStream", "*"))
    guardrail = {"guardrailIdentifier": "abc", "guardrailVersion": "1"}
    error = await error_of(converse, door=door, guardrailConfig=guardrail)
    assert (
        "bedrock:ApplyGuardrail on resource: arn:aws:bedrock:us-east-1:000000000000:guardrail/abc" in error["Message"]
    )


async def test_keys_of_another_sandbox_open_nothing(door: Door) -> None:
    foreign = Credentials().for_role(ROLE)
    for service, call in (("dynamodb", "list_tables"), ("sts", "get_caller_identity")):
        error = await error_of(getattr(door.client(service, foreign), call))
        assert error["Code"].startswith("UnrecognizedClient")


async def test_another_region_is_refused(door: Door) -> None:
    error = await error_of(door.client("dynamodb", region="eu-west-1").list_tables)
    assert "not 'eu-west-1'" in error["Message"]


async def test_an_unsigned_call_is_refused(door: Door) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        target = {"x-amz-target": "DynamoDB_20120810.ListTables"}
        answer = await http.post(f"{door.endpoint}/", headers=target, content=b"{}")
        rest = await http.post(f"{door.endpoint}/2015-03-31/functions/worker/invocations")
    assert answer.status_code == 400
    assert answer.json()["__type"].endswith("#MissingAuthenticationTokenException")
    assert (rest.status_code, rest.headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")


async def test_who_one_is_may_be_asked_without_permission(door: Door) -> None:
    assert (await in_thread(door.client("sts").get_caller_identity))["Account"] == "000000000000"


async def test_other_services_need_a_statement_on_every_resource(door: Door) -> None:
    keys = door.credentials.administrator
    pools = await in_thread(door.client("cognito-idp", keys).list_user_pools, MaxResults=1)
    assert pools["ResponseMetadata"]["HTTPStatusCode"] == 200
    error = await error_of(door.client("cognito-idp").admin_get_user, UserPoolId="us-east-1_p", Username="u")
    assert (
        "cognito-idp:AdminGetUser on resource: arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_p"
        in (error["Message"])
    )


async def test_a_secret_is_read_by_who_may_read_that_very_secret(door: Door) -> None:
    operator: Any = door.client("secretsmanager", door.credentials.administrator)
    first, second = [
        (await in_thread(operator.create_secret, Name=name, SecretString=f"value of {name}"))["ARN"]
        for name in ("first", "second")
    ]
    door.allow(("secretsmanager:GetSecretValue", first))
    secrets: Any = door.client("secretsmanager")
    assert (await in_thread(secrets.get_secret_value, SecretId=first))["SecretString"] == "value of first"
    for refused in (second, "first"):
        assert (await error_of(secrets.get_secret_value, SecretId=refused))["Code"] == "AccessDeniedException"
    assert (await error_of(secrets.put_secret_value, SecretId=first, SecretString="new"))["Code"] == (
        "AccessDeniedException"
    )


async def test_what_the_gateway_does_not_serve_is_refused_and_not_guessed(door: Door) -> None:
    keys = door.credentials.administrator
    for service, call, arguments in (
        ("lambda", "list_functions", {}),
        ("bedrock-runtime", "converse", {"modelId": "m", "messages": []}),
        ("dynamodb", "execute_statement", {"Statement": "SELECT * FROM t"}),
    ):
        error = await error_of(getattr(door.client(service, keys), call), **arguments)
        assert error["Code"] == "UnknownOperationException"
        assert error["status"] in (400, 501)


async def test_a_body_larger_than_any_service_takes_is_refused(door: Door) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{door.endpoint}/", content=bytes(17 * 1024 * 1024))
    assert answer.status_code == 413


async def test_a_body_that_is_not_json_is_refused(door: Door) -> None:
    keys = door.credentials.administrator
    dynamodb = door.client("dynamodb", keys)
    dynamodb.meta.events.register("before-call", lambda params, **_: params.update(body=b"{"))
    error = await error_of(dynamodb.list_tables)
    assert error["Code"] == "SerializationException"


async def test_a_failure_of_the_sandbox_itself_is_a_500_and_not_its_end(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door.functions, "invoke", lambda *_: 1 / 0)
    keys = door.credentials.administrator
    error = await error_of(door.client("lambda", keys).invoke, FunctionName="worker")
    assert (error["Code"], error["status"]) == ("InternalFailure", 500)
    assert json.dumps(await in_thread(door.client("dynamodb", keys).list_tables))
