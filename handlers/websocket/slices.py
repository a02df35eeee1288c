"""Long lists in frames: API Gateway takes at most 128 KB in one.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from shared.protocol.parts import Part, encode

Entry = dict[str, object]

SLICE_BYTES = 100 * 1024
"""What the entries of one frame have together; the rest is for what stands around them."""
TEXT_CHARACTERS = SLICE_BYTES // 8
"""A longer text is cut: a character has at most six bytes in JSON."""


def slices(entries: Iterable[Mapping[str, object]]) -> Iterator[tuple[list[Entry], bool]]:
    """The entries in lists that fit into a frame, each with whether more follow; at least one list."""
    held: list[Entry] = []
    size = 0
    for entry in entries:
        length = len(encode(dict(entry)).encode())
        if held and size + length > SLICE_BYTES:
            yield held, True
            held, size = [], 0
        held.append(dict(entry))
        size += length
    yield held, False


def pieces(messages: Iterable[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    """Messages, each that is too long for a frame as several of the same id, one after the other.

    A part with `"continued": true` is more text of the last part of the piece before.
    """
    for message in messages:
        if len(encode(dict(message)).encode()) <= SLICE_BYTES:
            yield message
            continue
        parts = cast("list[Part]", message["parts"])
        for held, _ in slices(piece for part in parts for piece in _cut(part)):
            yield {**message, "parts": held}


def _cut(part: Part) -> Iterator[Part]:
    text = part.get("text")
    if not isinstance(text, str):
        yield part
        return
    for offset in range(0, max(1, len(text)), TEXT_CHARACTERS):
        piece = {**part, "text": text[offset : offset + TEXT_CHARACTERS]}
        yield {**piece, "continued": True} if offset else piece
