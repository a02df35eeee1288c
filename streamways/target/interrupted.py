"""One answer whose connection is cut in the middle, that goes on over another architecture, and is stopped there."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, Protocol

from shared.contract.parts import TERMINAL, PartType
from streamways.clients.client import Architecture, ChatRequest, Client, Received, chat_request
from streamways.clients.errors import ClientError
from streamways.clients.factory import client_for
from streamways.target.stack import Stack

AWAY_SECONDS: Final = 0.5
"""How long the client has no connection: long enough to see it."""


class Teller(Protocol):
    """Shows the answer while it comes, and says what happens to it."""

    def part(self, architecture: Architecture, received: Received) -> None:
        """A part came."""
        ...

    def said(self, architecture: Architecture, words: str) -> None:
        """Something happened to the answer, or was done to it."""
        ...


@dataclass
class Interrupted:
    """What became of the answer."""

    begun_on: Architecture
    resumed_on: Architecture
    read_on: Architecture
    """Over which the recorded answer was read again, from its first part to its last."""
    before: list[Received] = field(default_factory=list[Received])
    """What came until the connection was cut."""
    after: list[Received] = field(default_factory=list[Received])
    """What came after the resume."""
    recorded: list[Received] = field(default_factory=list[Received])
    """The answer from its first part to its last, as it is recorded."""
    problem: str | None = None
    """One line on what went wrong. The other fields hold what came until then."""

    @property
    def over(self) -> bool:
        """Whether the answer had ended before its connection could be cut."""
        return bool(self.before) and self.before[-1].type in TERMINAL

    @property
    def stopped(self) -> bool:
        """Whether the stop ended it; else it had come to its end."""
        return bool(self.after) and self.after[-1].type == PartType.ABORT

    @property
    def exact(self) -> bool:
        """Whether the client got each recorded part once, in order, and nothing else.

        A reading numbers its parts from 0. The recorded answer is read from its first part on, where that is the part's
        own sequence: a part that is missing or came twice moves all later ones away from theirs.
        """
        return [each.part for each in (*self.before, *self.after)] == [each.part for each in self.recorded]


async def interrupt(stack: Stack, prompt: str, teller: Teller, *, cut_after: int, stop_after: int) -> Interrupted:
    """Begins an answer, cuts its connection after so many characters of text, resumes it, stops it after so many more.

    It begins on the first architecture of the stack and goes on over the second, if there is one. What a client raises
    becomes the `problem`.
    """
    ways = stack.outputs.architectures
    told = Interrupted(ways[0], ways[:2][-1], ways[-1])
    request = chat_request(prompt)
    try:
        async with _client(stack, told.begun_on) as client:
            await _begin(client, request, told, teller, cut_after)
        if told.over:
            return told
        teller.said(told.begun_on, f"the connection is cut after part {told.before[-1].sequence}")
        await asyncio.sleep(AWAY_SECONDS)
        async with _client(stack, told.resumed_on) as client:
            await _resume(client, request, told, teller, stop_after)
        async with _client(stack, told.read_on) as client:
            told.recorded = [received async for received in client.resume(request.chat_id)]
    except ClientError as error:
        told.problem = str(error)
    return told


def _client(stack: Stack, architecture: Architecture) -> Client:
    return client_for(architecture, stack.outputs, stack.token, signer=stack.signer)


async def _begin(client: Client, request: ChatRequest, told: Interrupted, teller: Teller, cut_after: int) -> None:
    """Reads until there is enough text, up to a part that the reader can go on behind."""
    left = cut_after
    async with aclosing(client.stream(request)) as parts:
        async for received in parts:
            told.before.append(received)
            teller.part(told.begun_on, received)
            left -= _characters(received)
            if left <= 0 and received.cursor is not None:
                return


async def _resume(client: Client, request: ChatRequest, told: Interrupted, teller: Teller, stop_after: int) -> None:
    """Reads on to the end, and asks for it when there is enough text."""
    left, stop = stop_after, None
    last = told.before[-1]
    try:
        async with aclosing(client.resume(request.chat_id, last.cursor)) as parts:
            async for received in parts:
                if not told.after:
                    teller.said(told.resumed_on, f"the answer goes on with part {last.sequence + 1}")
                told.after.append(received)
                teller.part(told.resumed_on, received)
                left -= _characters(received)
                if stop is None and left <= 0 and received.type not in TERMINAL:
                    at = last.sequence + len(told.after)
                    teller.said(told.resumed_on, f"the user stops the answer after part {at}")
                    stop = asyncio.create_task(client.cancel(request.chat_id, request.stream_id))
        if told.stopped:
            teller.said(told.resumed_on, f"the answer has ended with part {last.sequence + len(told.after)}")
    finally:
        if stop is not None:
            await stop


def _characters(received: Received) -> int:
    return len(str(received.part.get("delta", ""))) if received.type == PartType.TEXT_DELTA else 0
