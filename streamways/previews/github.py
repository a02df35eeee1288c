"""GitHub, as far as previews need it: a pull request, and the comments of one. What is not certain is a Doubt.

https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
https://docs.github.com/en/rest/issues/comments
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, Protocol, Self, cast

from githubkit import GitHub, Response
from githubkit.exception import GitHubException, RateLimitExceeded, RequestFailed, RequestTimeout
from githubkit.retry import RetryOption

from streamways.errors import CommandError, Misuse

API_VARIABLE: Final = "GITHUB_API_URL"
REPOSITORY_VARIABLE: Final = "GITHUB_REPOSITORY"
TOKEN_VARIABLE: Final = "GITHUB_TOKEN"
"""GitHub Actions sets the first two; a workflow has to pass the token on."""
API_VERSION: Final = "2026-03-10"
"""https://docs.github.com/en/rest/about-the-rest-api/api-versions"""
TIMEOUT_SECONDS = 20.0
ATTEMPTS: Final = 3
"""Of a request that only reads, when GitHub fails or does not answer. A write is tried once: it may have worked."""
PAUSE = timedelta(seconds=0.5)
"""Before the second attempt, and twice as long before the third."""
PAGE_SIZE: Final = 100
"""The most that GitHub puts on a page."""
MOST_PAGES: Final = 100
"""10,000 comments. An API that always names a next page is not followed for ever."""

LEAST_SERVER_ERROR: Final = 500

_NEXT: Final = re.compile(r"""<[^<>]*>[^,]*;\s*rel="?next"?""")


class Doubt(CommandError):
    """GitHub did not give a whole and unambiguous answer. The text is one line: what happened, and what to do."""


class NotFound(Doubt):
    """GitHub knows nothing by that number, or does not show it: it answers both alike."""


class RateLimited(Doubt):
    """GitHub answers nothing more for a while: further questions would only prolong it."""


@dataclass(frozen=True)
class PullRequest:
    """A pull request of this repository as GitHub knows it now."""

    number: int
    state: Literal["open", "closed"]
    labels: frozenset[str]
    fork: bool
    """Whether its commits come from another repository, or from one that is gone."""


@dataclass(frozen=True)
class Comment:
    """A comment on a pull request."""

    id: int
    author: str
    body: str


class _Client(Protocol):
    """What is used of `GitHub`. Not `GitHub.rest`: its models of the whole API take long to import, and only JSON is
    read here."""

    def request(
        self, method: str, url: str, *, params: Mapping[str, int] | None, json: object, headers: Mapping[str, str]
    ) -> Response[Any]: ...


class Repository:
    """One repository, whose name every answer has to confirm."""

    def __init__(self, name: str, *, token: str, api: str) -> None:
        self.name = name
        # Redirects are not followed: a repository that was renamed or transferred answers with one, and what stands
        # behind it need not be what the stacks belong to.
        self._github: _Client = GitHub(
            token, base_url=api, timeout=TIMEOUT_SECONDS, follow_redirects=False, http_cache=False, auto_retry=_again
        )

    @classmethod
    def of_environment(cls) -> Self:
        """The repository that a workflow runs in. Raises Misuse."""
        given = {name: os.environ.get(name, "") for name in (API_VARIABLE, REPOSITORY_VARIABLE, TOKEN_VARIABLE)}
        for name, value in given.items():
            if not value:
                raise Misuse(f"{name} is not set; this command runs in GitHub Actions, see docs/previews.md")
        name = given[REPOSITORY_VARIABLE]
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII):
            raise Misuse(f"{REPOSITORY_VARIABLE} is {name!r}, and must be like octo-org/octo-repo")
        return cls(name, token=given[TOKEN_VARIABLE], api=given[API_VARIABLE])

    def pull(self, number: int) -> PullRequest:
        """A pull request. Raises Doubt, also for a number that belongs to an issue or to another repository."""
        what = f"pull request {number} of {self.name}"
        response = self._ask(what, "GET", f"pulls/{number}")
        document = _object(_json(response, what), what)
        try:
            base, head = document["base"]["repo"]["full_name"], document["head"]["repo"]
            labels = frozenset(_text(label["name"]) for label in document["labels"])
            fork = head is None or _text(head["full_name"]).casefold() != self.name.casefold()
            found, state = document["number"], document["state"]
        except (KeyError, TypeError) as error:
            raise Doubt(f"GitHub's answer about {what} lacks {error}; nothing is done about it") from error
        if found != number or _text(base).casefold() != self.name.casefold():
            raise Doubt(f"GitHub answered about pull request {found} of {base}, asked about {what}; nothing is done")
        if state not in ("open", "closed"):
            raise Doubt(f"GitHub says that {what} is {state!r}, neither open nor closed; nothing is done about it")
        return PullRequest(number, state, labels, fork)

    def comments(self, number: int) -> list[Comment]:
        """All comments on a pull request, oldest first. Raises Doubt unless every page came."""
        return [comment for page in self._pages(number) for comment in page]

    def _pages(self, number: int) -> Iterator[list[Comment]]:
        for page in range(1, MOST_PAGES + 1):
            what = f"the comments on {number} of {self.name}, page {page}"
            asked = {"per_page": PAGE_SIZE, "page": page}
            response = self._ask(what, "GET", f"issues/{number}/comments", params=asked)
            rows = _json(response, what)
            if not isinstance(rows, list):
                raise Doubt(f"GitHub's answer about {what} is no list; run the job again")
            yield [_comment(row, what) for row in cast("list[Any]", rows)]
            # A full page may have a next one even where a proxy has dropped the header that says so.
            if len(cast("list[Any]", rows)) < PAGE_SIZE and not _NEXT.search(response.headers.get("link", "")):
                return
        raise Doubt(f"the comments on {number} of {self.name} have more than {MOST_PAGES} pages; nothing was written")

    def create_comment(self, number: int, body: str) -> Comment:
        """A new comment. Raises Doubt; the comment may exist all the same."""
        what = f"a new comment on {number} of {self.name}"
        response = self._ask(what, "POST", f"issues/{number}/comments", 201, json={"body": body})
        return _comment(_json(response, what), what)

    def update_comment(self, id: int, body: str) -> bool:
        """Replace the text of a comment; False when it is gone. Raises Doubt."""
        return self._unless_gone(id, "PATCH", 200, json={"body": body})

    def delete_comment(self, id: int) -> bool:
        """Delete a comment; False when it is gone already. Raises Doubt."""
        return self._unless_gone(id, "DELETE", 204)

    def _unless_gone(self, id: int, method: str, status: int, json: object = None) -> bool:
        try:
            self._ask(f"comment {id} of {self.name}", method, f"issues/comments/{id}", status, json=json)
        except NotFound:
            return False
        return True

    def _ask(
        self,
        what: str,
        method: str,
        path: str,
        status: int = 200,
        *,
        params: Mapping[str, int] | None = None,
        json: object = None,
    ) -> Response[Any]:
        """The answer with this status. Every other one is a Doubt that names the next step."""
        headers = {"X-GitHub-Api-Version": API_VERSION}
        try:
            response = self._github.request(
                method, f"/repos/{self.name}/{path}", params=params, json=json, headers=headers
            )
        except RateLimitExceeded as error:
            seconds = max(0, round(error.retry_after.total_seconds()))
            raise RateLimited(f"GitHub's rate limit is reached, asked for {what}; run again in {seconds} s") from error
        except RequestFailed as error:
            raise _refused(what, error.response.status_code) from error
        except RequestTimeout as error:
            raise Doubt(f"GitHub did not answer in time, asked for {what}; run the job again") from error
        except GitHubException as error:
            raise Doubt(f"GitHub cannot be reached or broke off, asked for {what}; run the job again") from error
        if response.status_code != status:
            raise _refused(what, response.status_code)
        return response


def _refused(what: str, status: int) -> Doubt:
    if status in (404, 410):
        return NotFound(f"GitHub knows no {what}, or the token may not see it ({status}); look at it yourself")
    if status in (401, 403):
        return Doubt(f"GitHub refuses {what} ({status}); the job needs the permission pull-requests")
    if 300 <= status < 400:
        return Doubt(f"GitHub has moved {what} ({status}); was the repository renamed or transferred? nothing is done")
    return Doubt(f"GitHub failed with {status}, asked for {what}; run the job again")


def _again(error: GitHubException, count: int) -> RetryOption:
    if isinstance(error, RequestTimeout):
        method = error.request.method
    elif isinstance(error, RequestFailed) and error.response.status_code >= LEAST_SERVER_ERROR:
        method = error.response.raw_request.method
    else:
        return RetryOption(False)
    return RetryOption(method == "GET" and count + 1 < ATTEMPTS, PAUSE * 2**count)


def _json(response: Response[Any], what: str) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise Doubt(f"GitHub's answer about {what} is not JSON; run the job again") from error


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Doubt(f"GitHub's answer about {what} is no object; nothing is done about it")
    return cast("dict[str, Any]", value)


def _comment(value: Any, what: str) -> Comment:
    try:
        # A comment whose author's account is gone has none; one may have no text.
        author = value["user"]
        body = value.get("body") or ""
        return Comment(int(value["id"]), "" if author is None else _text(author["login"]), _text(body))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Doubt(f"GitHub's answer about {what} lacks {error}; run the job again") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text where {value!r} is")
    return value
