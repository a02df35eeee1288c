"""The functions: what is each one's own, what it is told, and how it is started."""

import json
import re
from pathlib import Path

import pytest

from shared.contract.environment import Variable
from stacks.packages import LAMBDA, PACKAGES, code_files, package_of
from stacks.settings.environments import PREVIEW
from tests.program.conftest import Deploy
from tests.program.recording import Deployment, Resource

FUNCTION = "aws:lambda/function:Function"
LIVE = "arn:aws:lambda:us-east-1:123456789012:function:{}-0a1b2c3:live"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/identity-pool-id"

TOKENS = {
    "TOKEN_ISSUER": ISSUER,
    "TOKEN_JWKS_URL": f"{ISSUER}/.well-known/jwks.json",
    "TOKEN_CLIENT_IDS": "identity-client-id",
}
MODEL = {"MODEL_ID": "amazon.nova-lite-v1:0"}
TABLE = {"STREAMS_TABLE": "core-streams-0a1b2c3"}
CALLBACK = {"CALLBACK_URL": "https://ws1.execute-api.us-east-1.amazonaws.com/live"}
GRAPHQL = {"GRAPHQL_URL": "https://gql1.appsync-api.us-east-1.amazonaws.com/graphql"}
WEB_ADAPTER = {
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
    "AWS_LWA_INVOKE_MODE": "response_stream",
    "AWS_LWA_PORT": "8080",
    "AWS_LWA_READINESS_CHECK_PATH": "/healthz",
}

# function: package, service, handler, timeout, environment
EXPECTED = {
    "function-url-handler": (
        "function-url",
        "function-url",
        "run.sh",
        60,
        {**WEB_ADAPTER, **TOKENS, **MODEL, "MODEL_MAX_OUTPUT_TOKENS": "1000", **TABLE},
    ),
    "function-url-reaper": (
        "function-url-reaper",
        "function-url",
        "handlers.function_url.reaper.handler",
        60,
        TABLE,
    ),
    "websocket-authorizer": (
        "websocket-authorizer",
        "websocket",
        "handlers.websocket.authorizer.handler",
        29,
        {**TOKENS, **TABLE, "ALLOWED_ORIGINS": ""},
    ),
    "websocket-tickets": (
        "websocket-tickets",
        "websocket",
        "handlers.websocket.tickets.handler",
        29,
        {**TOKENS, **TABLE},
    ),
    "websocket-routes": (
        "websocket-routes",
        "websocket",
        "handlers.websocket.routes.handler",
        29,
        {
            "WORKER_FUNCTION_ARN": LIVE.format("websocket-worker"),
            "MODEL_MAX_OUTPUT_TOKENS": "1000",
            **TOKENS,
            **CALLBACK,
            **TABLE,
        },
    ),
    "websocket-worker": (
        "websocket-worker",
        "websocket",
        "handlers.websocket.worker.handler",
        60,
        {**CALLBACK, **MODEL, **TABLE, "MIN_INTERVAL_MILLISECONDS": "50"},
    ),
    "websocket-reaper": (
        "websocket-reaper",
        "websocket",
        "handlers.websocket.reaper.handler",
        60,
        {**CALLBACK, **TABLE},
    ),
    "appsync-api": (
        "appsync-api",
        "appsync",
        "handlers.appsync.api.handler",
        29,
        {
            "TOKEN_CLIENT_IDS": "identity-client-id",
            "WORKER_FUNCTION_ARN": LIVE.format("appsync-worker"),
            "MODEL_MAX_OUTPUT_TOKENS": "1000",
            **TABLE,
        },
    ),
    "appsync-worker": (
        "appsync-worker",
        "appsync",
        "handlers.appsync.worker.handler",
        60,
        {**GRAPHQL, **MODEL, **TABLE, "MIN_INTERVAL_MILLISECONDS": "50"},
    ),
    "appsync-reaper": (
        "appsync-reaper",
        "appsync",
        "handlers.appsync.reaper.handler",
        60,
        {**GRAPHQL, **TABLE},
    ),
}
GENERATE = {"function-url-handler", "websocket-worker", "appsync-worker"}
ASYNCHRONOUS = {
    # function: whom Lambda tells when it fails
    "function-url-reaper": None,
    "websocket-worker": "websocket-reaper",
    "websocket-reaper": None,
    "appsync-worker": "appsync-reaper",
    "appsync-reaper": None,
}


def environment(function: Resource) -> dict[str, str]:
    return function.inputs["environment"]["variables"]


def parent(deployment: Deployment, resource: Resource) -> Resource:
    return deployment.resources[resource.parent]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_function_is_started_and_told_as_the_table_says(deploy: Deploy, name: str) -> None:
    package, service, handler, timeout, variables = EXPECTED[name]
    function = deploy().named(name, FUNCTION)

    assert package_of(Path(function.inputs["code"].path)).name == package
    assert function.inputs["handler"] == handler
    assert function.inputs["timeout"] == timeout
    assert environment(function) == {
        "ARCHITECTURE": service,
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": "Streamways",
        "STACK_NAME": "dev",
        **variables,
    }


def read(package: str) -> set[str]:
    """The variables that the code of a package names."""
    code = "\n".join(path.read_text() for path in code_files(package).values() if path.suffix == ".py")
    return set(re.findall(r"\bVariable\.([A-Z_]+)\b", code))


OF_EVERY_FUNCTION = {"ARCHITECTURE", "STACK_NAME"}
OF_A_FOREIGN_ISSUER = {"TOKEN_CLIENT_CLAIM", "TOKEN_USE", "TOKEN_TIER_CLAIM"}
"""`test_users.py`"""
OPTIONAL = {"LIMITS", "CREDITS", "GUARDRAIL_ID", "GUARDRAIL_VERSION", "ORIGIN_SECRET_ARN", *OF_A_FOREIGN_ISSUER}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_function_is_told_the_variables_that_its_code_reads_and_no_others(deploy: Deploy, name: str) -> None:
    told = set(environment(deploy().named(name, FUNCTION))) & set(Variable)
    asked = read(EXPECTED[name][0])

    assert told - asked <= OF_EVERY_FUNCTION
    assert asked - told <= OPTIONAL


def test_the_functions_of_two_stacks_count_under_names_of_their_own(deploy: Deploy) -> None:
    names = {environment(function)["STACK_NAME"] for function in deploy("pr-7").of(FUNCTION)}
    assert names == {"pr-7"}


def test_every_package_has_one_function(deploy: Deploy) -> None:
    used = sorted(package_of(Path(function.inputs["code"].path)).name for function in deploy().of(FUNCTION))
    assert used == sorted(PACKAGES)


def test_functions_run_where_their_packages_were_built_for(deploy: Deploy) -> None:
    for function in deploy().of(FUNCTION):
        assert function.inputs["runtime"].removeprefix("python") in LAMBDA.options
        assert function.inputs["architectures"] == ["arm64"]
        assert "aarch64-manylinux2014" in LAMBDA.options


def test_the_settings_reach_every_function(deploy: Deploy) -> None:
    deployment = deploy(
        timeoutSeconds=120, memoryMegabytes=1024, logRetentionDays=30, model="amazon.nova-micro-v1:0", maxOutputTokens=7
    )
    timeouts = {function.name: function.inputs["timeout"] for function in deployment.of(FUNCTION)}

    assert timeouts == {name: 120 if name in GENERATE else timeout for name, (_, _, _, timeout, _) in EXPECTED.items()}
    assert {function.inputs["memorySize"] for function in deployment.of(FUNCTION)} == {1024}
    assert {group.inputs["retentionInDays"] for group in deployment.of("aws:cloudwatch/logGroup:LogGroup")} == {30}
    variables = [environment(function) for function in deployment.of(FUNCTION)]
    assert {each["MODEL_ID"] for each in variables if "MODEL_ID" in each} == {"amazon.nova-micro-v1:0"}
    assert {each["MODEL_MAX_OUTPUT_TOKENS"] for each in variables if "MODEL_MAX_OUTPUT_TOKENS" in each} == {"7"}


def test_limits_that_differ_reach_every_function_that_admits_or_tells_of_them(deploy: Deploy) -> None:
    changes = {"free": {"requestsPerHour": 20}}
    variables = {function.name: environment(function) for function in deploy(limits=changes).of(FUNCTION)}
    told = {name: json.loads(each["LIMITS"]) for name, each in variables.items() if "LIMITS" in each}
    assert told == dict.fromkeys(("function-url-handler", "websocket-routes", "appsync-api"), changes)
    usual = [environment(function) for function in deploy().of(FUNCTION)]
    assert not [each for each in usual if "LIMITS" in each]


def test_credits_reach_every_function_that_admits_or_tells_of_them(deploy: Deploy) -> None:
    variables = {function.name: environment(function) for function in deploy(credits="strict").of(FUNCTION)}
    told = {name: json.loads(each["CREDITS"]) for name, each in variables.items() if "CREDITS" in each}
    counted = {"mode": "strict", "model": "amazon.nova-lite-v1:0"}
    assert told == dict.fromkeys(("function-url-handler", "websocket-routes", "appsync-api"), counted)
    assert not [each for each in map(environment, deploy().of(FUNCTION)) if "CREDITS" in each]


def test_each_transport_has_an_interval_of_its_own(deploy: Deploy) -> None:
    deployment = deploy(webSocketIntervalMilliseconds=20, appSyncIntervalMilliseconds=200)
    variables = {function.name: environment(function) for function in deployment.of(FUNCTION)}
    name = "MIN_INTERVAL_MILLISECONDS"
    assert {function: each[name] for function, each in variables.items() if name in each} == {
        "websocket-worker": "20",
        "appsync-worker": "200",
    }


def test_the_role_and_the_log_group_of_a_function_come_and_go_with_it(deploy: Deploy) -> None:
    deployment = deploy()
    for function in deployment.of(FUNCTION):
        own = parent(deployment, function)
        group = deployment.named(f"{function.name}-logs", "aws:cloudwatch/logGroup:LogGroup")
        role = deployment.named(f"{function.name}-role", "aws:iam/role:Role")
        assert parent(deployment, group) is own
        assert parent(deployment, role) is own
        assert function.inputs["loggingConfig"] == {"logFormat": "Text", "logGroup": f"{group.name}-0a1b2c3"}
        assert group.inputs["retentionInDays"] == PREVIEW.log_retention_days


def test_a_function_waits_for_its_policy(deploy: Deploy) -> None:
    deployment = deploy()
    for function in deployment.of(FUNCTION):
        policy = deployment.named(f"{function.name}-policy", "aws:iam/rolePolicy:RolePolicy")
        assert policy.urn in function.dependencies


def test_lambda_tells_the_reaper_of_a_worker_that_failed_and_nobody_of_a_reaper(deploy: Deploy) -> None:
    destinations = {
        config.inputs["functionName"].removesuffix("-0a1b2c3"): config.inputs.get("destinationConfig")
        for config in deploy().of("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    }
    assert destinations == {
        name: reaper and {"onFailure": {"destination": LIVE.format(reaper)}} for name, reaper in ASYNCHRONOUS.items()
    }


def test_a_guardrail_reaches_the_functions_that_generate_and_their_roles(deploy: Deploy) -> None:
    deployment = deploy(guardrailId="gr1", guardrailVersion="3")
    guardrail = {"GUARDRAIL_ID": "gr1", "GUARDRAIL_VERSION": "3"}
    for function in deployment.of(FUNCTION):
        policy = deployment.named(f"{function.name}-policy", "aws:iam/rolePolicy:RolePolicy").inputs["policy"]
        generates = function.name in GENERATE
        assert (guardrail.items() <= environment(function).items()) is generates
        assert ("bedrock:ApplyGuardrail" in policy) is generates
        assert ("arn:aws:bedrock:us-east-1:123456789012:guardrail/gr1" in policy) is generates


def test_keys_can_come_from_elsewhere_than_the_issuer(deploy: Deploy) -> None:
    deployment = deploy(cognitoEndpoint="http://127.0.0.1:9100/cognito")
    variables = environment(deployment.named("websocket-authorizer", FUNCTION))

    assert variables["TOKEN_ISSUER"] == ISSUER
    assert variables["TOKEN_JWKS_URL"] == "http://127.0.0.1:9100/cognito/identity-pool-id/.well-known/jwks.json"
    assert deployment.outputs["cognitoEndpoint"] == "http://127.0.0.1:9100/cognito"
