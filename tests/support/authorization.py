"""What a team's `authorize` may do: let a request pass, refuse it, or go wrong."""

import importlib.util
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from shared.auth import authorization, guard
from shared.errors import Forbidden, NotFound

Hook = Callable[[str, Mapping[str, object]], object]
EXAMPLE = Path(__file__).resolve().parents[2] / "docs/examples/authorization.py"
SECONDS = 0.2


def _raise(error: BaseException) -> object:
    raise error


FOREVER = threading.Event()
WRONG: Mapping[str, tuple[Hook, str]] = {
    "refuses": (lambda *_: _raise(Forbidden("Not yours.")), "forbidden"),
    "hides": (lambda *_: _raise(NotFound("There is none.")), "not_found"),
    "raises": (lambda *_: _raise(KeyError("workspace")), "internal"),
    "exits": (lambda *_: _raise(SystemExit(0)), "internal"),
    "hangs": (lambda *_: FOREVER.wait(), "internal"),
    "says no": (lambda *_: False, "internal"),
    "says yes": (lambda *_: True, "internal"),
}
"""What a hook does → the code that the request is refused with."""


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Hook], None]]:
    """Sets what `authorize` does."""
    monkeypatch.setattr(guard, "AUTHORIZE_SECONDS", SECONDS)
    yield lambda hook: monkeypatch.setattr(authorization, "authorize", hook)
    FOREVER.set()
    FOREVER.clear()


def example_for(user: str) -> Hook:
    """The example of the documentation, in a world where this user is a member of one workspace of two."""
    spec = importlib.util.spec_from_file_location("authorization_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.MEMBERS = {"ws-product": frozenset({user}), "ws-people": frozenset({"grace"})}
    return module.authorize


NOTEBOOK_CHAT = "nb-roadmap_1"
OF_THE_EXAMPLE: Mapping[str, tuple[Mapping[str, object], str | None]] = {
    "a notebook of the user's workspace": ({"notebookId": "nb-roadmap"}, None),
    "one of another workspace": ({"notebookId": "nb-salaries"}, "forbidden"),
    "none of this name": ({"notebookId": "nb-nothing"}, "not_found"),
    "no notebook": ({}, "invalid_request"),
    "a chat of another notebook": ({"notebookId": "nb-roadmap", "id": "nb-roadmap_2"}, None),
}
"""What a request names → the code that the example refuses it with. An `id` among it is not that of the chat."""
