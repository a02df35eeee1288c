"""GitHub's API, as far as previews use it: a real server that keeps comments, and fails as it is told to."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.support.server import Answer, CutConnection, Received

REPOSITORY: Final = "octo-org/chat"
BOT: Final = "github-actions[bot]"

HEAD: Final = "0123456789abcdef0123456789abcdef01234567"

Fault = Callable[[], Answer]


def json_answer(value: object, status: int = 200, **headers: str) -> Answer:
    body = json.dumps(value).encode()
    return Answer(
        status, body, {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    )


def status(code: int, **headers: str) -> Fault:
    return lambda: json_answer({"message": "no"}, code, **headers)


def cut() -> Answer:
    """The body breaks off in the middle."""
    return Answer(
        pieces=[b'{"number": 7, "state": "clo', CutConnection()], headers={"content-type": "application/json"}
    )


def text(body: str) -> Fault:
    return lambda: Answer(body=body.encode(), headers={"content-type": "application/json"})


def hang_up() -> Answer:
    raise CutConnection


@dataclass
class GitHubApi:
    """Pull requests and comments of one repository. `fail` puts answers before those it would give."""

    pulls: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    comments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    page_size: int | None = None
    """Fewer on a page than was asked for."""
    asked: list[str] = field(default_factory=list[str])
    """Method and path of each request."""
    on_create: Callable[[], None] = lambda: None
    """What happens beside a comment that is made."""
    _faults: list[tuple[str, Fault]] = field(default_factory=list[tuple[str, Fault]])
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _forever: threading.Event = field(default_factory=threading.Event)

    def pull(self, number: int, state: str = "open", *labels: str, head: str | None = REPOSITORY) -> dict[str, Any]:
        """Add a pull request; what GitHub says of it."""
        self.pulls[number] = {
            "number": number,
            "state": state,
            "labels": [{"name": label} for label in labels],
            "base": {"repo": {"full_name": REPOSITORY}},
            "head": {"repo": None if head is None else {"full_name": head}},
        }
        return self.pulls[number]

    def comment(self, number: int, body: str, author: str | None = BOT) -> int:
        """Add a comment; its id."""
        with self._lock:
            id = 1 + max((each["id"] for each in self.comments), default=0)
            user = None if author is None else {"login": author}
            self.comments.append({"id": id, "body": body, "user": user, "number": number})
            return id

    def bodies(self, number: int) -> list[str]:
        return [each["body"] for each in self.comments if each["number"] == number]

    def fail(self, path: str, *faults: Fault) -> None:
        """The next requests whose method and path match are answered so, one after another; the last one for ever."""
        self._faults = [(path, fault) for fault in faults]

    def never(self) -> Answer:
        """No answer, until the test is over."""
        return Answer(pieces=[self._forever])

    def stop(self) -> None:
        self._forever.set()

    def answer(self, received: Received) -> Answer:
        assert received.headers["authorization"].endswith(" a-token"), received.headers["authorization"]
        place = urlsplit(received.path)
        line = f"{received.method} {place.path}?{place.query}"
        self.asked.append(line)
        with self._lock:
            matching = [each for each in self._faults if re.search(each[0], line)]
            if matching:
                if len(matching) > 1:
                    self._faults.remove(matching[0])
                return matching[0][1]()
        *_, kind, last = place.path.removeprefix(f"/repos/{REPOSITORY}").split("/")
        given = json.loads(received.body) if received.body else {}
        query = {name: values[-1] for name, values in parse_qs(place.query).items()}
        return next(self._answers(received.method, kind, last, place.path, query, given), status(404)())

    def _answers(
        self, method: str, kind: str, last: str, path: str, query: dict[str, str], given: dict[str, Any]
    ) -> Iterator[Answer]:
        if (method, kind) == ("GET", "pulls") and int(last) in self.pulls:
            yield json_answer(self.pulls[int(last)])
        if last == "comments" and method == "GET":
            yield self._page(int(kind), int(query.get("page", "1")), int(query.get("per_page", "30")), path)
        if last == "comments" and method == "POST":
            self.on_create()
            id = self.comment(int(kind), given["body"])
            yield json_answer(next(each for each in self.comments if each["id"] == id), 201)
        found = [each for each in self.comments if kind == "comments" and str(each["id"]) == last]
        if found and method == "PATCH":
            found[0]["body"] = given["body"]
            yield json_answer(found[0])
        if found and method == "DELETE":
            self.comments.remove(found[0])
            yield Answer(204)

    def _page(self, number: int, page: int, asked: int, path: str) -> Answer:
        size = self.page_size or asked
        there = [each for each in self.comments if each["number"] == number]
        rows = there[(page - 1) * size : page * size]
        if page * size >= len(there):
            return json_answer(rows)
        return json_answer(rows, link=f'<http://127.0.0.1{path}?page={page + 1}>; rel="next", <http://x>; rel="last"')


def write_event(path: Path, number: object = 7, **more: object) -> None:
    """The event of a pull request whose title and branch try to be run by a shell."""
    event = {
        "action": "synchronize",
        "number": number,
        "pull_request": {"head": {"sha": HEAD, "ref": "$(touch pwned)"}, "title": "`touch pwned`"},
        "repository": {"full_name": REPOSITORY, "default_branch": "main"},
    }
    path.write_text(json.dumps(event | more))
