"""Faults of the emulated model, asked for by whoever tests what becomes of them.

The exceptions are those of
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
(before the stream) and of its response elements (in the middle of it).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

FaultKind = Literal["throttled", "exception", "cut", "stalled", "malformed", "guardrail_intervened"]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)

REFUSALS = {"ThrottlingException": 429, "ModelNotReadyException": 429, "ServiceUnavailableException": 503}
"""With which a call is refused for load, and their HTTP statuses; the first is the default."""
STREAM_EXCEPTIONS = (
    "modelStreamErrorException",
    "throttlingException",
    "internalServerException",
    "serviceUnavailableException",
)
"""With which a stream breaks off; the first is the default."""
MESSAGES = {
    "ThrottlingException": "Too many requests, please wait before trying again.",
    "ModelNotReadyException": "The model is not ready for inference. Please try again.",
    "ServiceUnavailableException": "Bedrock is unable to process your request.",
}
FIELDS = frozenset({"fault", "calls", "afterTokens", "seconds", "exception"})


@dataclass(frozen=True)
class ModelFault:
    """How one call of the model goes wrong."""

    kind: FaultKind
    after_tokens: int = 5
    """Tokens that are sent before it does; `throttled` sends none. 0 of `stalled` is silence before the headers."""
    seconds: float = math.inf
    """How long `stalled` is silent, after which it goes on; for ever (until the caller hangs up) unless given."""
    exception: str = ""
    """Of `throttled` one of REFUSALS, of `exception` one of STREAM_EXCEPTIONS."""


class ModelFaults:
    """The fault of the next calls, if any."""

    def __init__(self) -> None:
        self._fault: ModelFault | None = None
        self._calls = 0

    def expect(self, fault: ModelFault, calls: int) -> None:
        """The next so many calls go wrong in this way; what was asked for before is forgotten."""
        self._fault, self._calls = fault, calls

    def clear(self) -> None:
        """The next calls are well."""
        self._fault, self._calls = None, 0

    def take(self) -> ModelFault | None:
        """The fault of the call that comes in now."""
        if self._calls == 0:
            return None
        self._calls -= 1
        return self._fault


def read_fault(given: Mapping[str, object]) -> tuple[ModelFault, int]:
    """A fault, and for how many calls, from `{"fault", "calls"?, "afterTokens"?, "seconds"?, "exception"?}`.

    Raises ValueError with what was given, and what is allowed.
    """
    unknown = sorted(set(given) - FIELDS)
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; allowed are {', '.join(sorted(FIELDS))}")
    kind = given.get("fault")
    if kind not in KINDS:
        raise ValueError(f"fault is {kind!r}, allowed are {', '.join(KINDS)}")
    allowed = {"throttled": tuple(REFUSALS), "exception": STREAM_EXCEPTIONS}.get(kind, ())
    exception = given.get("exception", allowed[0] if allowed else "")
    if exception not in (allowed or ("",)):
        raise ValueError(f"exception is {exception!r}, allowed with {kind} are: {', '.join(allowed) or 'none'}")
    fault = ModelFault(
        kind=kind,
        after_tokens=int(_number(given, "afterTokens", ModelFault.after_tokens, whole=True)),
        seconds=_number(given, "seconds", ModelFault.seconds),
        exception=cast("str", exception),
    )
    return fault, int(_number(given, "calls", 1, whole=True))


def _number(given: Mapping[str, object], name: str, default: float, *, whole: bool = False) -> float:
    if name not in given:
        return default
    value = given[name]
    kinds = int if whole else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value!r}: give a {'whole ' if whole else ''}number, 0 or more")
    return value
