"""The sweep destroys what GitHub clearly says nobody needs. Destroys are counted at the stand-in for the Pulumi CLI."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streamways.cli.app import run
from streamways.previews import github
from tests.previews.commands import Commands, stack, state
from tests.previews.github_api import Fault, GitHubApi, cut, hang_up, json_answer, status, text

LS = "pulumi stack ls --json"


def destroyed(commands: Commands) -> list[str]:
    return [call.arguments[-1] for call in commands.calls("pulumi destroy")]


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def fresh(*names: str) -> list[Any]:
    return [stack(name, days_ago(1)) for name in names]


def test_the_stack_of_a_closed_pull_request_is_destroyed_and_that_of_an_open_one_stays(
    api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, fresh("pr-7", "pr-8", "production"))
    api.pull(7, "closed", "preview")
    api.pull(8, "open", "preview")
    code, rows = swept()
    assert code == 0
    assert {name: row["outcome"] for name, row in rows.items()} == {"pr-7": "destroyed", "pr-8": "kept"}
    [call] = commands.calls("pulumi destroy")
    assert call.arguments == [
        *("destroy", "--yes", "--remove", "--skip-preview", "--non-interactive", "--stack", "pr-7"),
    ]
    assert not commands.calls("pulumi cancel"), "a running update is never cancelled"


def test_an_open_pull_request_without_the_label_has_no_preview_unless_all_have(
    api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, fresh("pr-7"))
    api.pull(7, "open", "bug")
    assert swept("--mode", "always")[1]["pr-7"]["outcome"] == "kept"
    assert swept("--mode", "label")[1]["pr-7"]["outcome"] == "destroyed"
    assert destroyed(commands) == ["pr-7"]


@pytest.mark.parametrize(("age", "outcome"), [(13.9, "kept"), (14.1, "destroyed")])
def test_a_preview_that_was_not_updated_for_two_weeks_is_destroyed(
    age: float, outcome: str, api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, [stack("pr-7", days_ago(age))])
    api.pull(7, "open", "preview")
    code, rows = swept()
    assert (code, rows["pr-7"]["outcome"]) == (0, outcome)


def test_a_preview_of_which_no_update_is_known_is_not_too_old(api: GitHubApi, commands: Commands, swept: Any) -> None:
    commands.answer(LS, [stack("pr-7", None)])
    api.pull(7, "open", "preview")
    assert swept("--days", "1")[1]["pr-7"]["outcome"] == "kept"


@pytest.mark.parametrize("state", ["open", "closed"])
def test_the_label_persist_keeps_a_preview_however_old_it_is(
    state: str, api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, [stack("pr-7", days_ago(400))])
    api.pull(7, state, "persist")
    assert swept() == (0, {"pr-7": {"event": "stack", "stack": "pr-7", "outcome": "kept"} | swept()[1]["pr-7"]})
    assert destroyed(commands) == []


def test_a_dry_run_says_what_would_be_destroyed(api: GitHubApi, commands: Commands, swept: Any) -> None:
    commands.answer(LS, fresh("pr-7"))
    api.pull(7, "closed")
    code, rows = swept("--dry-run")
    assert (code, rows["pr-7"]["outcome"]) == (0, "would be destroyed")
    assert destroyed(commands) == []


def test_one_stack_is_looked_at_alone_when_it_is_named(api: GitHubApi, commands: Commands, swept: Any) -> None:
    commands.answer(LS, fresh("pr-7", "pr-8", "pr-70"))
    for number in (7, 8, 70):
        api.pull(number, "closed")
    assert list(swept("--stack", "pr-7")[1]) == ["pr-7"]
    assert swept("--stack", "pr-9") == (0, {}), "a pull request that never had a preview needs no destroy"
    assert destroyed(commands) == ["pr-7"]


def other(**changes: Any) -> Fault:
    """The answer about closed pull request 7, but for what is said otherwise."""
    closed = GitHubApi().pull(7, "closed")
    return lambda: json_answer(closed | changes)


LIMIT = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "4102444800"}


DOUBTS: dict[str, Fault] = {
    "401": status(401),
    "403": status(403),
    "404, which an issue of that number answers too": status(404),
    "410": status(410),
    "429": status(429),
    "500": status(500),
    "502": status(502),
    "the rate limit": lambda: json_answer({"message": "API rate limit exceeded for installation"}, 403, **LIMIT),
    "the secondary rate limit": status(403, retry_after="60"),
    "a repository that was moved": status(301, location="https://api.github.com/repositories/1/pulls/7"),
    "a redirect": status(307, location="http://127.0.0.1:1/"),
    "an answer without content": status(204),
    "not modified": status(304),
    "a cut body": cut,
    "a connection that breaks": hang_up,
    "a body that is no JSON": text("<html>unicorn</html>"),
    "half an object": text('{"number": 7, "state": "closed"'),
    "an empty body": text(""),
    "a list": text('[{"number": 7, "state": "closed"}]'),
    "null": text("null"),
    "another number": other(number=8),
    "a number as text": other(number="7"),
    "another repository": other(base={"repo": {"full_name": "octo-org/chat-old"}}),
    "no base": other(base=None),
    "no state": other(state=None),
    "a state that nobody knows": other(state="draft"),
    "labels that are no list": other(labels=None),
    "labels without names": other(labels=[{"id": 1}]),
    "no labels": text('{"number": 7, "state": "closed"}'),
    "no head": other(head=None),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_nothing_in_doubt_is_destroyed_and_the_exit_code_says_so(
    doubt: str, api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, fresh("pr-7"))
    api.pull(7, "closed")
    api.fail(r"^GET .*/pulls/7\?", DOUBTS[doubt])
    code, rows = swept()
    assert code == 1
    assert destroyed(commands) == []
    assert rows["pr-7"]["outcome"] == "in doubt"
    assert "\n" not in rows["pr-7"]["reason"]


def test_an_answer_that_does_not_come_is_a_doubt(
    api: GitHubApi, commands: Commands, swept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "TIMEOUT_SECONDS", 0.3)
    commands.answer(LS, fresh("pr-7"))
    api.pull(7, "closed")
    api.fail(r"/pulls/7\?", api.never)
    code, rows = swept()
    assert (code, destroyed(commands)) == (1, [])
    assert "did not answer in time" in rows["pr-7"]["reason"]
    assert len(api.asked) == github.ATTEMPTS


def test_a_server_error_that_passes_is_asked_again(api: GitHubApi, commands: Commands, swept: Any) -> None:
    commands.answer(LS, fresh("pr-7"))
    closed = api.pull(7, "closed")
    api.fail(r"/pulls/7\?", status(502), status(503), lambda: json_answer(closed))
    assert swept()[0] == 0
    assert destroyed(commands) == ["pr-7"]


def test_one_doubt_leaves_the_others_to_be_swept(api: GitHubApi, commands: Commands, swept: Any) -> None:
    commands.answer(LS, fresh("pr-6", "pr-7", "pr-8"))
    for number in (6, 8):
        api.pull(number, "closed")
    code, rows = swept()
    assert code == 1
    assert [rows[name]["outcome"] for name in ("pr-6", "pr-7", "pr-8")] == ["destroyed", "in doubt", "destroyed"]


def test_after_a_rate_limit_nothing_more_is_asked_or_destroyed(api: GitHubApi, commands: Commands, swept: Any) -> None:
    commands.answer(LS, fresh("pr-6", "pr-7", "pr-8"))
    for number in (6, 7, 8):
        api.pull(number, "closed")
    api.fail(r"/pulls/7\?", DOUBTS["the rate limit"])
    code, rows = swept()
    assert code == 1
    assert [rows[name]["outcome"] for name in ("pr-6", "pr-7", "pr-8")] == ["destroyed", "in doubt", "in doubt"]
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    "name", ["pr-07", "pr-0", "PR-7", "pr-7-old", "pr-", "pr-7\n", "pr7", "pr-９", "pr-7.1", "org/pr-7"]
)
def test_a_stack_that_only_resembles_a_preview_is_left_alone(
    name: str, api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, fresh(name))
    api.pull(7, "closed")
    code, _ = swept()
    assert (code, api.asked, destroyed(commands)) == (1, [], [])


@pytest.mark.parametrize("name", ["production", "staging", "dev", "preview", "april-7"])
def test_other_stacks_are_none_of_the_sweeps_business(
    name: str, api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, fresh(name))
    assert swept() == (0, {})
    assert (api.asked, destroyed(commands)) == ([], [])


def test_a_stack_with_an_update_under_way_is_in_doubt(api: GitHubApi, commands: Commands, swept: Any) -> None:
    commands.answer(LS, [stack("pr-7", None, updateInProgress=True)])
    api.pull(7, "closed")
    code, rows = swept()
    assert (code, rows["pr-7"]["outcome"], destroyed(commands)) == (1, "in doubt", [])


def test_an_open_pull_request_of_a_fork_with_a_stack_is_in_doubt(
    api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, fresh("pr-7"))
    api.pull(7, "open", "preview", head="stranger/chat")
    code, rows = swept()
    assert (code, rows["pr-7"]["outcome"], destroyed(commands)) == (1, "in doubt", [])


def test_a_destroy_that_fails_is_told_and_the_next_stack_has_its_turn(
    api: GitHubApi, commands: Commands, swept: Any
) -> None:
    commands.answer(LS, fresh("pr-7", "pr-8"))
    commands.answer("pulumi destroy --yes --remove --skip-preview --non-interactive --stack pr-7", code=255)
    for number in (7, 8):
        api.pull(number, "closed")
    code, rows = swept()
    assert code == 1
    assert [rows[name]["outcome"] for name in ("pr-7", "pr-8")] == ["failed", "destroyed"]


def test_what_a_failed_destroy_has_left_the_next_sweep_goes_on_with(
    api: GitHubApi, commands: Commands, swept: Any
) -> None:
    api.pull(7, "closed")
    commands.answer(LS, fresh("pr-7"))
    commands.answer("pulumi destroy", code=255)
    assert swept()[1]["pr-7"]["outcome"] == "failed"
    left = state()
    left["deployment"]["pending_operations"] = [{"resource": {"type": "aws:dynamodb/table:Table"}, "type": "deleting"}]
    commands.answer("pulumi stack export", left)
    commands.answer("pulumi destroy")
    code, rows = swept()
    assert (code, rows["pr-7"]["outcome"], destroyed(commands)) == (0, "destroyed", ["pr-7", "pr-7"])


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("", 0),
        ("[", 0),
        ("null", 0),
        ('{"name": "pr-7"}', 0),
        ('[{"current": false}]', 0),
        ('[{"name": 7}]', 0),
        ('[{"name": "pr-8"}, null]', 0),
        ('[{"name": "pr-8", "lastUpdate": "yesterday"}]', 0),
        ('[{"name": "pr-8", "updateInProgress": "no"}]', 0),
        (json.dumps([stack("pr-7")]), 255),
    ],
)
def test_a_list_of_stacks_that_is_not_understood_whole_stops_the_sweep(
    printed: str, code: int, api: GitHubApi, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.answer(LS, printed, code)
    for number in (7, 8):
        api.pull(number, "closed")
    assert run(["preview", "sweep"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert destroyed(commands) == []


def test_without_the_pulumi_cli_one_line_says_so(
    api: GitHubApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del api
    monkeypatch.setenv("PATH", "/nowhere")
    assert run(["preview", "sweep"]) == 1
    assert "install the Pulumi CLI" in capsys.readouterr().err


@pytest.mark.parametrize("variable", ["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"])
@pytest.mark.parametrize("command", ["plan", "comment", "sweep"])
def test_outside_a_workflow_a_command_names_the_variable_that_is_missing(
    command: str,
    variable: str,
    api: GitHubApi,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(variable)
    assert run(["preview", command]) == 2
    assert variable in capsys.readouterr().err
    assert (api.asked, commands.calls()) == ([], [])


def test_for_people_each_stack_is_a_line(
    api: GitHubApi, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.answer(LS, fresh("pr-7", "pr-\x1b[2J"))
    api.pull(7, "closed")
    assert run(["preview", "sweep"]) == 1
    first, second, last = capsys.readouterr().out.splitlines()
    assert first == "pr-7: destroyed: its pull request is closed"
    assert second.startswith("pr-[2J: in doubt: ")
    assert last == "1 destroyed, 1 in doubt"
