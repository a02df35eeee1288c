"""What an answer takes of DynamoDB: the constants to change when the code writes more or less.

`streamways bench capacity` measures them; a test compares them with what it measures, phase by phase.
"""

import math
from typing import Final

from shared.contract.architectures import DESCRIPTORS
from streamways.clients.client import Architecture

WRITE_UNIT_BYTES: Final = 1024
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html"""

START_WRITES: Final = 17
"""Seven items in a transaction, which counts double (record, limits, lease, chat, question, answer, membership); one
entry in the index of open streams, and two in the index of the user's list, where the chat moves to the front."""
CLAIM_WRITES: Final[dict[Architecture, int]] = {name: int(one.worker) for name, one in DESCRIPTORS.items()}
"""A worker claims its stream; the function URL runs it where it was admitted."""
START_READS: Final = 6
"""Chat, record, lease, limits and their override, and a query of the newest messages. Each further 4 KB of them take
one more."""

HEARTBEAT_SECONDS: Final = 1.0
"""Between two heartbeats of a running stream."""
HEARTBEAT_READS: Final = 1
"""A heartbeat reads the lease; one that writes it reads nothing, because its write answers with the item."""
RENEW_SECONDS: Final = 5.0
"""Between two heartbeats that write the lease. The first one writes it."""

FLUSH_SECONDS: Final = 0.6
"""The least time between two items of the journal."""
FIRST_FLUSH_WRITES: Final = 1
"""The first part is written at once, by itself."""
JOURNAL_ITEM_BYTES: Final = 230
"""Keys, writer, epoch and expiry."""
JOURNAL_COMPRESSION: Final = 5
"""An item holds its parts compressed. The parts of one flush were 5 to 22 times as large as JSON."""

END_WRITES: Final = 9
"""Record, usage record, lease and limits in a transaction, and the entry of the lease in the index of open streams. The
answer comes on top: twice its size."""
USAGE_ITEM_BYTES: Final = 400
"""Keys, ids and numbers of a usage record."""
ANSWER_ITEM_BYTES: Final = 650
"""Keys, ids and metadata of the answer, besides its text."""

TICKET_WRITES: Final = 2
"""A ticket is written, and marked when it is redeemed."""
READER_WRITES: Final[dict[Architecture, int]] = {name: one.bill.reader_writes for name, one in DESCRIPTORS.items()}
"""A reader on a WebSocket connection is noted, and removed at the end."""
READER_READS_A_SECOND: Final = 5
"""A query of the journal each 0.25 s, and once a second whether the reader is still wanted."""
STORED_ITEM_BYTES: Final = 100
"""What DynamoDB adds to each item that it stores.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html"""


def write_units(architecture: Architecture, *, seconds: float, text_bytes: int, part_bytes: int) -> dict[str, int]:
    """By phase, of an answer whose parts have so many bytes as JSON, and whose text has so many."""
    flushes = max(1, math.ceil(seconds / FLUSH_SECONDS))
    journal = JOURNAL_ITEM_BYTES + part_bytes / flushes / JOURNAL_COMPRESSION
    return {
        "start": START_WRITES + CLAIM_WRITES[architecture],
        "heartbeat": _renewals(seconds),
        "journal": FIRST_FLUSH_WRITES + flushes * math.ceil(journal / WRITE_UNIT_BYTES),
        "end": END_WRITES + 2 * math.ceil((ANSWER_ITEM_BYTES + text_bytes) / WRITE_UNIT_BYTES),
    }


def read_units(*, seconds: float, readers: int) -> float:
    """Of an answer, and of those who read it along from the journal."""
    looks = math.floor(seconds / HEARTBEAT_SECONDS) - _renewals(seconds)
    return START_READS + looks * HEARTBEAT_READS + readers * READER_READS_A_SECOND * seconds


def _renewals(seconds: float) -> int:
    return max(0, math.ceil((seconds - HEARTBEAT_SECONDS) / RENEW_SECONDS))
