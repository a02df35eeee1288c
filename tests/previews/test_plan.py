"""What is to be done for a pull request: by its event, by what GitHub says of it now, and by the repository's mode."""

import json
from pathlib import Path
from typing import Any

import pytest

from streamways.cli.app import run
from tests.previews.github_api import REPOSITORY, GitHubApi, status, text, write_event


@pytest.mark.parametrize(
    ("state", "labels", "head", "mode", "action"),
    [
        ("open", ["preview"], REPOSITORY, "label", "deploy"),
        ("open", ["preview", "persist"], REPOSITORY, "label", "deploy"),
        ("open", [], REPOSITORY, "always", "deploy"),
        ("open", [], REPOSITORY.upper(), "always", "deploy"),
        ("open", ["Preview"], REPOSITORY, "label", "nothing"),
        ("open", [], REPOSITORY, "label", "nothing"),
        ("open", ["preview"], "stranger/chat", "label", "conformance"),
        ("open", [], "stranger/chat", "always", "conformance"),
        ("open", [], "stranger/chat", "label", "nothing"),
        ("open", ["preview"], None, "label", "conformance"),
        ("closed", ["preview"], REPOSITORY, "label", "destroy"),
        ("closed", [], REPOSITORY, "always", "destroy"),
        ("closed", ["preview", "persist"], REPOSITORY, "label", "nothing"),
        ("closed", ["preview"], "stranger/chat", "label", "nothing"),
    ],
)
def test_a_pull_request_gets_what_its_state_its_labels_and_its_origin_ask_for(
    state: str,
    labels: list[str],
    head: str | None,
    mode: str,
    action: str,
    api: GitHubApi,
    event: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    del event
    outputs = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    api.pull(7, state, *labels, head=head)
    assert run(["preview", "plan", "--mode", mode, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed | {"reason": ""} == {"action": action, "stack": "pr-7", "number": "7", "reason": ""}
    assert outputs.read_text() == "".join(f"{name}={value}\n" for name, value in printed.items())


@pytest.mark.parametrize(
    ("removed", "labels", "action"),
    [
        ("preview", [], "destroy"),
        ("preview", ["persist"], "nothing"),
        ("preview", ["preview"], "deploy"),
        ("bug", [], "nothing"),
    ],
)
def test_who_removes_the_label_removes_the_preview_unless_it_is_there_again(
    removed: str, labels: list[str], action: str, api: GitHubApi, event: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_event(event, action="unlabeled", label={"name": removed})
    api.pull(7, "open", *labels)
    assert run(["preview", "plan"]) == 0
    assert capsys.readouterr().out.startswith(f"{action} pr-7: ")


def test_a_job_that_is_run_again_asks_what_the_pull_request_is_now(
    api: GitHubApi, event: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_event(event, action="synchronize")
    api.pull(7, "closed", "preview")
    assert run(["preview", "plan"]) == 0
    assert capsys.readouterr().out.startswith("destroy pr-7: ")


@pytest.mark.parametrize("fault", [status(403), status(404), status(500), text("{}"), text("no")])
def test_a_doubt_plans_nothing(
    fault: Any, api: GitHubApi, event: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del event
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    api.fail("/pulls/7", fault)
    assert run(["preview", "plan"]) == 1
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"action": "push", "repository": {"full_name": "octo-org/chat"}}',
        {"number": "7"},
        {"number": True},
        {"number": 0},
        {"number": -7},
        {"number": 7, "repository": {"full_name": "octo-org/other"}},
        {"number": 7, "pull_request": None},
    ],
)
def test_an_event_that_is_none_of_a_pull_request_of_this_repository_is_misuse(
    written: Any, api: GitHubApi, event: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if isinstance(written, str):
        event.write_text(written)
    else:
        write_event(event, **written)
    for command in ("plan", "comment"):
        assert run(["preview", command]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert api.asked == []


def test_an_event_that_is_not_there_is_misuse(
    api: GitHubApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["preview", "plan"]) == 2
    monkeypatch.setenv("GITHUB_EVENT_PATH", "/nowhere/event.json")
    assert run(["preview", "plan"]) == 2
    assert capsys.readouterr().err.count("\n") == 2
    assert api.asked == []
