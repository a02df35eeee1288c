"""Each environment with each set of architectures: what is protected, kept, logged and traced is what its row says."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from stacks.settings.environments import ENVIRONMENTS, PREVIEW, PRODUCTION, Environment
from tests.program.conftest import Deploy
from tests.program.recording import ROOT, Deployment, Resource
from tests.program.test_least_privilege import ALLOWED
from tests.program.test_settings import problems, read, values
from tests.program.test_stack import SUBSETS

POOL = "aws:cognito/userPool:UserPool"
TABLE = "aws:dynamodb/table:Table"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"
GRAPHQL = "aws:appsync/graphQLApi:GraphQLApi"
POLICY = "aws:iam/rolePolicy:RolePolicy"
PROTECTED = {POOL, "aws:cognito/userPoolClient:UserPoolClient", "aws:cognito/userGroup:UserGroup", TABLE}
"""What cannot be made again: the chats, the users, who is in which group, and the client whose id pages have."""
RETAINED = {*PROTECTED, LOGS}

DEFAULTS = {
    # setting: its column
    "deletionProtection": "deletion_protection",
    "retain": "retain",
    "pointInTimeRecovery": "point_in_time_recovery",
    "logRetentionDays": "log_retention_days",
    "tracing": "tracing",
}
ROWS = list(ENVIRONMENTS.values())
REMOTE_ONLY = [row for row in ROWS if not row.takes_local_origins]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def names(resources: list[Resource]) -> set[str]:
    return {resource.name for resource in resources}


def of_types(deployment: Deployment, types: set[str]) -> set[str]:
    return names([resource for resource in deployment.resources.values() if resource.type in types])


def found(deployment: Deployment) -> dict[str, Any]:
    """What a deployment has in the place of each column; a set where several resources have one."""
    (pool,), (table,), (provider,) = (deployment.of(kind) for kind in (POOL, TABLE, "pulumi:providers:aws"))
    traced = {function.inputs["tracingConfig"]["mode"] for function in deployment.of(FUNCTION)}
    return {
        "protected": names([one for one in deployment.resources.values() if one.protect]),
        "retained": names([one for one in deployment.resources.values() if one.retain]),
        "deletion_protection": (pool.inputs["deletionProtection"], table.inputs["deletionProtectionEnabled"]),
        "point_in_time_recovery": table.inputs["pointInTimeRecovery"],
        "log_retention_days": {group.inputs["retentionInDays"] for group in deployment.of(LOGS)},
        "tag": json.loads(provider.inputs["defaultTags"])["tags"]["environment"],
        "tracing": (traced, {api.inputs["xrayEnabled"] for api in deployment.of(GRAPHQL)}),
    }


def expected(row: Environment, deployment: Deployment) -> dict[str, Any]:
    """The same, as the row has it."""
    return {
        "protected": of_types(deployment, PROTECTED) if row.deletion_protection else set(),
        "retained": of_types(deployment, RETAINED) if row.retain else set(),
        "deletion_protection": ("ACTIVE" if row.deletion_protection else "INACTIVE", row.deletion_protection),
        "point_in_time_recovery": {"enabled": row.point_in_time_recovery},
        "log_retention_days": {row.log_retention_days},
        "tag": row.name,
        "tracing": (
            {"Active" if row.tracing else "PassThrough"},
            {row.tracing for _ in deployment.of(GRAPHQL)},
        ),
    }


def deployed(deploy: Deploy, row: Environment, chosen: Sequence[str] = SUBSETS[-1]) -> Deployment:
    """A stack of an environment; by default it has every architecture."""
    return deploy(environment=row.name, architectures=list(chosen))


@pytest.mark.parametrize("chosen", SUBSETS, ids="+".join)
@every_row
def test_a_stack_is_what_the_row_of_its_environment_says(
    deploy: Deploy, row: Environment, chosen: tuple[str, ...]
) -> None:
    deployment = deployed(deploy, row, chosen)
    assert found(deployment) == expected(row, deployment)


def test_a_stack_that_does_not_say_what_it_is_is_a_preview(deploy: Deploy) -> None:
    assert found(deploy()) == expected(PREVIEW, deploy())


def test_production_protects_and_keeps_whatever_holds_data(deploy: Deploy) -> None:
    """Spelled out, so that an empty set cannot pass for all of them."""
    kept = found(deployed(deploy, PRODUCTION))
    users = {"identity-pool", "identity-client", "identity-free", "identity-pro", "identity-enterprise"}
    assert kept["protected"] == {*users, "core-streams"}
    assert kept["retained"] - kept["protected"] == {
        *(f"function-url-{name}-logs" for name in ("handler", "reaper")),
        *(f"websocket-{name}-logs" for name in ("authorizer", "tickets", "routes", "worker", "reaper")),
        *(f"appsync-{name}-logs" for name in ("api", "worker", "reaper")),
    }


@every_row
def test_a_setting_of_the_stack_wins_over_the_row_and_the_others_stay(row: Environment) -> None:
    """Both values of a switch, so that each row is contradicted; 365 days stand in no row."""
    usual = read(values(environment=row.name))
    at = {"logRetentionDays": "functions", "tracing": "functions"}
    for key, column in DEFAULTS.items():
        for chosen in (365,) if key == "logRetentionDays" else (True, False):
            settings = read(values(environment=row.name, **{key: json.dumps(chosen)}))
            group = at.get(key, "data")
            assert getattr(getattr(settings, group), column) == chosen
            unchanged = {name for name in vars(usual) if getattr(usual, name) == getattr(settings, name)}
            assert set(vars(usual)) - unchanged <= {group}


def test_what_wins_reaches_the_resources(deploy: Deploy) -> None:
    """Production with everything the other way round is as careless as a preview, but for its name."""
    careless = dict.fromkeys(("deletionProtection", "retain", "pointInTimeRecovery", "tracing"), "false")
    deployment = deploy(environment="production", architectures=["appsync"], logRetentionDays=7, **careless)
    assert found(deployment) == {**expected(PREVIEW, deployment), "tag": "production"}


@pytest.mark.parametrize("setting", ["deletionProtection", "retain"])
def test_each_of_protecting_and_retaining_comes_without_the_other(deploy: Deploy, setting: str) -> None:
    deployment = deploy(architectures=["appsync"], **{setting: "true"})
    kept = found(deployment)
    protecting = setting == "deletionProtection"
    assert kept["protected"] == (of_types(deployment, PROTECTED) if protecting else set())
    assert kept["retained"] == (set() if protecting else of_types(deployment, RETAINED))


def test_tracing_gives_each_function_the_two_actions_that_it_needs_and_nothing_else(deploy: Deploy) -> None:
    def allowed(deployment: Deployment) -> dict[str, set[tuple[str, str]]]:
        return {
            policy.name: {
                (action, resource)
                for statement in json.loads(policy.inputs["policy"])["Statement"]
                for action in statement["Action"]
                for resource in statement["Resource"]
            }
            for policy in deployment.of(POLICY)
        }

    without, traced = (allowed(deployed(deploy, row)) for row in (PREVIEW, PRODUCTION))
    functions = {name for name in ALLOWED if name.endswith("-policy")}
    assert {name for name in traced if traced[name] != without[name]} == functions
    for name in functions:
        assert traced[name] - without[name] == {("xray:PutTelemetryRecords", "*"), ("xray:PutTraceSegments", "*")}


@pytest.mark.parametrize("row", REMOTE_ONLY, ids=lambda row: row.name)
@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("http://localhost:5173", "a page on the machine of whoever opens it"),
        ("https://localhost", "a page on the machine of whoever opens it"),
        ("https://app.localhost:8443", "a page on the machine of whoever opens it"),
        ("http://127.0.0.1:5173", "a page on the machine of whoever opens it"),
        ("https://127.8.8.8", "a page on the machine of whoever opens it"),
        ("https://[::1]:8443", "a page on the machine of whoever opens it"),
        ("http://chat.example.com", "without TLS"),
    ],
)
def test_outside_previews_an_origin_is_a_site_with_tls(row: Environment, origin: str, said: str) -> None:
    good = "https://chat.example.com"
    (problem,) = problems(environment=row.name, corsOrigins=[good, origin])
    assert problem.startswith("streamways:corsOrigins is ")
    for words in (repr(origin), said, f"environment {row.name}", "preview"):
        assert words in problem
    assert read(values(environment=row.name, corsOrigins=[good])).access.cors_origins == (good,)


@pytest.mark.parametrize(
    "origin", ["https://localhost.example.com", "https://127.0.0.1.example.com", "https://10.0.0.1"]
)
def test_a_site_that_only_looks_local_is_a_site(origin: str) -> None:
    assert read(values(environment="production", corsOrigins=[origin])).access.cors_origins == (origin,)


@every_row
def test_people_may_sign_up_by_themselves_because_each_of_them_is_limited(row: Environment) -> None:
    assert read(values(environment=row.name, selfSignUp="true")).identity.self_sign_up


def test_previews_alone_take_a_page_on_this_machine() -> None:
    assert [row.name for row in ROWS if row.takes_local_origins] == ["preview"]


@pytest.mark.parametrize("given", ["", "prod", "Production", "preview ", "null"])
def test_an_environment_that_is_none_is_refused_alone(given: str) -> None:
    (problem,) = problems(environment=given, corsOrigins=["http://localhost:5173"], selfSignUp="true")
    assert problem == f"streamways:environment is {json.dumps(given)}: set it to preview or staging or production."


@pytest.mark.parametrize("key", ["deletionProtection", "retain", "pointInTimeRecovery", "tracing"])
@pytest.mark.parametrize("given", ["yes", "True", "1", " "])
def test_a_switch_is_true_false_or_left_to_the_environment(key: str, given: str) -> None:
    (problem,) = problems(**{key: given})
    assert problem.startswith(f"streamways:{key} is {json.dumps(given)}: set it to true or false, or leave it empty")


def test_no_code_asks_for_an_environment_by_its_name() -> None:
    """A branch would be a difference that no table shows (ADR 0015). The bootstrap names the environments of GitHub."""
    named = re.compile(rf"""["']({"|".join(ENVIRONMENTS)})["']""")
    asking = [
        path.name
        for path in (ROOT / "stacks").rglob("*.py")
        if path.name != "environments.py" and "bootstrap" not in path.parts and named.search(path.read_text())
    ]
    assert asking == []
