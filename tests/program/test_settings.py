"""A stack's configuration: defaults from Pulumi.yaml, and every mistake named in words."""

import json
from collections.abc import Mapping

import pulumi
import pytest

from shared.contract.limits import DEADLINE_MARGIN_SECONDS
from stacks.errors import SettingsError
from stacks.settings.access import AccessSettings
from stacks.settings.data import DataSettings
from stacks.settings.delivery import DeliverySettings
from stacks.settings.domains import DomainSettings
from stacks.settings.environments import PREVIEW
from stacks.settings.functions import SHORTEST_TIMEOUT_SECONDS, FunctionSettings
from stacks.settings.identity import IdentitySettings
from stacks.settings.identity_pool import IdentityPoolSetting
from stacks.settings.model import ModelSettings
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.provider import ProviderSettings
from stacks.settings.stack import Settings
from stacks.settings.web_acls import WebAclSettings
from tests.program.recording import defaults, run

REGION = "us-east-1"


def values(**changes: object) -> dict[str, str]:
    """The program's own settings with these changes, as Pulumi hands them over."""
    own = {key.removeprefix("streamways:"): value for key, value in defaults().items() if key.startswith("streamways:")}
    return own | {key: value if isinstance(value, str) else json.dumps(value) for key, value in changes.items()}


def read(given: Mapping[str, str], region: str = REGION) -> Settings:
    return Settings.read(given, aws={"region": region} if region else {})


def problems(region: str = REGION, **changes: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read(values(**changes), region)
    return caught.value.problems


def test_the_defaults_of_pulumi_yaml_make_a_stack_with_all_three() -> None:
    assert read(values()) == Settings(
        region="us-east-1",
        provider=ProviderSettings({"region": "us-east-1"}, {}, frozenset()),
        environment=PREVIEW,
        architectures=("function-url", "websocket", "appsync"),
        data=DataSettings(deletion_protection=False, retain=False, point_in_time_recovery=False),
        model=ModelSettings("amazon.nova-lite-v1:0", (), 1000, guardrail_id=None, guardrail_version=None),
        functions=FunctionSettings(
            timeout_seconds=60,
            memory_megabytes=512,
            log_retention_days=7,
            tracing=False,
            reserved_concurrency=None,
            ticket_reserved_concurrency=None,
            warm=0,
        ),
        delivery=DeliverySettings(
            web_socket_interval_milliseconds=50,
            app_sync_interval_milliseconds=50,
            web_socket_requests_per_second=500,
            web_socket_request_burst=1000,
            web_socket_access_logs=False,
        ),
        access=AccessSettings(cors_origins=(), function_url_auth="NONE"),
        identity=IdentitySettings(
            stack=None,
            user_pool_id=None,
            user_pool_client_id=None,
            self_sign_up=False,
            cognito_endpoint=None,
            callback_urls=(),
            issuer=None,
        ),
        identity_pool=IdentityPoolSetting(made=False, endpoint=None),
        limits="",
        credits="",
        table=None,
        page=False,
        domains=DomainSettings(None, None, None, None),
        web_acls=WebAclSettings(None, None),
        monitoring=MonitoringSettings(alarms=False, emails=(), webhooks=()),
        permissions_boundary=None,
    )


def test_limits_that_differ_are_kept_as_they_are_given() -> None:
    changes = {"free": {"requestsPerHour": 20, "features": ["chat", "tools"]}}
    assert json.loads(read(values(limits=changes)).limits) == changes


@pytest.mark.parametrize("key", values())
def test_no_default_is_repeated_in_the_code(key: str) -> None:
    given = values()
    del given[key]
    with pytest.raises(SettingsError, match=rf"streamways:{key} is not set: its default is in Pulumi\.yaml"):
        read(given)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architectures": []}, ["architectures is []", "at least one", "function-url, websocket, appsync"]),
        ({"architectures": ["grpc"]}, ['["grpc"]', "'grpc' is no architecture", "function-url, websocket, appsync"]),
        ({"architectures": ["appsync", "appsync"]}, ["architectures", "name appsync once"]),
        ({"architectures": "websocket"}, ['"websocket"', "a list", "--path 'architectures[0]'"]),
        ({"architectures": {"websocket": True}}, ["architectures", "a list"]),
        ({"architectures": [1]}, ["architectures", "a list"]),
        ({"model": ""}, ["model", "like amazon.nova-lite-v1:0"]),
        ({"model": "arn:aws:bedrock:us-east-1::foundation-model/x.y"}, ["model is", "(no ARN)"]),
        ({"model": "*"}, ["model is", "(no ARN)"]),
        ({"modelRegions": ["us-west-2"]}, ["modelRegions", "does not route", "leave the list empty"]),
        ({"model": "us.x.y", "modelRegions": ["us-*"]}, ["modelRegions", "'us-*' is no region", "like us-east-1"]),
        ({"maxOutputTokens": 0}, ['maxOutputTokens is "0"', "from 1 to 128000"]),
        ({"timeoutSeconds": 901}, ['timeoutSeconds is "901"', "from 5 to 900"]),
        ({"timeoutSeconds": 4}, ['timeoutSeconds is "4"', "from 5 to 900", "is ended 3 s before its function"]),
        ({"timeoutSeconds": "a minute"}, ['"a minute"', "whole number from 5 to 900"]),
        ({"timeoutSeconds": 1.5}, ['"1.5"', "whole number"]),
        ({"memoryMegabytes": 64}, ["memoryMegabytes", "from 128 to 10240"]),
        ({"logRetentionDays": 15}, ['logRetentionDays is "15"', "14 or 30"]),
        ({"logRetentionDays": 0}, ["logRetentionDays", "1 or 3"]),
        ({"corsOrigins": ["*"]}, ["corsOrigins", "wildcard", "name each origin"]),
        ({"corsOrigins": ["https://*.example.com"]}, ["corsOrigins", "wildcard"]),
        ({"corsOrigins": ["https://example.com/"]}, ["corsOrigins", "is no origin", "like https://chat.example.com"]),
        ({"corsOrigins": ["example.com"]}, ["corsOrigins", "is no origin"]),
        ({"corsOrigins": ["https://a.example:port"]}, ["corsOrigins", "is no origin"]),
        ({"corsOrigins": "http://localhost:5173"}, ["corsOrigins", "a list"]),
        (
            {"corsOrigins": [f"https://{number:030d}.example" for number in range(70)]},
            ["3,289 characters", "3,000 fit"],
        ),
        ({"modelRegions": "us-east-1"}, ["modelRegions", "a list"]),
        ({"limits": {"gold": {}}}, ["limits.gold is {}", "there is no such tier; there are free, pro, enterprise"]),
        (
            {"limits": {"free": {"requestsPerHour": "ten"}}},
            ['limits.free.requestsPerHour is "ten"', "from 1 to 100000"],
        ),
        ({"limits": {"free": {"requests": 5}}}, ["limits.free.requests is 5", "there is no such limit"]),
        ({"limits": {"pro": 7}}, ["limits.pro is 7", "set it to an object"]),
        ({"limits": [1]}, ["limits is [1]", "pulumi config set --path 'limits.free.requestsPerHour'"]),
        ({"credits": "some"}, ['credits is "some"', "none or strict"]),
        ({"credits": "strict", "model": "amazon.titan-x"}, ['credits is "strict"', "amazon.titan-x has no price"]),
        ({"limits": {"free": {"creditsPerMonth": -1}}}, ["limits.free.creditsPerMonth is -1", "from 0 to 2000000000"]),
        ({"limits": "many"}, ['limits is "many"', "figure by figure"]),
        ({"corsOrigins": [f"https://{n}.example.com" for n in range(101)]}, ["corsOrigins", "at most 100"]),
        ({"functionUrlAuth": "aws_iam"}, ['functionUrlAuth is "aws_iam"', "NONE or AWS_IAM"]),
        ({"selfSignUp": "yes"}, ['selfSignUp is "yes"', "true or false"]),
        ({"cognitoEndpoint": "http://keys.example.com"}, ["cognitoEndpoint", "https URL"]),
        ({"cognitoEndpoint": "https://keys.example.com/"}, ["cognitoEndpoint", "take the slash at its end away"]),
        ({"guardrailId": "gr1"}, ['guardrailVersion is ""', "gr1 needs one", "DRAFT"]),
        ({"guardrailVersion": "3"}, ['guardrailId is ""', "version 3", "set its id too"]),
        ({"guardrailId": "arn:aws:bedrock", "guardrailVersion": "1"}, ["guardrailId", "not its ARN"]),
        ({"guardrailId": "gr1", "guardrailVersion": "latest"}, ["guardrailVersion", "a number or DRAFT"]),
        ({"reservedConcurrency": -2}, ['reservedConcurrency is "-2"', "from -1 to 900"]),
        ({"reservedConcurrency": 901}, ['reservedConcurrency is "901"', "from -1 to 900", "Lambda keeps 100"]),
        ({"ticketReservedConcurrency": 901}, ['ticketReservedConcurrency is "901"', "from -1 to 900"]),
        (
            {"reservedConcurrency": 800, "ticketReservedConcurrency": 101},
            ["ticketReservedConcurrency is 101", "with reservedConcurrency it is 901", "900"],
        ),
        ({"warm": -1}, ['warm is "-1"', "from 0 to 900"]),
        ({"warm": 901}, ['warm is "901"', "from 0 to 900", "Lambda keeps 100"]),
        ({"warm": 3, "reservedConcurrency": 2}, ["warm is 3", "lower it or raise reservedConcurrency, which is 2"]),
        ({"warm": 1, "reservedConcurrency": 0}, ["warm is 1", "reservedConcurrency, which is 0"]),
        ({"warm": 181}, ["warm is 181", "5 functions", "905", "900 is the most"]),
        (
            {"warm": 200, "reservedConcurrency": 200, "architectures": ["function-url", "appsync"]}
            | {"ticketReservedConcurrency": 301},
            ["warm is 200", "2 functions", "901"],
        ),
        ({"webSocketAccessLogs": "yes"}, ['webSocketAccessLogs is "yes"', "true or false"]),
        ({"webSocketRequestsPerSecond": 0}, ["webSocketRequestsPerSecond", "from 1 to 10000"]),
        ({"webSocketRequestBurst": 5001}, ["webSocketRequestBurst", "from 1 to 5000"]),
        ({"timeoutSecond": 60}, ["timeoutSecond is no setting", "did you mean timeoutSeconds?", "pulumi config rm"]),
        ({"xyz": 1}, ["xyz is no setting", "there are", "architectures", "pulumi config rm streamways:xyz"]),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_a_mistake_is_one_line_with_what_was_given_and_what_is_allowed(
    changes: dict[str, object], said: list[str]
) -> None:
    (problem,) = problems(**changes)
    assert problem.startswith("streamways:")
    assert "\n" not in problem
    for words in said:
        assert words in problem


@pytest.mark.parametrize("region", ["", "mars", "us-gov-west-1", "us-east-*"])
def test_a_region_outside_the_commercial_partition_is_refused(region: str) -> None:
    assert problems(region)[0].startswith("aws:region")


def test_the_shortest_timeout_leaves_a_stream_time_to_begin() -> None:
    assert read(values(timeoutSeconds=5)).functions.timeout_seconds == SHORTEST_TIMEOUT_SECONDS
    assert SHORTEST_TIMEOUT_SECONDS > DEADLINE_MARGIN_SECONDS + 1
    assert f"{DEADLINE_MARGIN_SECONDS:g} s before" in problems(timeoutSeconds=1)[0]


def test_all_mistakes_are_said_at_once() -> None:
    assert len(problems(architectures=[], timeoutSeconds=0, corsOrigins=["*"], wrong=1)) == 4


@pytest.mark.parametrize(
    ("changes", "region", "regions"),
    [
        ({"model": "us.amazon.nova-lite-v1:0"}, "us-east-1", ("us-east-1", "us-east-2", "us-west-2")),
        ({"model": "us.amazon.nova-lite-v1:0", "modelRegions": ["us-west-1"]}, "us-west-1", ("us-west-1",)),
        ({"model": "eu.amazon.nova-lite-v1:0", "modelRegions": ["eu-west-1", "eu-north-1"]}, "eu-west-1", None),
        ({"model": "global.anthropic.claude-haiku-5-5"}, "eu-west-1", ()),
        ({"model": "zai.glm-4.7"}, "us-east-1", ()),
    ],
    ids=str,
)
def test_the_regions_of_a_geographic_profile_are_known_or_given(
    changes: dict[str, object], region: str, regions: tuple[str, ...] | None
) -> None:
    expected = tuple(changes["modelRegions"]) if regions is None else regions  # type: ignore[arg-type]
    assert read(values(**changes), region).model.regions == expected


def test_where_a_us_profile_routes_to_is_not_guessed_from_another_region() -> None:
    (problem,) = problems("us-west-1", model="us.x.y-v1:0")
    assert problem.startswith("streamways:modelRegions is []: where us.x.y-v1:0 routes to")
    assert "name the profile's regions" in problem
    assert "from us-west-1 is not known" in problem


@pytest.mark.parametrize("origin", ["https://chat.example.com", "http://localhost:5173", "http://[::1]:8080"])
def test_an_origin_is_scheme_host_and_port(origin: str) -> None:
    assert read(values(corsOrigins=[origin])).access.cors_origins == (origin,)


def test_plain_http_reaches_cognito_on_this_machine_only() -> None:
    endpoint = "http://127.0.0.1:9100/cognito"
    assert read(values(cognitoEndpoint=endpoint)).identity.cognito_endpoint == endpoint


def test_a_wrong_setting_ends_the_program_with_its_message_alone() -> None:
    with pytest.raises(pulumi.RunError, match=r"^streamways:architectures is \[\]: a stack holds at least one"):
        run({**defaults(), "streamways:architectures": "[]"}, "dev")
