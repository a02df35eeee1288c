"""What starts a stream: who asked for what, under which ids. It travels from admission to a worker as JSON."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.protocol.request import ChatRequest, Message


@dataclass(frozen=True)
class StreamStart:
    """An admitted request for one answer. `owner` is the user's `sub`; `stream_id` is unique per owner."""

    owner: str
    stream_id: str
    request: ChatRequest
    max_output_tokens: int
    correlation_id: str
    """What the logs of all functions that touch this stream have in common."""

    @property
    def message_id(self) -> str:
        """The answer's id in the client's history: new for each stream, the same whenever it is read again."""
        return f"msg-{self.stream_id}"

    def to_json(self) -> dict[str, object]:
        """For the event of a worker; `from_json` reads it."""
        return {
            "owner": self.owner,
            "streamId": self.stream_id,
            "chatId": self.request.chat_id,
            "messages": [{"role": message.role, "text": message.text} for message in self.request.messages],
            "maxOutputTokens": self.max_output_tokens,
            "correlationId": self.correlation_id,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote, in a function that only we may invoke."""
        messages = tuple(Message(item["role"], item["text"]) for item in value["messages"])
        return cls(
            owner=value["owner"],
            stream_id=value["streamId"],
            request=ChatRequest(value["chatId"], messages),
            max_output_tokens=value["maxOutputTokens"],
            correlation_id=value["correlationId"],
        )


def new_stream_id() -> str:
    """An id for a stream whose client chose none."""
    return secrets.token_urlsafe(16)
