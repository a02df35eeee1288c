"""Domain names of a stack's own: what each architecture gets, and that nothing of it is there without one."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from shared.contract.architectures import DESCRIPTORS
from shared.contract.limits import KEEP_ALIVE_SECONDS
from shared.contract.outputs import Output
from shared.contract.transports import ORIGIN_SECRET_HEADER
from stacks.function_url_domain import CODE, KEPT_ERRORS
from stacks.function_url_stream import CORS_METHODS
from tests.program.conftest import Deploy
from tests.program.recording import Deployment
from tests.program.test_domain_settings import DOMAINS, ZONE
from tests.support.node import NODE

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
RECORD = "aws:route53/record:Record"
SECRET = "aws:secretsmanager/secret:Secret"
FUNCTION = "aws:lambda/function:Function"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
OF_DOMAINS = (
    *("aws:cloudfront/", "aws:route53/", "aws:secretsmanager/"),
    *("aws:apigatewayv2/domainName", "aws:apigatewayv2/apiMapping", "aws:appsync/domainName"),
)
GRANT = "secretsmanager:GetSecretValue"


@pytest.fixture(scope="module")
def deployment(deploy: Deploy) -> Deployment:
    return deploy(**DOMAINS, hostedZoneId=ZONE)


@pytest.fixture(scope="module")
def distribution(deployment: Deployment) -> Mapping[str, Any]:
    (found,) = deployment.of(DISTRIBUTION)
    return found.inputs


def variables(deployment: Deployment, function: str) -> Mapping[str, str]:
    return deployment.named(function, FUNCTION).inputs["environment"]["variables"]


def test_without_a_domain_there_is_nothing_of_it(deploy: Deploy) -> None:
    deployment = deploy()
    assert not [one.type for one in deployment.resources.values() if one.type.startswith(OF_DOMAINS)]
    assert "ORIGIN_SECRET_ARN" not in variables(deployment, "function-url-handler")
    assert not [name for name in deployment.outputs if "Domain" in name or "Origin" in name]


def test_the_addresses_that_clients_use_are_those_of_the_domains(deployment: Deployment) -> None:
    assert {name: value for name, value in deployment.outputs.items() if ".example.com" in value} == {
        "functionUrl": "https://chat.example.com/",
        "webSocketUrl": "wss://socket.example.com",
        "appSyncUrl": "https://graph.example.com/graphql",
        "appSyncRealtimeUrl": "wss://graph.example.com/graphql/realtime",
    }


def test_a_stack_with_domains_has_the_outputs_that_the_descriptors_name(deployment: Deployment) -> None:
    named = {name for one in DESCRIPTORS.values() for name in (*one.outputs, *one.domain_outputs)}
    assert deployment.outputs.keys() == {*Output, *named}


def test_each_domain_has_records_that_lead_to_its_target(deployment: Deployment) -> None:
    found = {
        (one.inputs["name"], one.inputs["type"]): one.inputs["aliases"][0]["name"] for one in deployment.of(RECORD)
    }
    outputs = deployment.outputs
    assert found == {
        ("chat.example.com", "A"): outputs["functionUrlDomainTarget"],
        ("chat.example.com", "AAAA"): outputs["functionUrlDomainTarget"],
        ("socket.example.com", "A"): outputs["webSocketDomainTarget"],
        ("graph.example.com", "A"): outputs["appSyncDomainTarget"],
    }
    assert {one.inputs["zoneId"] for one in deployment.of(RECORD)} == {ZONE}


def test_without_a_zone_there_is_no_record_and_the_targets_are_told(deploy: Deploy) -> None:
    deployment = deploy(**DOMAINS)
    assert not deployment.of(RECORD)
    assert sum(name.endswith("DomainTarget") for name in deployment.outputs) == 3


def test_functions_go_on_using_addresses_of_aws(deployment: Deployment) -> None:
    """`@connections` is signed for the API's own host, and publishes for AppSync's."""
    assert variables(deployment, "websocket-worker")["CALLBACK_URL"] == (
        "https://ws1.execute-api.us-east-1.amazonaws.com/live"
    )
    assert variables(deployment, "appsync-worker")["GRAPHQL_URL"].endswith(".amazonaws.com/graphql")
    assert not deployment.named("websocket-api", "aws:apigatewayv2/api:Api").inputs.get("disableExecuteApiEndpoint")


def test_cloudfront_keeps_nothing_buffers_nothing_and_leaves_out_one_header(distribution: Mapping[str, Any]) -> None:
    behavior = distribution["defaultCacheBehavior"]
    assert behavior["cachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behavior["originRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert behavior["compress"] is False
    kept = {each["errorCode"]: each["errorCachingMinTtl"] for each in distribution["customErrorResponses"]}
    assert kept == dict.fromkeys(KEPT_ERRORS, 0)
    assert {403, 404, 500, 503} <= kept.keys()


def test_cloudfront_speaks_tls_alone_on_both_sides(distribution: Mapping[str, Any]) -> None:
    (origin,) = distribution["origins"]
    assert origin["domainName"] == "function-url-url-0a1b2c3.lambda-url.us-east-1.on.aws"
    assert origin["customOriginConfig"]["originProtocolPolicy"] == "https-only"
    assert distribution["defaultCacheBehavior"]["viewerProtocolPolicy"] == "https-only"
    assert distribution["viewerCertificate"] == {
        "acmCertificateArn": DOMAINS["functionUrlCertificateArn"],
        "minimumProtocolVersion": "TLSv1.2_2021",
        "sslSupportMethod": "sni-only",
    }


def test_cloudfront_waits_longer_than_a_stream_is_silent_and_takes_every_method(
    distribution: Mapping[str, Any],
) -> None:
    (origin,) = distribution["origins"]
    assert origin["customOriginConfig"]["originReadTimeout"] >= 2 * KEEP_ALIVE_SECONDS
    assert "responseCompletionTimeout" not in origin
    assert {*CORS_METHODS, "OPTIONS"} <= set(distribution["defaultCacheBehavior"]["allowedMethods"])


def test_the_secret_has_no_value_and_one_function_may_read_it(deployment: Deployment) -> None:
    (secret,) = deployment.of(SECRET)
    assert secret.inputs.keys() == {"description", "recoveryWindowInDays"}
    arn = secret.outputs["arn"]
    readers = {
        (policy.name, statement["Action"][0], statement["Resource"][0])
        for policy in deployment.of(ROLE_POLICY)
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if any(action.startswith("secretsmanager:") for action in statement["Action"])
    }
    assert readers == {("function-url-handler-policy", GRANT, arn)}
    told = {one.name for one in deployment.of(FUNCTION) if arn in one.inputs["environment"]["variables"].values()}
    assert told == {"function-url-handler"}
    assert deployment.outputs["functionUrlOriginSecretArn"] == arn


def test_the_certificate_and_the_mapping_of_each_api(deployment: Deployment) -> None:
    socket = deployment.named("websocket-domain", "aws:apigatewayv2/domainName:DomainName").inputs
    assert socket["domainNameConfiguration"] == {
        "certificateArn": DOMAINS["webSocketCertificateArn"],
        "endpointType": "REGIONAL",
        "securityPolicy": "TLS_1_2",
    }
    mapping = deployment.named("websocket-mapping", "aws:apigatewayv2/apiMapping:ApiMapping").inputs
    assert (mapping["domainName"], mapping["stage"], "apiMappingKey" in mapping) == (
        "socket.example.com",
        "live",
        False,
    )
    graph = deployment.named("appsync-domain", "aws:appsync/domainName:DomainName").inputs
    assert graph["certificateArn"] == DOMAINS["appSyncCertificateArn"]
    (joined,) = deployment.of("aws:appsync/domainNameApiAssociation:DomainNameApiAssociation")
    assert joined.inputs["domainName"] == "graph.example.com"


def at_the_edge(stored: Mapping[str, str], headers: Mapping[str, Any]) -> Any:
    """What CloudFront's function makes of a request, run by Node; the module `cloudfront` stands in for AWS's."""
    module, _, code = CODE.read_text().partition("\n")
    assert module == "import cf from 'cloudfront';"
    cloudfront = (
        f"const stored = {json.dumps(stored)};"
        "const get = async (key) => { if (key in stored) return stored[key]; throw new Error('KeyNotFound'); };"
        "const cf = { kvs: () => ({ get }) };"
    )
    event = json.dumps({"request": {"method": "POST", "uri": "/api/chat", "headers": headers}})
    script = f"{cloudfront}{code}\nhandler({event}).then((made) => console.log(JSON.stringify(made)));"
    return json.loads(subprocess.run([NODE, "-e", script], check=True, capture_output=True, timeout=30).stdout)


@pytest.mark.parametrize("forged", [{}, {ORIGIN_SECRET_HEADER: {"value": "guessed"}}], ids=["none", "forged"])
def test_the_edge_replaces_whatever_a_client_says_of_the_secret(forged: Mapping[str, Any]) -> None:
    request = at_the_edge({"origin-secret": "s3cret\n"}, {"authorization": {"value": "Bearer t"}, **forged})
    assert request["headers"] == {"authorization": {"value": "Bearer t"}, ORIGIN_SECRET_HEADER: {"value": "s3cret"}}


def test_the_edge_answers_in_the_shape_of_a_refusal_until_its_store_has_the_secret() -> None:
    answer = at_the_edge({}, {})
    assert answer["statusCode"] == 503
    error = json.loads(answer["body"])["error"]
    assert error["code"] == "internal"
    assert "docs/domains.md" in error["message"]


def test_access_logs_are_off_until_somebody_asks(deploy: Deploy) -> None:
    assert "accessLogSettings" not in deploy().named("websocket-stage", "aws:apigatewayv2/stage:Stage").inputs


def test_access_logs_hold_no_word_of_a_client_and_stay_as_long_as_other_logs(deploy: Deploy) -> None:
    deployment = deploy(webSocketAccessLogs=True, environment="staging")
    settings = deployment.named("websocket-stage", "aws:apigatewayv2/stage:Stage").inputs["accessLogSettings"]
    group = deployment.named("websocket-access-logs", "aws:cloudwatch/logGroup:LogGroup")
    assert settings["destinationArn"] == group.outputs["arn"]
    assert group.inputs["retentionInDays"] == 30
    told = json.loads(settings["format"]).values()
    assert all(value.startswith("$context.") for value in told)
    with_words = ("message", "path", "querystring", "header", "userAgent", "error.message", "stageVariables")
    assert not [value for value in told if value.removeprefix("$context.").startswith(with_words[1:])]
    assert "$context.error.message" not in told
