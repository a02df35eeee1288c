"""A destroy runs what the state names: a stack whose state holds more than this program registers is in doubt."""

from typing import Any

import pytest

from tests.previews.commands import Commands, stack, state
from tests.previews.github_api import GitHubApi

PROVIDER = "pulumi:providers:aws"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"type": "pulumi-python:dynamic:Resource", "inputs": {"__provider": "gASV"}},
            "pulumi-python:dynamic:Resource",
        ),
        ({"type": "command:local:Command", "inputs": {"delete": "env"}}, "command:local:Command"),
        ({"type": "pulumi:providers:other"}, "pulumi:providers:other"),
        ({"type": f"{PROVIDER}\n"}, "could run code of the pull request"),
        ({"type": PROVIDER, "inputs": {"pluginDownloadURL": "https://example.com"}}, "sets pluginDownloadURL"),
        ({"type": PROVIDER, "inputs": {"__internal": {"pluginDownloadURL": "https://x"}}}, "sets __internal"),
        ({"type": PROVIDER, "inputs": {"endpoints": [{"s3": "https://example.com"}]}}, "sets endpoints"),
        ({"inputs": {}}, "printed something else than the state of pr-7"),
    ],
)
def test_a_stack_whose_state_could_run_code_of_a_pull_request_stays(
    api: GitHubApi, commands: Commands, swept: Any, more: dict[str, Any], said: str
) -> None:
    api.pull(7, "closed", "preview")
    commands.answer("pulumi stack ls", [stack("pr-7")])
    commands.answer("pulumi stack export", state(more))
    code, rows = swept()
    assert (code, rows["pr-7"]["outcome"], commands.calls("pulumi destroy")) == (1, "in doubt", [])
    assert said in rows["pr-7"]["reason"]


@pytest.mark.parametrize(("text", "code"), [("", 255), ("no JSON", 0), ("[]", 0), ('{"deployment": null}', 0)])
def test_a_stack_whose_state_cannot_be_read_stays(
    api: GitHubApi, commands: Commands, swept: Any, text: str, code: int
) -> None:
    api.pull(7, "closed", "preview")
    commands.answer("pulumi stack ls", [stack("pr-7")])
    commands.answer("pulumi stack export", text, code)
    ended, rows = swept()
    assert (ended, rows["pr-7"]["outcome"], commands.calls("pulumi destroy")) == (1, "in doubt", [])


def test_what_an_interrupted_update_left_behind_is_looked_at_too(
    api: GitHubApi, commands: Commands, swept: Any
) -> None:
    api.pull(7, "closed", "preview")
    commands.answer("pulumi stack ls", [stack("pr-7")])
    left = state()
    left["deployment"]["pending_operations"] = [{"resource": {"type": "command:local:Command"}, "type": "creating"}]
    commands.answer("pulumi stack export", left)
    assert (swept()[0], commands.calls("pulumi destroy")) == (1, [])
