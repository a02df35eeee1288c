"""What a request to the streams table was for, told by its keys and by what came before it.

The keys are those of `shared/table/keys.py`, which runs in Lambda and is not imported here; a test compares them.
"""

from collections.abc import Sequence
from typing import Final, Literal

Phase = Literal["start", "heartbeat", "journal", "end", "reader"]
PHASES: Final[tuple[Phase, ...]] = ("start", "heartbeat", "journal", "end", "reader")

RECORD_KEY: Final = "stream"
JOURNAL_PREFIX: Final = "part#"
READER_PREFIX: Final = "reader#"


class Phases:
    """Follows the requests of one stream, and of one reader of it, in their order.

    Until the journal has its first item everything belongs to the start; then a transaction is the end. In between a
    reader is told by what no worker reads: the journal, the record, and the reader's own item.
    """

    def __init__(self) -> None:
        self.streaming = False
        """Whether the journal has begun."""
        self._over = False

    def of(self, operation: str, sort_keys: Sequence[str]) -> Phase:
        """The phase of a request that names these sort keys; of a query, the first that it may find."""
        if operation == "PutItem" and sort_keys[0].startswith(JOURNAL_PREFIX):
            self.streaming = True
            return "journal"
        if not self.streaming:
            return "start"
        if operation == "TransactWriteItems":
            self._over = True
            return "end"
        reads = operation in ("GetItem", "BatchGetItem", "Query")
        if any(key.startswith(READER_PREFIX) for key in sort_keys) or (reads and self._is_read_by_readers(sort_keys)):
            return "reader"
        return "end" if self._over else "heartbeat"

    def _is_read_by_readers(self, sort_keys: Sequence[str]) -> bool:
        return len(sort_keys) > 1 or sort_keys[0].startswith(JOURNAL_PREFIX) or sort_keys[0] == RECORD_KEY
