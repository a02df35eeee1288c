"""Runs a resolver's code in an embedded QuickJS, with limits on memory and time.

Each run has the code's own variables anew; what all share, the globals of `runtime.js`, is frozen: so nothing leaks
from one request to another. Only JSON crosses the border.
"""

import json
import re
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Protocol, cast
from uuid import uuid4

import quickjs

MEMORY_BYTES = 32 * 1024 * 1024
"""Enough for the 5 MB that a data source may return, parsed and copied; AWS names no figure."""
SECONDS = 0.5
"""Processor time of one handler: only a runaway recursion comes near it; AWS names no figure."""
STACK_BYTES = 256 * 1024
"""Below what any thread of ours has."""

Phase = Literal["request", "response"]

_ENGINE_ERRORS = cast(
    "tuple[type[Exception], ...]",
    (quickjs.JSException, quickjs.StackOverflow),  # pyright: ignore[reportUnknownMemberType]
)
_RUNTIME = Path(__file__).with_name("runtime.js").read_text(encoding="utf-8")
_FACTORY = """() => {{ 'use strict'; {}
return {{
  request: typeof request === 'function' ? request : null,
  response: typeof response === 'function' ? response : null,
  stash: {{}},
}}; }}"""
_DEFINED = "(run) => ['request', 'response'].filter((name) => run[name]).join(' ')"
_LANGUAGE = """JSON.stringify({
  globals: Object.getOwnPropertyNames(globalThis),
  methods: [Array, Object, String, Number, Boolean, Math, JSON, Function].flatMap((type) =>
    [type, type.prototype ?? {}].flatMap((holder) => Object.getOwnPropertyNames(holder))),
})"""
_UTILITIES = """JSON.stringify((function names(path, value) {
  if (typeof value === 'function') return [path];
  return Object.keys(value).flatMap((key) => names(`${path}.${key}`, value[key]));
})('', { util, extensions, runtime, console }))"""


_realms = threading.local()


class EvaluationFailed(Exception):
    """The code is not JavaScript, threw, or went over a limit. The text is the engine's: error and line."""


@dataclass(frozen=True)
class Failure:
    """An error that the code raised or appended: `util.error(message, type, data, errorInfo)`."""

    message: str | None
    type: str
    data: object = None
    error_info: object = None


@dataclass(frozen=True)
class Outcome:
    """How a handler ended."""

    ended: Literal["returned", "early", "error", "unauthorized"]
    value: object
    """What was returned, `runtime.earlyReturn`'s value, or the Failure of `util.error`."""
    appended: tuple[Failure, ...]
    filter_set: bool
    filter: object
    """The argument of `extensions.setSubscriptionFilter`, if it was called."""
    printed: tuple[str, ...]
    """Lines of `console.log` and `console.error`."""


@dataclass(frozen=True)
class Language:
    """Names that QuickJS knows: more than APPSYNC_JS has."""

    globals: frozenset[str]
    methods: frozenset[str]


class _Context(Protocol):
    """The part of quickjs.Context that is used here; the package has no types."""

    def eval(self, code: str) -> object: ...
    def set_memory_limit(self, limit: int) -> None: ...
    def set_time_limit(self, limit: float) -> None: ...
    def set_max_stack_size(self, limit: int) -> None: ...


class _Realm:
    """A QuickJS context with the frozen globals of APPSYNC_JS, and the code evaluated in it so far."""

    def __init__(self) -> None:
        self._context = _new_context()
        self.call = cast("Callable[[object, str, str], str]", self._context.eval(_RUNTIME))
        self._factories: dict[str, Callable[[], object]] = {}

    def new_run(self, body: str) -> object:
        """The code's handlers, with variables and a stash of their own. Raises what the engine raises."""
        if body not in self._factories:
            self._factories[body] = cast("Callable[[], object]", self._context.eval(_FACTORY.format(body)))
        return self._factories[body]()

    def defined(self, run: object) -> frozenset[str]:
        """Those of `request` and `response` that are functions."""
        names = cast("Callable[[object], str]", self._context.eval(_DEFINED))
        return frozenset(names(run).split())


class Evaluation:
    """One run of a resolver: its code evaluated, then its handlers called. Stays on the thread that made it."""

    def __init__(self, body: str) -> None:
        """`body` is the code without module syntax (`resolver_code.prepare`). Raises EvaluationFailed."""
        with _engine_errors():
            self._realm = _realm()
            self._run = self._realm.new_run(body)

    @property
    def handlers(self) -> frozenset[str]:
        """Those of `request` and `response` that the code defines as functions."""
        return self._realm.defined(self._run)

    def call(self, phase: Phase, context: Mapping[str, object]) -> Outcome:
        """Calls a handler with this `ctx` (and `authType` beside it). Raises EvaluationFailed."""
        with _engine_errors():
            text = self._realm.call(self._run, phase, json.dumps({**context, "uuid": str(uuid4())}))
        outcome = cast("dict[str, object]", json.loads(text))
        ended = cast('Literal["early", "error", "unauthorized"]', outcome.get("stop")) or "returned"
        value = outcome.get("value")
        return Outcome(
            ended=ended,
            value=_failure(value) if ended == "error" else value,
            appended=tuple(_failure(entry) for entry in cast("list[object]", outcome["appended"])),
            filter_set="filter" in outcome,
            filter=outcome.get("filter"),
            printed=tuple(cast("list[str]", outcome["printed"])),
        )


@cache
def language() -> Language:
    """What QuickJS itself has, before the runtime's own globals."""
    found = cast("dict[str, list[str]]", json.loads(cast(str, _new_context().eval(_LANGUAGE))))
    return Language(globals=frozenset(found["globals"]), methods=frozenset(found["methods"]))


@cache
def utilities() -> frozenset[str]:
    """The emulated utilities by their whole names: `util.error`, `util.time.nowISO8601`, …"""
    context = _new_context()
    context.eval(_RUNTIME)
    names = cast("list[str]", json.loads(cast(str, context.eval(_UTILITIES))))
    return frozenset(name.removeprefix(".") for name in names)


def _failure(value: object) -> Failure:
    entry = cast("Mapping[str, object]", value)
    message = entry.get("message")
    return Failure(
        message=None if message is None else str(message),
        type=str(entry["type"]),
        data=entry.get("data"),
        error_info=entry.get("errorInfo"),
    )


def _new_context() -> _Context:
    context = cast("type[_Context]", quickjs.Context)()  # pyright: ignore[reportUnknownMemberType]
    context.set_memory_limit(MEMORY_BYTES)
    context.set_time_limit(SECONDS)
    context.set_max_stack_size(STACK_BYTES)
    return context


def _realm() -> _Realm:
    """This thread's realm: QuickJS wants to be used on one thread."""
    realm = getattr(_realms, "current", None)
    if realm is None:
        realm = _realms.current = _Realm()
    return realm


@contextmanager
def _engine_errors() -> Generator[None]:
    try:
        yield
    except _ENGINE_ERRORS as error:
        raise EvaluationFailed(_in_words(str(error))) from error


def _in_words(error: str) -> str:
    """`InternalError: interrupted\\n    at request (<input>:3:5)…` → `code.js:3:5: InternalError: interrupted`."""
    if error.strip() in ("", "null"):
        return "InternalError: out of memory"
    message = error.splitlines()[0]
    place = re.search(r"<input>:(\d+):(\d+)", error)
    return f"code.js:{place.group(1)}:{place.group(2)}: {message}" if place else message
