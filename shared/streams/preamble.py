"""What comes before a stream that continues an answer, for a reader who reads the answer whole.

The AI SDK empties a message at the first `start` of a replay, so the replay has to bring what the message held: a
`start` of its own, then a block for each part that was there before. The stream's own `start` follows, and empties
nothing: https://github.com/vercel/ai/blob/main/packages/ai/src/ui/process-ui-message-stream.ts
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.protocol import parts
from shared.protocol.part_size import fitting
from shared.protocol.parts import BLOCK_KINDS, Part
from shared.streams.records import StreamRecord
from shared.table.client import TableClient
from shared.table.keys import message_key


def preamble(table: TableClient, stream: StreamRecord) -> list[Part]:
    """The parts that tell what the answer held, none of which belongs to the stream or has a cursor.

    Empty for a new answer, for one that held nothing, and for one that is not in its chat any more.
    """
    if not stream.held_parts:
        return []
    message = table.get(message_key(stream.chat_id, stream.answer_index))
    if message is None or message["id"] != stream.message_id:
        return []
    told = [part for number, held in enumerate(message["parts"][: stream.held_parts]) for part in _told(number, held)]
    return [parts.start(stream.message_id, stream.stream_id), *told]


def _told(number: int, held: Mapping[str, Any]) -> Iterator[Part]:
    """A part of a UI message as the parts of a stream that bring it about."""
    for kind in BLOCK_KINDS:
        if held["type"] == kind:
            block = f"held-{number}"
            yield parts.block_start(kind, block)
            yield from fitting(parts.block_delta(kind, block, held["text"]))
            yield parts.block_end(kind, block)
