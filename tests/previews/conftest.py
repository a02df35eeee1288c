import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from streamways.cli.app import run
from streamways.previews import github
from tests.previews.commands import Commands
from tests.previews.github_api import REPOSITORY, GitHubApi, write_event
from tests.support.server import LocalServer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubApi]:
    """GitHub, as the environment of a workflow names it."""
    api = GitHubApi()
    with LocalServer(api.answer) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
        monkeypatch.setenv("GITHUB_TOKEN", "a-token")
        for name in ("GITHUB_OUTPUT", "GITHUB_EVENT_PATH", "GITHUB_RUN_ID", "GITHUB_SERVER_URL", "PREVIEW_MODE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(
            github, "PAUSE", timedelta(milliseconds=1)
        )  # githubkit takes 0 for its own default, a minute
        yield api
        api.stop()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Nothing on the path is the real Pulumi."""
    commands = Commands(tmp_path / "commands")
    monkeypatch.setenv("PATH", commands.path)
    return commands


@pytest.fixture
def event(api: GitHubApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The event of pull request 7, which was pushed to."""
    del api
    path = tmp_path / "event.json"
    write_event(path)
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(path))
    return path


@pytest.fixture
def swept(api: GitHubApi, commands: Commands, capsys: pytest.CaptureFixture[str]) -> Any:
    """Sweeps, with the arguments given; the exit code, and the rows by stack."""
    del api, commands

    def sweep(*arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
        code = run(["preview", "sweep", "--json", *arguments])
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return code, {row["stack"]: row for row in rows if row["event"] == "stack"}

    return sweep
