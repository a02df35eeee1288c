"""One comment on a pull request, whoever else writes there and whatever goes wrong."""

from pathlib import Path

import pytest

from streamways.cli.app import run
from streamways.previews.comment import MARKER
from tests.previews.github_api import BOT, Fault, GitHubApi, cut, hang_up, status, text

pytestmark = pytest.mark.usefixtures("event")


def write() -> int:
    return run(["preview", "comment"])


def ours(api: GitHubApi) -> list[str]:
    return [body for body in api.bodies(7) if body.startswith(MARKER)]


def test_the_comment_is_made_once_and_then_rewritten(api: GitHubApi) -> None:
    assert write() == 0
    assert run(["preview", "comment", "--update", "failure"]) == 0
    [body] = api.bodies(7)
    assert "### The preview `pr-7` could not be deployed" in body
    assert "commit 0123456789ab" in body


def test_a_destroyed_preview_is_told_in_the_same_comment(api: GitHubApi) -> None:
    assert write() == 0
    assert run(["preview", "comment", "--destroyed"]) == 0
    [body] = api.bodies(7)
    assert "was destroyed" in body


def test_the_comment_is_found_on_any_page(api: GitHubApi) -> None:
    for number in range(250):
        api.comment(7, f"hello {number}", "ada")
    id = api.comment(7, f"{MARKER}\nold")
    assert write() == 0
    assert len(api.comments) == 251
    assert api.comments[-1]["id"] == id
    assert "old" not in api.comments[-1]["body"]


def test_a_page_that_is_shorter_than_asked_for_is_not_the_last_one(api: GitHubApi) -> None:
    api.page_size = 2
    for number in range(5):
        api.comment(7, f"hello {number}", "ada")
    api.comment(7, f"{MARKER}\nold")
    assert write() == 0
    assert len(api.comments) == 6


@pytest.mark.parametrize("author", ["ada", "other[bot]", None])
def test_who_pastes_the_marker_does_not_get_the_comment_rewritten(author: str | None, api: GitHubApi) -> None:
    api.comment(7, f"{MARKER}\nclick here", author)
    assert write() == 0
    theirs, mine = api.bodies(7)
    assert theirs == f"{MARKER}\nclick here"
    assert "pr-7" in mine


def test_a_comment_of_another_workflow_that_quotes_the_marker_is_left_alone(api: GitHubApi) -> None:
    api.comment(7, f"somebody wrote:\n{MARKER}", BOT)
    assert write() == 0
    assert api.bodies(7)[0] == f"somebody wrote:\n{MARKER}"
    assert len(api.comments) == 2


def test_two_runs_at_once_leave_one_comment(api: GitHubApi) -> None:
    def other_run_is_faster() -> None:
        api.comment(7, f"{MARKER}\nof the other run")

    api.on_create = other_run_is_faster
    assert write() == 0
    [body] = ours(api)
    assert "pr-7" in body
    assert api.comments[0]["id"] == 1, "both runs keep the older one"


def test_comments_that_were_doubled_become_one(api: GitHubApi) -> None:
    for _ in range(3):
        api.comment(7, f"{MARKER}\nold")
    assert write() == 0
    assert len(ours(api)) == 1
    assert api.comments[0]["id"] == 1


def test_a_comment_that_goes_away_meanwhile_is_made_again(api: GitHubApi) -> None:
    api.comment(7, f"{MARKER}\nold")
    api.fail(r"^PATCH", status(404))
    assert write() == 0
    assert any(line.startswith("POST") for line in api.asked)


FAULTS: list[Fault] = [
    status(403),
    status(404),
    status(500),
    status(301),
    cut,
    hang_up,
    text("{}"),
    text("[{}]"),
    text(""),
]


@pytest.mark.parametrize("page", [1, 2])
@pytest.mark.parametrize("fault", range(len(FAULTS)))
def test_without_every_page_nothing_is_written_because_it_could_be_the_second(
    fault: int, page: int, api: GitHubApi, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(150):
        api.comment(7, f"hello {number}", "ada")
    api.fail(rf"^GET .*/comments\?.*page={page}$", FAULTS[fault])
    assert write() == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert [line for line in api.asked if not line.startswith("GET")] == []


def test_an_api_that_always_names_a_next_page_is_not_followed_for_ever(
    api: GitHubApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.fail(r"^GET", status(200, link='<http://x>; rel="next"'), text("[]"))
    assert write() == 1
    assert "is no list" in capsys.readouterr().err


@pytest.mark.parametrize("fault", [status(403), status(500), hang_up, cut])
def test_a_comment_that_may_have_been_made_is_not_made_again(
    fault: Fault, api: GitHubApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.fail(r"^POST", fault)
    assert write() == 1
    assert len([line for line in api.asked if line.startswith("POST")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_token_is_in_nothing_that_is_printed(
    api: GitHubApi, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    del tmp_path
    api.fail(r"^GET", status(401))
    assert write() == 1
    out, err = capsys.readouterr()
    assert "a-token" not in out + err
