"""What may be in the workflows: pinned actions, few permissions, nothing untrusted in a script."""

import re
import tomllib
from typing import Any

import pytest

from stacks.bootstrap.trust import DESTROY_ENVIRONMENT, PREVIEW_ENVIRONMENT
from stacks.stack_names import AUTONAMING, PATTERN
from tests.previews.actions import EXPRESSION, ROOT, WORKFLOWS, evaluate, steps, workflow

PERMISSIONS = {
    ("preview", "plan"): {"contents": "read", "pull-requests": "read"},
    ("preview", "conformance"): {"contents": "read"},
    ("preview", "deploy"): {"contents": "read", "id-token": "write", "pull-requests": "write"},
    ("preview-destroy", "plan"): {"contents": "read", "pull-requests": "read"},
    ("preview-destroy", "destroy"): {"contents": "read", "id-token": "write", "pull-requests": "write"},
    ("preview-sweep", "sweep"): {"contents": "read", "id-token": "write", "pull-requests": "read"},
}
ROLES = {
    "preview": ("PREVIEW_ROLE_ARN", PREVIEW_ENVIRONMENT),
    "preview-destroy": ("PREVIEW_DESTROY_ROLE_ARN", DESTROY_ENVIRONMENT),
    "preview-sweep": ("PREVIEW_DESTROY_ROLE_ARN", DESTROY_ENVIRONMENT),
}
"""The variable with the role of a workflow's jobs, and the environment that the role trusts."""
TEXT = {name: (ROOT / "stacks" / "previews" / "github" / f"{name}.yml").read_text() for name in WORKFLOWS}
ALL = [(name, job, step) for name in WORKFLOWS for job, step in steps(workflow(name))]
READ_ONLY = re.compile(
    r"github\.(token|repository|event\.(number|pull_request\.head\.repo\.full_name|repository\.default_branch))"
)


def test_every_action_is_pinned_by_a_commit_with_its_version_beside_it() -> None:
    used = [line for text in TEXT.values() for line in text.splitlines() if "uses:" in line]
    assert len(used) == sum("uses" in step for _, _, step in ALL) > 0
    assert [
        line for line in used if not re.fullmatch(r"\s*- uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
    ] == []
    pins = {line.strip() for line in used}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins), "one version of each action"


def test_each_job_has_the_permissions_that_it_needs_and_no_other() -> None:
    found = {(name, job): one["permissions"] for name in WORKFLOWS for job, one in workflow(name)["jobs"].items()}
    assert found == PERMISSIONS
    assert all(workflow(name)["permissions"] == {} for name in WORKFLOWS)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_script_has_an_expression_in_it(name: str) -> None:
    assert [step["name"] for _, step in steps(workflow(name)) if EXPRESSION.search(step.get("run", ""))] == []


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_that_a_stranger_writes_is_read_and_no_secret_but_the_token(name: str) -> None:
    expressions = EXPRESSION.findall(TEXT[name])
    assert expressions
    of_github = [term for each in expressions for term in re.findall(r"github\.[\w.]+", each)]
    assert [term for term in of_github if not READ_ONLY.fullmatch(term)] == []
    assert [each for each in expressions if "secrets" in each] == []


def test_the_evaluator_knows_every_expression_but_the_status_check() -> None:
    for expression in {each for text in TEXT.values() for each in EXPRESSION.findall(text)} - {"!cancelled()"}:
        evaluate(expression, {})


@pytest.mark.parametrize("expression", ["a && b", "github.event.number && 1", "always()", "secrets.KEY", "vars['x']"])
def test_the_evaluator_fails_on_what_it_does_not_know(expression: str) -> None:
    with pytest.raises(ValueError, match="does not know"):
        evaluate(expression, {})


@pytest.mark.parametrize("name", WORKFLOWS)
def test_who_gets_credentials_is_in_the_environment_that_the_role_trusts(name: str) -> None:
    role, environment = ROLES[name]
    for one in workflow(name)["jobs"].values():
        roles = [step["with"]["role-to-assume"] for step in one["steps"] if "role-to-assume" in step.get("with", {})]
        assert roles in ([], [f"${{{{ vars.{role} }}}}"])
        assert bool(roles) == (one.get("environment") == environment) == ("id-token" in one["permissions"])


def test_one_pull_request_has_one_update_at_a_time_and_none_is_cancelled() -> None:
    group = {"group": "preview-${{ github.event.number }}", "cancel-in-progress": False}
    assert workflow("preview")["jobs"]["deploy"]["concurrency"] == group
    assert workflow("preview-destroy")["jobs"]["destroy"]["concurrency"] == group
    assert workflow("preview-sweep")["concurrency"] == {"group": "preview-sweep", "cancel-in-progress": False}
    assert "pulumi cancel" not in "".join(TEXT.values())


@pytest.mark.parametrize("name", ["preview-destroy", "preview-sweep"])
def test_what_destroys_checks_out_the_default_branch(name: str) -> None:
    checkouts = [step["with"] for _, step in steps(workflow(name)) if "actions/checkout" in step.get("uses", "")]
    assert checkouts
    for given in checkouts:
        assert given == {"ref": "${{ github.event.repository.default_branch }}", "persist-credentials": False}


def triggers(name: str) -> Any:
    # YAML 1.1 takes the word `on` for true.
    return workflow(name)[True]


def test_a_pull_requests_own_code_runs_without_the_privileges_of_its_target() -> None:
    assert triggers("preview") == {"pull_request": {"types": ["opened", "reopened", "synchronize", "labeled"]}}
    assert triggers("preview-destroy") == {"pull_request_target": {"types": ["closed", "unlabeled"]}}
    assert set(triggers("preview-sweep")) == {"schedule", "workflow_dispatch"}


def test_no_failure_is_hidden() -> None:
    assert [name for name, text in TEXT.items() if "continue-on-error" in text] == []


def test_pulumi_new_finds_nothing_to_replace() -> None:
    assert [name for name, text in TEXT.items() if "${PROJECT}" in text or "${DESCRIPTION}" in text] == []


def test_what_is_installed_is_a_dependency_group() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    installed = set(re.findall(r"bootstrap\.py (\S+)", "".join(TEXT.values())))
    assert installed == {"previews", "sandbox"}
    assert installed <= set(groups)


def test_every_variable_of_the_workflows_is_documented() -> None:
    page = (ROOT / "docs" / "previews.md").read_text()
    named = set(re.findall(r"vars\.(\w+)", "".join(TEXT.values())))
    assert {name for name in named if f"| `{name}` |" not in page} == set()
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)) == named


def test_the_configuration_that_a_preview_gets_is_one_that_the_program_takes() -> None:
    script = next(step["run"] for _, _, step in ALL if step.get("name") == "Select the stack")
    keys = re.findall(r"pulumi config set (?:--path )?'?([\w:]+)", script)
    assert keys == [
        "aws:region",
        "aws:allowedAccountIds",
        "environment",
        AUTONAMING,
        "permissionsBoundary",
        "limits",
        "limits",
        "identityStack",
    ]
    assert f"'{AUTONAMING}.pattern' '{PATTERN}'" in script
