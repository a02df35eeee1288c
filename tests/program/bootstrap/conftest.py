"""The bootstrap of an account, recorded once."""

import functools
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml

from stacks import program
from stacks.bootstrap.deployer import PATH
from stacks.packages import page
from stacks.stack_names import AUTONAMING, PATTERN
from tests.program.bootstrap.evaluator import Statement, statements_of
from tests.program.conftest import built_page
from tests.program.recording import ACCOUNT_ID, ROOT, Deployment, defaults, run
from tests.program.test_domain_settings import DOMAINS, ZONE
from tests.program.test_web_acls import WEB_ACLS

with warnings.catch_warnings():
    # pulumi-aws 7.51 warns about classes of its own when its modules of S3 and API Gateway are loaded, on first use.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_aws

    assert pulumi_aws.s3.Bucket
    assert pulumi_aws.apigateway.Account

FOLDER = ROOT / "stacks" / "bootstrap"
NAME = "streamways-bootstrap"
REGION = "us-east-1"
BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy{PATH}previews-{REGION}"
GIVEN = {"repository": "octo-org/chat", "longLivedStacks": ["staging", "production"], "identityStack": "staging"}


def configuration(**settings: object) -> dict[str, str]:
    """What `pulumi up` hands over: the defaults of its Pulumi.yaml, and these settings."""
    config: dict[str, str] = {}
    for key, schema in yaml.safe_load((FOLDER / "Pulumi.yaml").read_text())["config"].items():
        value = settings.get(key, schema.get("value", schema.get("default")))
        config[key if ":" in key else f"{NAME}:{key}"] = value if isinstance(value, str) else json.dumps(value)
    unknown = {f"{NAME}:{key}": str(value) for key, value in settings.items() if f"{NAME}:{key}" not in config}
    return config | {key: value for key, value in unknown.items() if key.removeprefix(f"{NAME}:") not in config}


def bootstrap(**settings: object) -> Deployment:
    """Run the program with these settings."""
    return run(configuration(**settings), "main", program=FOLDER, project=NAME)


@functools.cache
def stack(name: str) -> Deployment:
    """A stack as a role of the bootstrap deploys it, with all that it may hold: a preview has no domain name.

    A function URL has a domain name or signed requests, and a stack has one of the two after the other.
    """
    signed = {"streamways:functionUrlAuth": "AWS_IAM"}
    domains = {f"streamways:{key}": value for key, value in {**DOMAINS, **WEB_ACLS, "hostedZoneId": ZONE}.items()}
    kinds = [signed] if name.startswith("pr-") else [signed, domains]
    stacks = [_recorded(name, kind) for kind in kinds]
    return Deployment(resources={urn: one for each in stacks for urn, one in each.resources.items()})


def _recorded(name: str, kind: Mapping[str, str]) -> Deployment:
    settings = {
        AUTONAMING: json.dumps({"pattern": PATTERN}),
        "streamways:permissionsBoundary": BOUNDARY,
        "streamways:environment": "staging",
        "streamways:warm": "1",
        "streamways:webSocketAccessLogs": "true",
        "streamways:alarmEmails": '["a@example.com"]',
        "streamways:guardrailId": "gr1",
        "streamways:guardrailVersion": "3",
        "streamways:model": "us.amazon.nova-lite-v1:0",
        "streamways:page": "true",
    }
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        # Nobody looks into the packages.
        patch.setattr(program, "build", lambda _: ROOT / "handlers")
        patch.setattr(page, "build", lambda: built_page(Path(folder)))
        return run({**defaults(), **settings, **kind}, name)


@pytest.fixture(scope="session")
def account() -> Deployment:
    return bootstrap(**GIVEN)


@pytest.fixture(scope="session")
def role_of(account: Deployment) -> Callable[[str], list[Statement]]:
    """The statements of all policies that are attached to a role, by the role's name in the program."""
    documents: Mapping[str, str] = {
        policy.outputs["arn"]: policy.inputs["policy"] for policy in account.of("aws:iam/policy:Policy")
    }

    def statements(name: str) -> list[Statement]:
        role = account.named(name, "aws:iam/role:Role").outputs["name"]
        attached = account.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
        arns = [each.inputs["policyArn"] for each in attached if each.inputs["role"] == role]
        assert arns
        return statements_of(*(documents[arn] for arn in arns))

    return statements
