"""What starts a stream: who asked for what, under which ids. It travels from admission to a worker as JSON."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.contract.tiers import Tier
from shared.credits.terms import Terms
from shared.protocol.request import Message

Architecture = str
"""Name of an architecture, as the variable `ARCHITECTURE` tells each function its own."""


@dataclass(frozen=True)
class StreamStart:
    """An admitted request for one answer. `owner` is the user's `sub`; `stream_id` is unique per owner."""

    owner: str
    tier: Tier
    """Under whose limits it was admitted."""
    stream_id: str
    chat_id: str
    fencing_token: str
    """Names this registration: an id whose stream was withdrawn may be registered again, and is another stream."""
    architecture: Architecture
    message_id: str
    """The answer's id in the history: new for each stream, that of the continued answer in a continuation."""
    answer_index: int
    """The answer's place in the history."""
    messages: tuple[Message, ...]
    """The prompt."""
    max_output_tokens: int
    correlation_id: str
    """What the logs of all functions that touch this stream have in common."""
    terms: Terms | None = None
    """What was held of the user's credits, and at which price; None where they are not counted."""

    @property
    def log_ids(self) -> dict[str, str]:
        """What names the stream in a log line."""
        return {"streamId": self.stream_id, "correlation_id": self.correlation_id}

    def to_json(self) -> dict[str, object]:
        """For the event of a worker; `from_json` reads it."""
        return {
            "owner": self.owner,
            "tier": self.tier,
            "streamId": self.stream_id,
            "chatId": self.chat_id,
            "fencingToken": self.fencing_token,
            "architecture": self.architecture,
            "messageId": self.message_id,
            "answerIndex": self.answer_index,
            "messages": [{"role": message.role, "text": message.text} for message in self.messages],
            "maxOutputTokens": self.max_output_tokens,
            "correlationId": self.correlation_id,
            "terms": self.terms and self.terms.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote, in a function that only we may invoke."""
        return cls(
            owner=value["owner"],
            tier=tier_of(value),
            stream_id=value["streamId"],
            chat_id=value["chatId"],
            fencing_token=value["fencingToken"],
            architecture=value["architecture"],
            message_id=value["messageId"],
            answer_index=value["answerIndex"],
            messages=tuple(Message(item["role"], item["text"]) for item in value["messages"]),
            max_output_tokens=value["maxOutputTokens"],
            correlation_id=value["correlationId"],
            terms=Terms.from_json(value.get("terms")),
        )


def tier_of(value: Mapping[str, Any]) -> Tier:
    """The tier that an event or an item of a stream has."""
    return Tier(value.get("tier", Tier.FREE))  # a stream may be older than the code that tells its tier


def new_stream_id() -> str:
    """An id for a stream whose client chose none."""
    return secrets.token_urlsafe(16)
