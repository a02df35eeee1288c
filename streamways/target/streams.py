"""Runs prompts over several architectures at the same time, and tells a view what comes."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol

from streamways.clients.client import Architecture, Client, Received, chat_request
from streamways.clients.errors import ClientError
from streamways.clients.factory import client_for
from streamways.clients.summary import StreamSummary, error_text, message_metadata, summarise
from streamways.target.stack import Stack

FINISHED_WELL = frozenset({"stop", "length", "tool-calls"})
"""Finish reasons of an answer that is as complete as the request allowed."""


@dataclass
class Outcome:
    """What became of one stream."""

    architecture: Architecture
    received: list[Received] = field(default_factory=list[Received])
    failure: ClientError | None = None
    """What the client raised."""

    @property
    def summary(self) -> StreamSummary:
        return summarise(self.received)

    @property
    def problem(self) -> str | None:
        """One line on what went wrong, or None for a stream that finished well."""
        if self.failure is not None:
            return str(self.failure)
        reason = self.summary.finish_reason
        if reason in FINISHED_WELL:
            return None
        cause = message_metadata(self.received).get("stopReason")
        return error_text(self.received) or f"it finished with {reason!r}" + (f" ({cause})" if cause else "")


class View(Protocol):
    """Shows streams while they run."""

    def part(self, architecture: Architecture, received: Received) -> None:
        """A part came."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """A stream ended, well or not, or could not begin."""
        ...


class Silent:
    """Shows nothing, for streams of which only the outcome counts."""

    def part(self, architecture: Architecture, received: Received) -> None:
        pass

    def ended(self, outcome: Outcome) -> None:
        pass


async def run_streams(stack: Stack, prompts: Mapping[Architecture, str], view: View) -> list[Outcome]:
    """Streams each prompt over its architecture, all at once; every connection is open before a request is sent."""
    outcomes = {architecture: Outcome(architecture) for architecture in prompts}
    async with AsyncExitStack() as connections:
        clients = await asyncio.gather(*(_open(stack, outcome, view, connections) for outcome in outcomes.values()))
        await asyncio.gather(
            *(
                _stream(client, prompts[client.architecture], outcomes[client.architecture], view)
                for client in clients
                if client is not None
            )
        )
    return list(outcomes.values())


async def _open(stack: Stack, outcome: Outcome, view: View, connections: AsyncExitStack) -> Client | None:
    try:
        return await connections.enter_async_context(
            client_for(outcome.architecture, stack.outputs, stack.token, signer=stack.signer)
        )
    except ClientError as error:
        outcome.failure = error
        view.ended(outcome)
        return None


async def _stream(client: Client, prompt: str, outcome: Outcome, view: View) -> None:
    try:
        async for received in client.stream(chat_request(prompt)):
            outcome.received.append(received)
            view.part(outcome.architecture, received)
    except ClientError as error:
        outcome.failure = error
    view.ended(outcome)
