"""What a program is told in a sandbox, beside the configuration of its stack."""

import json
from pathlib import Path

import pytest

from sandbox.configuration import configuration
from sandbox.engine.project import Project, load
from sandbox.errors import ProjectError
from shared.contract.policy import POLICY, policy_with
from shared.contract.tiers import Tier

ORIGIN = "http://127.0.0.1:9107"
ISSUER = "http://127.0.0.1:9999"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "Pulumi.yaml").write_text("name: chat\nruntime: python\n")
    return load(tmp_path)


def test_cognito_is_the_sandbox_and_the_development_server_may_call(project: Project) -> None:
    values = configuration(project, "sandbox", {}, ORIGIN).values
    assert values["chat:cognitoEndpoint"] == f"{ORIGIN}/cognito"
    assert json.loads(values["chat:corsOrigins"]) == ["http://localhost:5173"]


def test_only_the_free_user_is_limited_as_on_aws_and_with_a_setting_all_are(project: Project) -> None:
    policy = policy_with(json.loads(configuration(project, "sandbox", {}, ORIGIN).values["chat:limits"]))
    assert policy[Tier.FREE] == POLICY[Tier.FREE]
    for tier in (Tier.PRO, Tier.ENTERPRISE):
        assert (policy[tier].requests_per_hour, policy[tier].concurrent_streams) == (100_000, 100)
        assert policy[tier].features == POLICY[tier].features
    assert configuration(project, "sandbox", {"limits": "{}"}, ORIGIN).values["chat:limits"] == "{}"


@pytest.mark.parametrize("key", ["cognitoEndpoint", "chat:cognitoEndpoint"])
def test_a_value_of_the_caller_s_wins(project: Project, key: str) -> None:
    assert configuration(project, "sandbox", {key: "https://c.example"}, ORIGIN).values["chat:cognitoEndpoint"] == (
        "https://c.example"
    )


def test_a_program_with_a_foreign_issuer_is_told_of_no_cognito(project: Project) -> None:
    values = configuration(project, "sandbox", {"tokenIssuer": ISSUER}, ORIGIN).values
    assert "chat:cognitoEndpoint" not in values
    (project.root / "Pulumi.sandbox.yaml").write_text(f"config:\n  chat:tokenIssuer: {ISSUER}\n")
    assert "chat:cognitoEndpoint" not in configuration(project, "sandbox", {}, ORIGIN).values
    assert "chat:cognitoEndpoint" in configuration(project, "sandbox", {"tokenIssuer": ""}, ORIGIN).values


@pytest.mark.parametrize("key", ["identityStack", "userPoolId", "streamsTable"])
def test_what_would_have_to_be_there_before_is_refused_with_what_to_do(project: Project, key: str) -> None:
    with pytest.raises(ProjectError, match=rf"^{key} is 'x', but the sandbox's account starts empty.*\(-c {key}=\)$"):
        configuration(project, "sandbox", {key: "x"}, ORIGIN)
    (project.root / "Pulumi.sandbox.yaml").write_text(f"config:\n  {key}: x\n")
    with pytest.raises(ProjectError, match=key):
        configuration(project, "sandbox", {}, ORIGIN)
    assert configuration(project, "sandbox", {key: ""}, ORIGIN).values["chat:cognitoEndpoint"]
