"""Reads a WebSocket on a task of its own, and gives each message to whoever waits for its id.

So several requests share one connection, and what belongs to none of them does not disturb the others.
"""

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

from websockets.asyncio.client import ClientConnection

from streamways.clients.errors import ClientError, Cut, Malformed
from streamways.clients.wire import receive

Message = Mapping[str, object]
EVERYBODY = None
"""The address of a message that concerns all requests of the connection."""


class Inbox:
    """The messages of one request, in the order in which they came."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._messages: asyncio.Queue[Message | Exception] = asyncio.Queue()

    def put(self, message: Message | Exception) -> None:
        """Adds a message, or what ended the connection."""
        self._messages.put_nowait(message)

    async def next(self, seconds: float, *, since: float | None = None) -> Message:
        """The next message. `since` is the `time.monotonic()` from which the seconds count: now, unless given.

        Raises Silent when none comes in time, else what ended the connection (Cut or Malformed).
        """
        left = seconds if since is None else since + seconds - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0)):
                message = await self._messages.get()
        except TimeoutError:
            raise Silent(f"{self._source} sent nothing of the stream for {seconds:g} s") from None
        if isinstance(message, Exception):
            self._messages.put_nowait(message)  # it stays ended
            raise message
        return message


class Silent(Cut):
    """Nothing came in time; the connection is still open."""


class Inboxes:
    """The inboxes of one connection. `address` tells the id that a message is for, or EVERYBODY; `unclaimed` gets
    those that nobody waits for."""

    def __init__(
        self,
        socket: ClientConnection,
        source: str,
        address: Callable[[Message], str | None],
        unclaimed: Callable[[Message], None] = lambda _: None,
    ) -> None:
        self._socket = socket
        self._source = source
        self._address = address
        self._unclaimed = unclaimed
        self._open: dict[str, Inbox] = {}
        self._ended: ClientError | None = None
        self._reader: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Reads from now on. An inbox that is opened before misses nothing."""
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Closes the connection and ends the task."""
        await self._socket.close()
        if self._reader is not None:
            await self._reader

    @contextmanager
    def inbox(self, message_id: str) -> Generator[Inbox]:
        """An inbox for the messages of this id, open as long as the block."""
        inbox = Inbox(self._source)
        if self._ended is not None:
            inbox.put(self._copy(self._ended))
        self._open[message_id] = inbox
        try:
            yield inbox
        finally:
            del self._open[message_id]

    async def _read(self) -> None:
        try:
            while True:
                self._deliver(await receive(self._socket, self._source))
        except (Cut, Malformed) as ended:
            self._ended = ended
            for inbox in self._open.values():
                inbox.put(self._copy(ended))

    def _deliver(self, message: Message) -> None:
        address = self._address(message)
        if address is EVERYBODY:
            for inbox in self._open.values():
                inbox.put(message)
        elif address in self._open:
            self._open[address].put(message)
        else:
            self._unclaimed(message)

    @staticmethod
    def _copy(error: ClientError) -> ClientError:
        """Each reader raises one of its own: a traceback belongs to one task."""
        return type(error)(str(error))
