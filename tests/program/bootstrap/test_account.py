"""What an account gets: state, keys, boundaries, and what GitHub is told."""

import json
import re
from collections.abc import Callable, Mapping

import pytest
import yaml

from stacks.bootstrap.boundary import AT_RUN_TIME, boundary_of
from stacks.bootstrap.named_stacks import Stacks
from tests.previews.actions import FOLDER as WORKFLOWS
from tests.program.bootstrap.conftest import BOUNDARY, FOLDER, GIVEN, REGION, bootstrap, stack
from tests.program.bootstrap.evaluator import Request, Statement, allows, statements_of
from tests.program.recording import ACCOUNT_ID, ROOT, Deployment

RoleOf = Callable[[str], list[Statement]]
STATE = "arn:aws:s3:::streamways-state-0a1b2c3"
BUCKET_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/state-key-0a1b2c3"
THROUGH_S3 = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
OF_THE_USER = {"PREVIEW_MODE", "PREVIEW_DAYS"}
"""Variables that say what a team wants, and nothing of the account."""


def key_of(name: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{name}-0a1b2c3"


def checkpoint(stack_name: str, project: str = "streamways") -> str:
    return f"{STATE}/.pulumi/stacks/{project}/{stack_name}.json"


def test_the_bucket_is_private_versioned_encrypted_and_answers_over_tls_alone(account: Deployment) -> None:
    bucket = account.named("streamways-state", "aws:s3/bucket:Bucket")
    versioning, encryption, block, policy = (
        account.of(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}")[0].inputs
        for kind in (
            "BucketVersioning",
            "BucketServerSideEncryptionConfiguration",
            "BucketPublicAccessBlock",
            "BucketPolicy",
        )
    )
    assert {each["bucket"] for each in (versioning, encryption, block, policy)} == {bucket.outputs["id"]}
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = encryption["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": BUCKET_KEY}
    assert {key: value for key, value in block.items() if key != "bucket"} == dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
    )
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    statements = [everything, *statements_of(policy["policy"])]
    for resource in (STATE, f"{STATE}/.pulumi/meta.yaml"):
        assert allows(statements, Request("s3:GetObject", resource, {"aws:SecureTransport": "true"}))
        assert not allows(statements, Request("s3:GetObject", resource, {"aws:SecureTransport": "false"}))


def test_bucket_and_keys_are_protected_and_each_key_is_renewed(account: Deployment) -> None:
    keys = account.of("aws:kms/key:Key")
    assert {key.name for key in keys} == {"state-key", "previews", "staging", "production"}
    assert [key.name for key in keys if not key.protect or not key.inputs["enableKeyRotation"]] == []
    assert account.named("streamways-state", "aws:s3/bucket:Bucket").protect


def test_everything_is_tagged_and_goes_to_the_programs_own_provider(account: Deployment) -> None:
    aws = [one for one in account.resources.values() if one.type.startswith("aws:")]
    assert [one.name for one in aws if "pulumi:providers:aws::aws::" not in one.provider] == []
    provider = account.named("aws", "pulumi:providers:aws")
    assert json.loads(provider.inputs["defaultTags"]) == {"tags": {"project": "streamways-bootstrap", "stack": "main"}}


@pytest.mark.parametrize(
    ("role", "written", "seen"),
    [
        ("preview", {"pr-7"}, {"pr-7", "staging"}),
        ("preview-destroy", {"pr-7"}, {"pr-7", "staging", "production", "dev"}),
        ("staging-deployer", {"staging"}, {"staging"}),
        ("production-deployer", {"production"}, {"production"}),
    ],
)
def test_a_role_writes_the_state_of_its_own_stacks_and_reads_what_it_needs(
    role_of: RoleOf, role: str, written: set[str], seen: set[str]
) -> None:
    statements, names = role_of(role), ("pr-7", "staging", "production", "dev", "staging-2")
    expected = seen | ({"staging-2"} if role == "preview-destroy" else set())
    for action, those in (("s3:PutObject", written), ("s3:DeleteObject", written), ("s3:GetObject", expected)):
        assert {name for name in names if allows(statements, Request(action, checkpoint(name)))} == those
    for path in ("locks/organization/streamways", "history/streamways", "backups/streamways", "journal/streamways"):
        object_ = "{}/.pulumi/{}/{}/1.json"
        can = {name for name in names if allows(statements, Request("s3:PutObject", object_.format(STATE, path, name)))}
        assert can == written
    assert allows(statements, Request("s3:GetObject", f"{STATE}/.pulumi/meta.yaml"))
    assert not allows(statements, Request("s3:GetObject", checkpoint("main", "streamways-bootstrap")))
    for action in ("s3:DeleteObjectVersion", "s3:PutBucketPolicy", "s3:PutBucketVersioning", "s3:DeleteBucket"):
        assert not allows(statements, Request(action, STATE))
        assert not allows(statements, Request(action, checkpoint("pr-7")))


@pytest.mark.parametrize(
    ("role", "own", "read"),
    [
        ("preview", "previews", {"previews", "staging"}),
        ("preview-destroy", "previews", {"previews"}),
        ("staging-deployer", "staging", {"staging"}),
        ("production-deployer", "production", {"production"}),
    ],
)
def test_a_role_decrypts_the_secrets_of_its_own_stacks_and_of_the_pools_owner(
    role_of: RoleOf, role: str, own: str, read: set[str]
) -> None:
    statements, keys = role_of(role), ("previews", "staging", "production")
    assert {key for key in keys if allows(statements, Request("kms:Encrypt", key_of(key)))} == {own}
    assert {key for key in keys if allows(statements, Request("kms:Decrypt", key_of(key)))} == read
    assert allows(statements, Request("kms:Decrypt", BUCKET_KEY, THROUGH_S3))
    assert not allows(statements, Request("kms:Decrypt", BUCKET_KEY))
    assert not allows(statements, Request("kms:ScheduleKeyDeletion", key_of(own)))


def test_without_a_shared_pool_a_preview_reads_nothing_of_a_long_lived_stack() -> None:
    account = bootstrap(**{**GIVEN, "identityStack": ""})
    (policy,) = (one for one in account.of("aws:iam/policy:Policy") if one.name == "preview-0")
    statements = statements_of(policy.inputs["policy"])
    assert not allows(statements, Request("s3:GetObject", checkpoint("staging")))
    assert not allows(statements, Request("kms:Decrypt", key_of("staging")))
    assert account.outputs["variables"]["PREVIEW_IDENTITY_STACK"] == ""


def test_a_conformance_run_makes_its_users_in_the_pool_of_the_preview_or_in_the_shared_one(role_of: RoleOf) -> None:
    pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT_ID}:userpool/{REGION}_Pool1"
    script = (WORKFLOWS / "preview.yml").read_text()
    called = {f"cognito-idp:{_camel(name)}" for name in re.findall(r"aws cognito-idp ([a-z-]+)", script)}
    assert len(called) == 4
    for owner, allowed in (("pr-7", True), ("staging", True), ("production", False)):
        tags = {"aws:ResourceTag/project": "streamways", "aws:ResourceTag/stack": owner}
        assert {allows(role_of("preview"), Request(action, pool, tags)) for action in called} == {allowed}


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))


def runtime_statements(name: str) -> list[Statement]:
    """What the roles of a stack say that they may do."""
    return statements_of(*(one.inputs["policy"] for one in stack(name).of("aws:iam/rolePolicy:RolePolicy")))


@pytest.mark.parametrize(("name", "stacks"), [("pr-7", "pr-*"), ("staging", "staging")])
def test_a_boundary_lets_every_role_of_a_stack_do_what_its_policies_say(name: str, stacks: str) -> None:
    bounds = boundary_of(Stacks(stacks, REGION, ACCOUNT_ID))
    asked = {(a, r) for each in runtime_statements(name) for a in each["Action"] for r in each["Resource"]}
    assert asked
    assert {(action, arn) for action, arn in asked if not allows(bounds, Request(action, arn))} == set()


def test_a_boundary_is_no_wider_than_what_the_roles_of_stacks_do() -> None:
    granted = {action for actions in AT_RUN_TIME.values() for action in actions.split()}
    assert granted == {action for each in runtime_statements("staging") for action in each["Action"]}


def test_a_boundary_keeps_the_roles_of_previews_from_the_data_of_other_stacks() -> None:
    bounds = boundary_of(Stacks("pr-*", REGION, ACCOUNT_ID))
    named = ("dynamodb:", "lambda:", "logs:", "secretsmanager:")
    asked = {(a, r) for each in runtime_statements("staging") for a in each["Action"] for r in each["Resource"]}
    others = {(action, arn) for action, arn in asked if action.startswith(named)}
    assert len(others) > len(named)
    assert {(action, arn) for action, arn in others if allows(bounds, Request(action, arn))} == set()
    for action in ("iam:CreateRole", "sts:AssumeRole", "s3:GetObject", "secretsmanager:GetSecretValue"):
        assert not allows(bounds, Request(action))


def test_with_the_setting_every_role_of_a_stack_has_the_boundary() -> None:
    roles = stack("pr-7").of("aws:iam/role:Role")
    assert roles
    assert {role.inputs.get("permissionsBoundary") for role in roles} == {BOUNDARY}


def test_the_workflows_read_the_variables_that_the_bootstrap_prints(account: Deployment) -> None:
    printed: Mapping[str, str] = account.outputs["variables"]
    read = {name for path in WORKFLOWS.glob("*.yml") for name in re.findall(r"vars\.(\w+)", path.read_text())}
    assert read - OF_THE_USER == set(printed)
    assert printed["PULUMI_BACKEND_URL"] == "s3://streamways-state-0a1b2c3?region=us-east-1&awssdk=v2"
    assert printed["PULUMI_SECRETS_PROVIDER"] == "awskms://previews-0a1b2c3?region=us-east-1"
    assert printed["PREVIEW_PERMISSIONS_BOUNDARY"] == BOUNDARY
    assert printed["PREVIEW_IDENTITY_STACK"] == "organization/streamways/staging"
    assert set(account.outputs["longLivedStacks"]) == {"staging", "production"}


def test_the_role_of_api_gateway_is_made_on_request_alone(account: Deployment) -> None:
    assert account.of("aws:apigateway/account:Account") == []
    asked = bootstrap(repository="octo-org/chat", apiGatewayLogRole=True)
    (given,) = asked.of("aws:apigateway/account:Account")
    role = asked.named("api-gateway-logs", "aws:iam/role:Role")
    assert given.inputs["cloudwatchRoleArn"] == role.outputs["arn"]
    (statement,) = statements_of(role.inputs["assumeRolePolicy"])
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}


def test_the_bootstrap_runs_in_the_environment_of_the_program() -> None:
    document = yaml.safe_load((FOLDER / "Pulumi.yaml").read_text())
    assert (FOLDER / document["runtime"]["options"]["virtualenv"]).resolve() == ROOT / ".venv"


def test_an_account_without_previews_has_no_role_for_them() -> None:
    deployment = bootstrap(repository="octo-org/chat", longLivedStacks=["production"], previews=False)
    roles = {role.name for role in deployment.of("aws:iam/role:Role")}
    assert "production-deployer" in {name.removesuffix("-role") for name in roles}
    assert not [name for name in roles if name.startswith("preview")]
    assert deployment.outputs["variables"].keys() == {"PULUMI_BACKEND_URL"}
