"""Who may take which role: the trust policies, evaluated against what GitHub says of a job."""

from collections.abc import Mapping

import pytest

from stacks.bootstrap.trust import ISSUER
from tests.program.bootstrap.conftest import bootstrap
from tests.program.bootstrap.evaluator import Request, allows, statements_of
from tests.program.recording import ACCOUNT_ID, Deployment

PROVIDER = f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{ISSUER}"
OURS = "octo-org/chat"
MAIN, PULL = "refs/heads/main", "refs/pull/7/merge"


def job(environment: str, ref: str, repository: str = OURS, **changes: str) -> Mapping[str, str]:
    """The claims of a job's token that IAM can look at."""
    return {"aud": "sts.amazonaws.com", "sub": f"repo:{repository}:environment:{environment}", "ref": ref, **changes}


def may_take(account: Deployment, role: str, claims: Mapping[str, str]) -> bool:
    made = account.named(role, "aws:iam/role:Role")
    (statement,) = statements = statements_of(made.inputs["assumeRolePolicy"])
    assert statement["Principal"] == {"Federated": PROVIDER}
    context = {f"{ISSUER}:{claim}": value for claim, value in claims.items()}
    return allows(statements, Request("sts:AssumeRoleWithWebIdentity", context=context))


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("preview", job("preview", PULL)),
        ("preview-destroy", job("preview-destroy", MAIN)),
        ("staging-deployer", job("staging", MAIN)),
        ("production-deployer", job("production", MAIN)),
    ],
)
def test_the_job_that_a_role_is_for_takes_it(account: Deployment, role: str, claims: Mapping[str, str]) -> None:
    assert may_take(account, role, claims)


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("preview", job("preview", PULL, "stranger/chat")),
        ("preview", job("preview", PULL, sub="repo:stranger/chat:pull_request")),
        ("preview", job("preview", PULL, sub=f"repo:{OURS}:pull_request")),
        ("preview", job("preview", PULL, sub=f"repo:{OURS}:ref:{MAIN}")),
        ("preview", job("preview", PULL, aud="https://github.com/octo-org")),
        ("preview", job("preview-destroy", MAIN)),
        ("preview-destroy", job("preview", PULL)),
        ("preview-destroy", job("preview-destroy", PULL)),
        ("preview-destroy", job("preview-destroy", "refs/heads/main2")),
        ("preview-destroy", job("preview-destroy", "refs/tags/main")),
        ("staging-deployer", job("preview", PULL)),
        ("staging-deployer", job("staging", "refs/heads/feature")),
        ("production-deployer", job("staging", MAIN)),
        ("production-deployer", job("production", PULL)),
    ],
)
def test_another_repository_environment_branch_or_event_is_refused(
    account: Deployment, role: str, claims: Mapping[str, str]
) -> None:
    assert not may_take(account, role, claims)


@pytest.mark.parametrize(
    "repository",
    ["octo-org/chat2", "octo-org2/chat", "x-octo-org/chat", "octo-org/chat:x", "OCTO-ORG/chat", "octo-org@1/chat@2"],
)
@pytest.mark.parametrize("role", ["preview", "preview-destroy", "staging-deployer", "production-deployer"])
def test_a_repository_whose_name_only_resembles_ours_is_refused(
    account: Deployment, role: str, repository: str
) -> None:
    environment = role.removesuffix("-deployer")
    assert may_take(account, role, job(environment, MAIN))
    assert not may_take(account, role, job(environment, MAIN, repository))


def test_a_repository_with_its_ids_is_not_the_next_one_with_its_name() -> None:
    account = bootstrap(repository="octo-org@12/chat@34")
    assert may_take(account, "preview", job("preview", PULL, "octo-org@12/chat@34"))
    for other in ("octo-org/chat", "octo-org@12/chat@345", "octo-org@1/chat@34"):
        assert not may_take(account, "preview", job("preview", PULL, other))


@pytest.mark.parametrize("claim", ["aud", "sub", "ref"])
def test_a_token_that_lacks_a_claim_is_refused(account: Deployment, claim: str) -> None:
    whole = job("preview-destroy", MAIN)
    assert may_take(account, "preview-destroy", whole)
    assert not may_take(account, "preview-destroy", {name: whole[name] for name in whole if name != claim})


def test_a_provider_that_the_account_has_is_used_and_no_second_one_is_made() -> None:
    account = bootstrap(repository=OURS, oidcProviderArn=PROVIDER)
    assert account.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider") == []
    assert may_take(account, "preview", job("preview", PULL))
