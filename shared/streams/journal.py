"""The journal of a stream: its numbered parts in DynamoDB, the truth about what was said.

One item per flush, under the key of its first sequence, written once (`attribute_not_exists`) by one ordered writer.
Whoever declares a stream dead puts the terminal part at the next key; a writer that loses a put has lost the stream.

An item holds its parts as compressed JSON: DynamoDB bills a write by the kilobyte, and parts repeat themselves.

DynamoDB deletes an expired item some time later, and an id may be used again by then: an expired item of its old
stream is written over, and is not read.
"""

import json
import time
import zlib
from collections.abc import Iterator, Sequence
from typing import Self

from shared.contract.parts import OF_A_LATE_END
from shared.protocol.cursor import Cursor
from shared.protocol.parts import SequencedPart, encode
from shared.streams.records import KEPT_SECONDS
from shared.table.client import Item, TableClient
from shared.table.keys import PARTS_PREFIX, parts_key
from shared.table.writes import Write, put, where

MAX_ITEM_BYTES = 300 * 1024
"""Of the parts of one item, before they are compressed. An item has at most 400 KB, with names and keys.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
MAX_PAGE_BYTES = 1024 * 1024
"""A page of parts ends after so much: an answer of AppSync holds 5 MB, with the parts escaped."""
MAX_PAGE_ITEMS = 200
"""Two minutes of text: one request does not read much more than the page that it makes."""
LAST_SEQUENCE = 99_999_999
"""The largest that a key has room for."""


def journal_put(owner: str, stream_id: str, batch: Sequence[SequencedPart], writer: str) -> Write:
    """The write of adjacent parts of one epoch as one item.

    `writer` marks it: a put whose answer was lost is repeated, finds its own mark, and has succeeded. ConditionFailed
    says that another has written there.
    """
    now = time.time()
    text = f"[{','.join(encode(numbered.part) for numbered in batch)}]"
    item = {
        **parts_key(owner, stream_id, batch[0].sequence),
        "epoch": batch[0].epoch,
        "parts": zlib.compress(text.encode()),
        "writer": writer,
        "expiresAt": int(now) + KEPT_SECONDS,
    }
    free = "attribute_not_exists(#pk) OR #writer = :writer OR #expiresAt < :now"
    return put(item, where(free, writer=writer, now=now))


class JournalReader:
    """Reads what was written, consistently."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(TableClient.from_environment())

    def read(self, owner: str, stream_id: str, after: Cursor | None = None) -> list[SequencedPart]:
        """What a reader at this place lacks, as far as one page goes: see `news`. Empty when there is nothing
        yet."""
        return news(self.page(owner, stream_id, self.beginning(owner, stream_id, after)), after)

    def beginning(self, owner: str, stream_id: str, after: Cursor | None) -> int:
        """Where a reader at this place begins: the first sequence of the item with the part that comes next, or of the
        last item if that part is not written yet."""
        if after is None:
            return 0
        sequence = after.sequence + 1
        pages = self._pages(owner, stream_id, 0, sequence, ScanIndexForward=False, Limit=1, ProjectionExpression="#sk")
        return next((_first(item) for page in pages for item in page), 0)

    def page(self, owner: str, stream_id: str, first: int) -> list[SequencedPart]:
        """The parts of one page of items, without a gap from the item with this first sequence on; one request.

        A page has about MAX_PAGE_BYTES of parts at most.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
        """
        batch: list[SequencedPart] = []
        size = 0
        for item in next(self._pages(owner, stream_id, first, LAST_SEQUENCE, Limit=MAX_PAGE_ITEMS)):
            if _first(item) != first + len(batch) or size > MAX_PAGE_BYTES:
                break
            text = zlib.decompress(item["parts"])
            size += len(text)
            parts = enumerate(json.loads(text), _first(item))
            batch += [SequencedPart(number, part, item["epoch"]) for number, part in parts]
        return batch

    def _pages(self, owner: str, stream_id: str, first: int, last: int, **options: object) -> Iterator[list[Item]]:
        keys = parts_key(owner, stream_id, first), parts_key(owner, stream_id, last)
        values = {":pk": keys[0]["pk"], ":first": keys[0]["sk"], ":last": keys[1]["sk"], ":now": time.time()}
        query = {"KeyConditionExpression": "#pk = :pk AND #sk BETWEEN :first AND :last", **values, **options}
        return self._table.pages(FilterExpression="#expiresAt >= :now", **query)


def news(page: Sequence[SequencedPart], after: Cursor | None) -> list[SequencedPart]:
    """What of a page of the journal a reader at this place lacks: the parts that follow.

    Or a late end. A killed worker may have delivered more than it has journaled, and the reaper ends the stream where
    the journal stops. A reader who has parts of the worker's with numbers that are the reaper's in the journal lacks
    the whole end, whatever its numbers, and gets of it what tells of the end.
    """
    if after is None:
        return list(page)
    ending = [numbered for numbered in page if numbered.epoch > after.epoch]
    if ending and ending[0].sequence <= after.sequence:
        return [numbered for numbered in ending if numbered.part["type"] in OF_A_LATE_END]
    return [numbered for numbered in page if numbered.sequence > after.sequence]


def _first(item: Item) -> int:
    return int(item["sk"].removeprefix(PARTS_PREFIX))
