"""What a model says while it streams, in words of no one provider."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from shared.protocol.request import Message


@dataclass(frozen=True)
class Delta:
    """More text, or more reasoning, of one block; blocks are numbered from 0 within an answer."""

    kind: Literal["text", "reasoning"]
    block: int
    text: str


@dataclass(frozen=True)
class BlockEnd:
    """A block is complete."""

    block: int


@dataclass(frozen=True)
class Usage:
    """Tokens as the provider bills them; `estimated` when the provider did not get to say."""

    input_tokens: int
    output_tokens: int
    estimated: bool = False

    def to_json(self) -> dict[str, object]:
        """`{"inputTokens", "outputTokens", "totalTokens", "estimated"?}`."""
        body: dict[str, object] = {
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "totalTokens": self.input_tokens + self.output_tokens,
        }
        return {**body, "estimated": True} if self.estimated else body

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote."""
        return cls(value["inputTokens"], value["outputTokens"], value.get("estimated", False))


FinishReason = Literal["stop", "length", "tool-calls", "content-filter", "other"]
"""Why an answer ended, in the AI SDK's words."""


@dataclass(frozen=True)
class Stop:
    """Why the model stopped: `reason` in the provider's word, `finish_reason` in the AI SDK's."""

    reason: str
    finish_reason: FinishReason
    blocked: bool = False
    """Whether a guardrail of the stack stopped it."""


ModelEvent = Delta | BlockEnd | Stop | Usage


class ModelStream(Protocol):
    """One call of a model: iterate it on one thread; `interrupt` it from any other."""

    def __iter__(self) -> Iterator[ModelEvent]:
        """The events. Raises ModelThrottled, ModelUnavailable or InvalidRequest."""
        ...

    def interrupt(self) -> None:
        """Ends the call, also while it is being read: the iteration then stops, or raises. Any time will do."""
        ...


class Model(Protocol):
    """A model that can be asked."""

    model_id: str

    def stream(self, messages: Sequence[Message], max_output_tokens: int, *, deadline: float) -> ModelStream:
        """Prepares a call; nothing is sent before its iteration begins.

        A refusal that passes may be tried again, but not after `deadline`, which is a `time.monotonic()`.
        """
        ...


def estimate_tokens(characters: int) -> int:
    """Tokens in a text of this length, at four characters each, when nobody counted them."""
    return -(-characters // 4)
