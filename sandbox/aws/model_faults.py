"""Faults of the emulated model, asked for by whoever tests what becomes of them.

The exceptions are those of
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_Errors
(before the stream) and of its response elements (in the middle of it).
"""

import math
from dataclasses import dataclass
from typing import Literal, cast, get_args

from sandbox.faults import Faults
from sandbox.forms import Form

FaultKind = Literal[
    "throttled", "exception", "cut", "stalled", "malformed", "guardrail_intervened", "slow", "oversized"
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
BREAKING: frozenset[FaultKind] = frozenset({"exception", "cut", "malformed"})
"""Kinds with which a stream does not get to its end."""
ENDING: frozenset[FaultKind] = frozenset({*BREAKING, "guardrail_intervened"})
"""Kinds after which no more of the answer comes."""

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
MOST_BYTES = 16 * 1024 * 1024
"""Of an `oversized` delta; the SDK refuses frames above 24 MB."""


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
    tokens_per_second: float = 5
    """The pace of a `slow` call."""
    bytes: int = 300_000
    """How long the one text is that `oversized` sends among the tokens; it counts as one."""


class ModelFaults(Faults[ModelFault]):
    """The faults of the next calls of the model."""

    def __init__(self) -> None:
        super().__init__(_read)


def _read(form: Form) -> ModelFault:
    kind = cast("FaultKind", form.choice("fault", KINDS))
    default = ModelFault(kind)
    match kind:
        case "throttled":
            return ModelFault(kind, exception=form.choice("exception", tuple(REFUSALS), next(iter(REFUSALS))))
        case "slow":
            return ModelFault(
                kind, tokens_per_second=form.number("tokensPerSecond", default.tokens_per_second, above=0)
            )
        case _:
            return ModelFault(
                kind,
                after_tokens=form.whole("afterTokens", default.after_tokens),
                seconds=form.number("seconds", default.seconds) if kind == "stalled" else default.seconds,
                exception=form.choice("exception", STREAM_EXCEPTIONS, STREAM_EXCEPTIONS[0])
                if kind == "exception"
                else "",
                bytes=form.whole("bytes", default.bytes, least=1, most=MOST_BYTES)
                if kind == "oversized"
                else default.bytes,
            )
