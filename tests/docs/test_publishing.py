"""The workflow that publishes the site: its rules, and its scripts, which run and push to a git server."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import small_site
from tests.docs.git_server import served
from tests.docs.pages import ROOT
from tests.previews.actions import EXPRESSION, FOLDER, Runner, steps, workflow
from tests.previews.commands import Commands

FILE = ROOT / ".github" / "workflows" / "site.yml"
SITE = workflow("site", FILE.parent)
TOKEN = "a-token"
REPOSITORY = "somebody/streamways"
ADDRESS = "https://somebody.github.io/streamways/"
pytestmark = pytest.mark.xdist_group("publishing")


class Project:
    """A checkout of a project with a small site, whose remote is a git server."""

    def __init__(self, folder: Path, remote: str) -> None:
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        small_site.write(self.checkout)
        self._remote = folder / "remotes" / "site.git"
        self._folder = folder
        self.commands = Commands(folder / "commands", ("python3", "gh"))
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "A maintainer")
        self.git("config", "user.email", "maintainer@example.com")
        self.git("init", "--quiet", "--bare", str(self._remote))
        self.git("config", "http.receivepack", "true", folder=self._remote)
        self.git("remote", "add", "origin", f"{remote}/site.git")
        self.git("config", "http.postBuffer", "100000000")  # the server knows no chunks
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "The site")
        self.log = ""

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder or self.checkout, capture_output=True, text=True, check=True
        )
        return done.stdout

    def run(self, kind: str, name: str, variables: dict[str, str] | None = None) -> str:
        """How the workflow ends for a branch or a tag."""
        # As a fresh checkout with all branches.
        self.git("fetch", "--quiet", "--prune", str(self._remote), "+refs/heads/*:refs/remotes/origin/*")
        self.git("update-ref", "-d", "refs/heads/gh-pages")
        home = self._folder / "runner"
        home.mkdir(exist_ok=True)
        about = {"GITHUB_REF_TYPE": kind, "GITHUB_REF_NAME": name}
        host = {"GITHUB_REPOSITORY": REPOSITORY, "GITHUB_REPOSITORY_OWNER": "somebody", "GIT_TERMINAL_PROMPT": "0"}
        contexts = {
            "github": {"token": TOKEN},
            "vars": {"PUBLISH_SITE": "true"} if variables is None else variables,
        }
        runner = Runner(home, self.commands.folder, {**host, **about}, contexts, checkout=self.checkout)
        outcome = runner.run(SITE, "publish")
        self.log = runner.log
        return outcome

    def release(self, tag: str) -> str:
        self.git("tag", tag)
        return self.run("tag", tag)

    def published(self, path: str) -> str:
        """A file of the branch that GitHub Pages serves."""
        return self.git("show", f"gh-pages:{path}", folder=self._remote)

    def has(self, path: str) -> bool:
        return bool(self.git("ls-tree", "gh-pages", path, folder=self._remote))

    def leads_to(self, version: str) -> bool:
        """Whether the address of the site, without a version, redirects to this one."""
        return f'"{version}/"' in self.published("index.html")

    def versions(self) -> dict[str, list[str]]:
        return {one["version"]: one["aliases"] for one in json.loads(self.published("versions.json"))}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose branch main was published once. A test that publishes more leaves the version dev as it is."""
    folder = tmp_path_factory.mktemp("publishing")
    (folder / "remotes").mkdir()
    with served(folder / "remotes", TOKEN) as remote:
        project = Project(folder, remote)
        assert project.run("branch", "main") == "success", project.log
        yield project


def test_main_is_published_as_dev_with_versions_and_a_card(project: Project) -> None:
    assert "dev" in project.versions()
    html = project.published("dev/folder/second.html")
    page = f"{ADDRESS}dev/folder/second.html"
    assert f'<link rel="canonical" href="{page}">' in html
    tags = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">', html))
    assert tags["og:url"] == page
    assert tags["og:title"] == "Second page - streamways"
    assert tags["og:image"] == f"{ADDRESS}dev/assets/social-card.png"
    assert tags["twitter:card"] == "summary_large_image"
    assert '"version": {"provider": "mike"}' in html, "the selector of versions"
    assert project.has("dev/assets/social-card.png")


def test_pages_is_asked_to_publish_after_the_push(project: Project) -> None:
    call = project.commands.calls("gh")[0]
    assert call.line == f"gh api --method POST repos/{REPOSITORY}/pages/builds"
    assert call.environment["GITHUB_TOKEN"] == TOKEN


def test_only_the_step_that_publishes_sees_the_token(project: Project) -> None:
    install = project.commands.calls("python3")[0]
    assert install.line == "python3 sandbox/bootstrap.py docs"
    assert TOKEN not in str(install.environment)
    assert [step["name"] for _, step in steps(SITE) if "github.token" in str(step)] == ["Publish"]
    assert TOKEN not in project.log + (project.checkout / ".git" / "config").read_text()


def test_the_newest_release_is_latest_and_a_fix_of_an_older_one_is_not(project: Project) -> None:
    assert project.leads_to("dev"), "while there is no release"
    assert project.release("v0.10.0") == "success", project.log
    assert project.versions() == {"dev": [], "0.10.0": ["latest"]}
    assert project.leads_to("latest")
    assert project.published("latest/index.html") == project.published("0.10.0/index.html")
    assert project.release("v0.9.1") == "success", project.log
    assert project.versions() == {"dev": [], "0.10.0": ["latest"], "0.9.1": []}
    assert project.run("branch", "main") == "success", project.log
    assert project.leads_to("latest"), "main does not take the address from a release"


def test_where_pages_is_off_one_line_says_what_to_set(project: Project) -> None:
    project.commands.answer("gh api", "", 1)
    assert project.run("branch", "main") == "failure"
    project.commands.answer("gh api")
    assert [line for line in project.log.splitlines() if line.startswith("::error::")] == [
        "::error::GitHub Pages is off: in Settings, Pages, choose to deploy from the branch gh-pages, folder /."
    ]


def test_a_site_with_a_broken_link_is_not_published(project: Project) -> None:
    index = project.checkout / "docs" / "index.md"
    before, asked = index.read_text(), len(project.commands.calls("gh"))
    index.write_text("# streamways\n\n[Nowhere](nowhere.md)\n")
    assert project.run("branch", "main") == "failure"
    index.write_text(before)
    assert "nowhere.md" in project.log
    assert len(project.commands.calls("gh")) == asked


@pytest.mark.parametrize("variables", [{}, {"PUBLISH_SITE": "false"}])
def test_a_copy_of_the_repository_publishes_nothing_until_it_is_told_to(
    variables: dict[str, str], project: Project
) -> None:
    assert project.run("branch", "main", variables) == "skipped"


def test_its_actions_are_those_of_the_previews_pinned_by_commit() -> None:
    pins = {line.strip() for line in FILE.read_text().splitlines() if "uses:" in line}
    assert pins
    assert pins <= {line.strip() for line in (FOLDER / "preview.yml").read_text().splitlines()}


def test_it_has_the_permissions_that_it_needs_and_no_other() -> None:
    assert SITE["permissions"] == {}
    assert {name: job["permissions"] for name, job in SITE["jobs"].items()} == {
        "publish": {"contents": "write", "pages": "write"}
    }


def test_no_script_has_an_expression_in_it_and_no_failure_is_hidden() -> None:
    assert [step["name"] for _, step in steps(SITE) if EXPRESSION.search(step.get("run", ""))] == []
    assert "continue-on-error" not in FILE.read_text()


def test_it_runs_for_main_and_for_releases_alone() -> None:
    # YAML 1.1 takes the word `on` for true.
    assert SITE[True] == {"push": {"branches": ["main"], "tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}
