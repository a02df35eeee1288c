"""AppSync: subscribe with a stream id of the client's own, then start the stream; parts come in numbered batches.

Batches may come twice or out of order; what is missing, or was delivered before the subscription, is read from the
journal by `Query.parts`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Self

from shared.contract.architectures import appsync
from shared.contract.parts import TERMINAL
from shared.contract.usage import Rating
from streamways.clients.batches import Batch, PartOrder, preamble
from streamways.clients.chats import Chat, ChatSummary, Invitation, Page
from streamways.clients.client import SILENCE_SECONDS, Architecture, ChatRequest, Received
from streamways.clients.errors import Cut, NothingActive
from streamways.clients.graphql import GraphqlApi
from streamways.clients.inboxes import Inbox, Silent
from streamways.clients.limits import UserLimits
from streamways.clients.realtime import Realtime, data_of
from streamways.clients.wire import child

SUBSCRIPTION = """subscription Parts($streamId: ID) {
  onParts(streamId: $streamId) { epoch firstSequence parts cursor }
}"""
GAP_SECONDS = 0.25
"""How long a part may be late, when later ones have come, before the journal is asked for it; and until it is asked
again, because the journal itself is up to 0.6 s late."""
FIRST_SECONDS = 1.0
"""How long after `startStream` nothing may come: a stream that ran already has delivered its first parts elsewhere."""
QUIET_SECONDS = 5.0
"""How long nothing may come before the journal is asked: a lost last batch leaves no gap that shows."""
FOLLOWED_SECONDS = 0.5
"""The same for a stream that is resumed: it may run over another architecture, and then nothing of it is published."""


class AppSyncClient:
    """Speaks with an AppSync GraphQL API: one real-time connection, opened on entering, and HTTP for the rest."""

    architecture: Architecture = appsync.NAME

    def __init__(
        self, graphql_url: str, realtime_url: str, token: str | None, *, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        self._silence_seconds = silence_seconds
        self._api = GraphqlApi(graphql_url, token)
        self._realtime = Realtime(realtime_url, graphql_url, token)

    async def __aenter__(self) -> Self:
        await self._realtime.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._realtime.close()
        await self._api.close()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Received]:
        """See `Client.stream`. Time and messages count from the subscription on: it is part of each request."""
        started = time.perf_counter()
        async with self._realtime.subscription(SUBSCRIPTION, {"streamId": request.stream_id}) as inbox:
            mutation = asyncio.create_task(self._api.start(request))
            reader = _Reader(self._api, request.stream_id, inbox, self._silence_seconds)
            try:
                async for received in reader.parts(started, mutation, FIRST_SECONDS, QUIET_SECONDS):
                    yield received
                await mutation
            finally:
                mutation.cancel()
                await asyncio.gather(mutation, return_exceptions=True)

    async def resume(self, chat_id: str, after: str | None = None) -> AsyncGenerator[Received]:
        """See `Client.resume`. It subscribes first, so that what comes while the journal is read is not missed."""
        started = time.perf_counter()
        stream_id = await self._api.active_stream(chat_id, after)
        if stream_id is None:
            raise NothingActive(chat_id)
        async with self._realtime.subscription(SUBSCRIPTION, {"streamId": stream_id}) as inbox:
            opening = await self._api.parts(stream_id, after)
            reader = _Reader(self._api, stream_id, inbox, self._silence_seconds, opening)
            async for received in reader.parts(started, None, FOLLOWED_SECONDS, FOLLOWED_SECONDS):
                yield received

    async def cancel(self, chat_id: str, stream_id: str) -> None:  # noqa: ARG002
        """See `Client.cancel`."""
        await self._api.cancel(stream_id)

    async def chats(self, after: str | None = None) -> Page[ChatSummary]:
        """See `Client.chats`."""
        return await self._api.chats(after)

    async def read(self, chat_id: str) -> Chat:
        """See `Client.read`."""
        return await self._api.chat(chat_id)

    async def update(self, chat_id: str, *, title: str | None = None) -> None:
        """See `Client.update`."""
        await self._api.update(chat_id, title)

    async def delete(self, chat_id: str) -> None:
        """See `Client.delete`."""
        await self._api.delete(chat_id)

    async def rate(self, chat_id: str, message_id: str, rating: Rating | None) -> None:
        """See `Client.rate`."""
        await self._api.rate(chat_id, message_id, rating)

    async def invite(self, chat_id: str, sub: str) -> None:
        """See `Client.invite`."""
        await self._api.invite(chat_id, sub)

    async def remove(self, chat_id: str, sub: str) -> None:
        """See `Client.remove`."""
        await self._api.remove(chat_id, sub)

    async def leave(self, chat_id: str) -> None:
        """See `Client.leave`."""
        await self._api.leave(chat_id)

    async def invitations(self, after: str | None = None) -> Page[Invitation]:
        """See `Client.invitations`."""
        return await self._api.invitations(after)

    async def accept(self, chat_id: str) -> None:
        """See `Client.accept`."""
        await self._api.accept(chat_id)

    async def decline(self, chat_id: str) -> None:
        """See `Client.decline`."""
        await self._api.decline(chat_id)

    async def limits(self) -> UserLimits:
        """See `Client.limits`."""
        return await self._api.limits()


class _Reader:
    """Reads one stream out of its subscription and, where that leaves something out, its journal."""

    def __init__(
        self,
        api: GraphqlApi,
        stream_id: str,
        inbox: Inbox,
        silence_seconds: float,
        opening: Mapping[str, object] | None = None,
    ) -> None:
        """`opening` is a page of the journal, with which a reader begins who does not begin the stream."""
        self._api = api
        self._stream_id = stream_id
        self._inbox = inbox
        self._silence_seconds = silence_seconds
        self._order = PartOrder.from_page(opening) if opening else PartOrder()
        self._opening = opening

    async def parts(
        self, started: float, mutation: asyncio.Task[None] | None, patience: float, quiet: float
    ) -> AsyncGenerator[Received]:
        """All parts to the terminal one. The journal is asked when none has come for `patience` seconds, and later for
        `quiet` seconds; not before the mutation has been answered: until then there is no such stream."""
        heard = time.monotonic()
        ask_at, message, count = heard + patience, 0, 0
        for count, part in enumerate(preamble(self._opening), 1):
            yield Received(count - 1, part, (time.perf_counter() - started) * 1000, message)
        try:
            while True:
                late = bool(self._order.missing)
                batch, from_journal = await self._next(mutation, ask_at, heard)
                at_ms = (time.perf_counter() - started) * 1000
                taken = list(self._order.take(Batch.from_json(batch)))
                for part, cursor in taken:
                    yield Received(count, part, at_ms, message, cursor)
                    count += 1
                    if part.get("type") in TERMINAL:
                        return
                if from_journal and not taken and batch.get("ended"):
                    raise Cut("the stream has ended, and its terminal part is not in the journal")
                now = time.monotonic()
                if taken:
                    message, heard = message + 1, now
                if from_journal and taken:
                    ask_at = now  # what it gave may be a page only
                elif not self._order.missing:
                    ask_at = now + quiet
                elif from_journal or not late:
                    ask_at = now + GAP_SECONDS
        except Cut as cut:
            raise Cut(f"{cut}, {count} parts into the stream{self._order.missing}") from cut

    async def _next(
        self, mutation: asyncio.Task[None] | None, ask_at: float, heard: float
    ) -> tuple[Mapping[str, object], bool]:
        """The next batch, and whether it comes from the journal."""
        if self._opening is not None:
            opening, self._opening = self._opening, None
            return opening, True
        if mutation is not None:
            batch = await self._while_starting(mutation, heard)
            if batch is not None:
                return batch, False
        now = time.monotonic()
        if now > heard + self._silence_seconds:
            raise Silent(f"AppSync sent nothing of the stream for {self._silence_seconds:g} s")
        try:
            return await self._batch(min(ask_at - now, self._silence_seconds)), False
        except Silent:
            return await self._api.parts(self._stream_id, self._order.cursor), True

    async def _while_starting(self, mutation: asyncio.Task[None], heard: float) -> Mapping[str, object] | None:
        """The next batch, or None when the mutation has been answered. A refused mutation ends the wait at once."""
        if mutation.done():
            return mutation.result()
        batch = asyncio.create_task(self._batch(self._silence_seconds, since=heard))
        try:
            await asyncio.wait({batch, mutation}, return_when=asyncio.FIRST_COMPLETED)
            if mutation.done():
                mutation.result()
            return await batch if batch.done() else None
        finally:
            batch.cancel()
            await asyncio.gather(batch, return_exceptions=True)

    async def _batch(self, seconds: float, since: float | None = None) -> Mapping[str, object]:
        while True:
            data = data_of(await self._inbox.next(seconds, since=since))
            if data is not None:
                return child(data, "onParts")
