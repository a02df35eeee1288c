"""The workflows run: every script in a real bash, with GitHub's fake and a stand-in for Pulumi and the AWS CLI."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.previews.actions import Runner, steps, workflow
from tests.previews.commands import Commands, stack
from tests.previews.github_api import REPOSITORY, GitHubApi, status

VARIABLES = {
    "PREVIEW_ROLE_ARN": "arn:aws:iam::123456789012:role/preview",
    "PREVIEW_DESTROY_ROLE_ARN": "arn:aws:iam::123456789012:role/preview-destroy",
    "PREVIEW_PERMISSIONS_BOUNDARY": "arn:aws:iam::123456789012:policy/previews",
    "PREVIEW_REGION": "eu-west-1",
    "PREVIEW_ACCOUNT_ID": "123456789012",
    "PREVIEW_IDENTITY_STACK": "organization/streamways/staging",
    "PULUMI_BACKEND_URL": "s3://state?region=eu-west-1&awssdk=v2",
    "PULUMI_SECRETS_PROVIDER": "awskms://alias/previews?region=eu-west-1",
}
OUTPUTS = {
    "functionUrl": "https://abc.lambda-url.eu-west-1.on.aws/",
    "userPoolId": "pool",
    "userPoolClientId": "client",
}
STATEMENT = {
    "Effect": "Allow",
    "Action": ["dynamodb:GetItem"],
    "Resource": ["arn:aws:dynamodb:eu-west-1:123456789012:table/t"],
}
ROLE_POLICY = {
    "op": "create",
    "urn": "urn:pulumi:pr-7::streamways::aws:iam/rolePolicy:RolePolicy::worker",
    "type": "aws:iam/rolePolicy:RolePolicy",
    "old": None,
    "new": {"inputs": {"policy": json.dumps({"Statement": [STATEMENT]})}},
}
EVENTS = [{"resOutputsEvent": {"metadata": ROLE_POLICY}}, {"summaryEvent": {"resourceChanges": {"create": 116}}}]
CHECKED = [
    {"event": "case", "case": "order", "on": ["function-url"], "outcome": "passed", "seconds": 1.0},
    {"event": "summary", "passed": 1, "failed": 0, "not run": 2, "seconds": 1.0},
]


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    commands = Commands(tmp_path / "commands", ("pulumi", "aws", "python3", "streamways"))
    # What these two do for themselves is not stood in for: passwords in JSON, and the commands under test.
    (commands.folder / "real-streamways").symlink_to(Path(sys.executable).parent / "streamways")
    for name, begin, real in (
        ("python3", "-c", sys.executable),
        ("streamways", "preview", str(commands.folder / "real-streamways")),
    ):
        script = (commands.folder / name).read_text()
        hook = f"if arguments[0] == {begin!r}:\n    os.execv({real!r}, [{real!r}, *arguments])\n"
        (commands.folder / name).write_text(script.replace("line = ", f"{hook}line = ", 1))
    commands.answer("pulumi stack ls", [stack("pr-7"), stack("pr-8"), stack("production")])
    commands.answer("pulumi up", lines(EVENTS))
    commands.answer("pulumi stack output --json", OUTPUTS)
    commands.answer("pulumi stack output userPoolId", "pool\n")
    commands.answer("pulumi stack output userPoolClientId", "client\n")
    commands.answer("aws cognito-idp admin-initiate-auth", "the-access-token\n")
    commands.answer("streamways check", lines(CHECKED))
    return commands


@pytest.fixture
def runner(api: GitHubApi, commands: Commands, event: Path, tmp_path: Path) -> Runner:
    del api
    folder = tmp_path / "runner"
    folder.mkdir()
    host = {name: os.environ[name] for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_EVENT_PATH")}
    host |= {"GITHUB_RUN_ID": "99", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_SERVER_URL": "https://github.com"}
    about = json.loads(event.read_text())
    about["pull_request"]["head"]["repo"] = {"full_name": REPOSITORY}
    github = {"token": "a-token", "repository": REPOSITORY, "event": about}
    return Runner(folder, commands.folder, host, {"github": github, "vars": VARIABLES, "inputs": {}})


def test_an_open_pull_request_is_deployed_checked_and_commented(
    api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.pull(7, "open", "preview")
    preview = workflow("preview")
    assert [runner.run(preview, job) for job in preview["jobs"]] == ["success", "skipped", "success"], runner.log
    pulumi = [call.line for call in commands.calls("pulumi")]
    assert pulumi[:11] == [
        "pulumi stack select pr-7 --create --secrets-provider awskms://alias/previews?region=eu-west-1",
        "pulumi config set aws:region eu-west-1",
        "pulumi config set --path aws:allowedAccountIds[0] 123456789012",
        "pulumi config set environment preview",
        "pulumi config set --path pulumi:autonaming.pattern ${project}-${stack}-${name}-${hex(7)}",
        "pulumi config set permissionsBoundary arn:aws:iam::123456789012:policy/previews",
        "pulumi config set --path limits.free.requestsPerHour 100000",
        "pulumi config set --path limits.free.concurrentStreams 100",
        "pulumi config set identityStack organization/streamways/staging",
        "pulumi up --yes --skip-preview --non-interactive --json",
        "pulumi stack output --json",
    ]
    for call in commands.calls("pulumi"):
        assert call.environment["PULUMI_BACKEND_URL"] == VARIABLES["PULUMI_BACKEND_URL"]
        assert call.environment["PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER"] == "true"
        assert "GITHUB_TOKEN" not in call.environment, "the program of the pull request does not get the token"
    [check] = commands.calls("streamways check")
    assert check.environment["STREAMWAYS_TOKEN"] == "the-access-token"
    [body] = api.bodies(7)
    assert "### The preview `pr-7` is deployed" in body
    assert "https://abc.lambda-url.eu-west-1.on.aws/" in body
    assert "1 passed, 0 failed, 2 not run" in body
    assert "+ Allow dynamodb:GetItem on arn:aws:dynamodb:eu-west-1:ACCOUNT:table/t" in body
    assert "0.05 USD a month" in body
    assert "the-access-token" not in body + runner.log.replace("::add-mask::the-access-token", "")


def test_the_users_of_a_check_are_deleted_and_their_passwords_in_no_list_of_processes(
    api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.pull(7, "open", "preview")
    commands.answer("streamways check", "", 1)
    preview = workflow("preview")
    assert [runner.run(preview, job) for job in ("plan", "deploy")] == ["success", "failure"]
    users = {
        call.arguments[call.arguments.index("--username") + 1]
        for call in commands.calls("aws cognito-idp admin-create")
    }
    gone = {
        call.arguments[call.arguments.index("--username") + 1]
        for call in commands.calls("aws cognito-idp admin-delete")
    }
    assert users == gone == {"first-99-2@example.com", "second-99-2@example.com"}
    passwords = {call.given for call in commands.calls("aws cognito-idp admin-set-user-password")}
    assert len(passwords) == 2
    for call in commands.calls():
        assert not [one for one in passwords if one in call.line or one in str(call.environment)], call.name
    assert "the run did not come to its end" in api.bodies(7)[0]


def test_an_update_that_fails_is_commented_and_fails_the_job(
    api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.pull(7, "open", "preview")
    failed = {
        "resOpFailedEvent": {"metadata": {"urn": "urn:pulumi:pr-7::streamways::aws:lambda/function:Function::worker"}}
    }
    told = {"diagnosticEvent": {"severity": "error", "message": "AccessDenied: s3cr3t"}}
    commands.answer("pulumi up", lines([failed, told]), 255)
    preview = workflow("preview")
    assert [runner.run(preview, job) for job in ("plan", "deploy")] == ["success", "failure"]
    [body] = api.bodies(7)
    assert "could not be deployed" in body
    assert "`worker`" in body
    assert "s3cr3t" not in body
    assert "AccessDenied" in runner.log, "the log of the run says why"
    assert commands.calls("streamways check") == []


def test_a_pull_request_of_a_fork_is_checked_in_the_sandbox_without_credentials(
    api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.pull(7, "open", "preview", head="stranger/chat")
    preview = workflow("preview")
    assert [runner.run(preview, job) for job in preview["jobs"]] == ["success", "success", "skipped"], runner.log
    assert [call.line for call in commands.calls("streamways")][-2:] == ["streamways sandbox start", "streamways check"]
    assert (commands.calls("pulumi"), commands.calls("aws"), api.bodies(7)) == ([], [], [])


@pytest.mark.parametrize(("state", "labels"), [("open", []), ("closed", ["preview"])])
def test_without_the_label_or_after_the_close_nothing_is_deployed(
    state: str, labels: list[str], api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.pull(7, state, *labels)
    preview = workflow("preview")
    assert [runner.run(preview, job) for job in preview["jobs"]] == ["success", "skipped", "skipped"]
    assert commands.calls("pulumi") == []


def test_a_closed_pull_request_is_destroyed_and_its_comment_says_so(
    api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.pull(7, "closed", "preview")
    destroy = workflow("preview-destroy")
    assert [runner.run(destroy, job) for job in destroy["jobs"]] == ["success", "success"], runner.log
    assert [call.arguments[-1] for call in commands.calls("pulumi destroy")] == ["pr-7"]
    assert "### The preview `pr-7` was destroyed" in api.bodies(7)[0]


def test_a_pull_request_that_is_opened_again_while_the_job_waits_keeps_its_preview(
    api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.pull(7, "closed", "preview")
    destroy = workflow("preview-destroy")
    assert runner.run(destroy, "plan") == "success"
    api.pull(7, "open", "preview")
    assert runner.run(destroy, "destroy") == "success"
    assert (commands.calls("pulumi destroy"), api.bodies(7)) == ([], [])


@pytest.mark.parametrize("name", ["preview", "preview-destroy"])
def test_when_github_fails_no_workflow_touches_a_stack(
    name: str, api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.fail("/pulls/7", status(403))
    document = workflow(name)
    assert runner.run(document, "plan") == "failure"
    assert commands.calls("pulumi") == []


@pytest.mark.parametrize(
    ("inputs", "destroyed"), [({"dry_run": True}, []), ({"dry_run": False}, ["pr-8"]), ({}, ["pr-8"])]
)
def test_the_sweep_destroys_unless_it_is_a_dry_run(
    inputs: dict[str, bool], destroyed: list[str], api: GitHubApi, commands: Commands, runner: Runner
) -> None:
    api.pull(7, "open", "preview")
    api.pull(8, "closed")
    commands.answer("pulumi stack ls", [stack("pr-7", None), stack("pr-8")])
    runner.contexts["inputs"] = inputs
    assert runner.run(workflow("preview-sweep"), "sweep") == "success", runner.log
    assert [call.arguments[-1] for call in commands.calls("pulumi destroy")] == destroyed


@pytest.mark.parametrize(
    ("name", "job", "missing"),
    [
        ("preview", "deploy", "PREVIEW_ROLE_ARN"),
        ("preview", "deploy", "PULUMI_SECRETS_PROVIDER"),
        ("preview-destroy", "destroy", "PREVIEW_DESTROY_ROLE_ARN"),
        ("preview-sweep", "sweep", "PULUMI_BACKEND_URL"),
    ],
)
def test_an_account_that_is_not_prepared_is_told_in_one_line_and_pulumi_is_not_called(
    name: str, job: str, missing: str, commands: Commands, runner: Runner
) -> None:
    runner.contexts["vars"] = {key: value for key, value in VARIABLES.items() if key != missing}
    runner.needs["plan"] = {"outputs": {"action": {"deploy": "deploy"}.get(job, "destroy"), "stack": "pr-7"}}
    assert runner.run(workflow(name), job) == "failure"
    line = f"::error::The variable {missing} is not set: run stacks/bootstrap and set what it prints"
    assert [each for each in runner.log.splitlines() if "::error::" in each] == [f"{line} (docs/bootstrap.md)."]
    assert commands.calls("pulumi") == []


def test_every_script_can_be_parsed() -> None:
    for name in ("preview", "preview-destroy", "preview-sweep"):
        for _, step in steps(workflow(name)):
            done = subprocess.run(["bash", "-n"], input=step.get("run", ""), text=True, check=False)
            assert done.returncode == 0
