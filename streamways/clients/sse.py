"""Server-sent events out of a body that arrives in pieces, cut anywhere.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import codecs
from dataclasses import dataclass


@dataclass(frozen=True)
class ServerSentEvent:
    """One event: its data lines joined by newlines, its type, and the last id that was sent until then."""

    data: str
    type: str = "message"
    id: str = ""


class EventParser:
    """Takes the body piece by piece; gives each event with the piece that completes it. Comments are passed over."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._line = ""
        self._after_carriage_return = False
        self._data: list[str] = []
        self._type = ""
        self._id = ""

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that this piece completes. An event that is never completed is dropped, as the standard says."""
        events: list[ServerSentEvent] = []
        for line in self._lines(self._decoder.decode(piece)):
            if line:
                self._field(line)
                continue
            if self._data:
                events.append(ServerSentEvent("\n".join(self._data), self._type or "message", self._id))
            self._data, self._type = [], ""
        return events

    def _lines(self, text: str) -> list[str]:
        if not text:
            return []
        if self._after_carriage_return and text.startswith("\n"):
            text = text[1:]
        self._after_carriage_return = text.endswith("\r")
        lines = (self._line + text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._line = lines.pop()
        return lines

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._id = value
