"""Reads streams in part or to their end, and says what is expected of what came."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence

from shared.contract.errors import ErrorCode
from shared.contract.parts import TERMINAL, PartType
from streamways.clients.client import Received
from streamways.clients.errors import ClientError, Refused
from streamways.clients.summary import message_metadata
from streamways.conformance.expect import expect, fail, same


async def first_text(parts: AsyncGenerator[Received]) -> list[Received]:
    """The parts up to the first text."""
    received: list[Received] = []
    while not received or received[-1].type != PartType.TEXT_DELTA:
        received.append(await anext(parts))
        expect(received[-1].type not in TERMINAL, f"the stream ended without text: {kinds(received)}")
    return received


async def placed_text(parts: AsyncGenerator[Received]) -> list[Received]:
    """The parts up to a text that a reader can go on behind."""
    received = await first_text(parts)
    while received[-1].type != PartType.TEXT_DELTA or received[-1].cursor is None:
        received.append(await anext(parts))
        expect(received[-1].type not in TERMINAL, f"the stream ended too soon: {kinds(received)}")
    return received


async def some(parts: AsyncGenerator[Received], count: int) -> list[Received]:
    """The next so many parts, or all to the end where there are fewer."""
    received: list[Received] = []
    while len(received) < count and not (received and received[-1].type in TERMINAL):
        received.append(await anext(parts))
    return received


async def rest(parts: AsyncGenerator[Received]) -> list[Received]:
    """All further parts."""
    return [received async for received in parts]


async def refused(what: str, code: str, *, parts: AsyncGenerator[Received]) -> None:
    """Expects a stream to be refused with this code before its first part."""
    try:
        await denied(what, code, anext(parts))
    finally:
        await parts.aclose()


async def not_there(what: str, asking: Awaitable[object]) -> None:
    """Expects a request to be refused as not_found."""
    await denied(what, ErrorCode.NOT_FOUND, asking)


async def denied(what: str, code: str, asking: Awaitable[object]) -> None:
    """Expects a request that is no stream to be refused with this code."""
    try:
        answer = await asking
    except Refused as refusal:
        expect(refusal.code == code, f"{what}: expected {code}, got {refusal}")
    else:
        fail(f"{what}: expected {code}, and got {answer!r:.80}")


def kinds(received: Sequence[Received]) -> list[str]:
    """The types of parts."""
    return [item.type for item in received]


def placed(received: Sequence[Received]) -> list[Received]:
    """The parts up to the last that a reader can go on behind, if any: AppSync names a place for a batch alone."""
    return list(received[: 1 + max((index for index, item in enumerate(received) if item.cursor), default=-1)])


def each_once(received: Sequence[Received]) -> None:
    """Expects no two parts at one place. That none is left out, a replay tells, or what the model said."""
    places = [item.cursor for item in received if item.cursor is not None]
    same("the places of the parts", len(set(places)), len(places))


def ends_once(received: Sequence[Received], kind: str) -> None:
    """Expects exactly one terminal part, of this type, and that nothing comes after it."""
    terminal = [item.type for item in received if item.type in TERMINAL]
    same("the terminal parts", terminal, [kind])
    same("the last part", received[-1].type, kind)


def equal_parts(what: str, actual: Sequence[Received], expected: Sequence[Received]) -> None:
    """Expects the same parts at the same places."""
    same(f"{what}: the number of parts", len(actual), len(expected))
    for number, (ours, theirs) in enumerate(zip(actual, expected, strict=True)):
        same(f"{what}: part {number}", ours.part, theirs.part)
        if ours.cursor is not None and theirs.cursor is not None:
            same(f"{what}: the cursor of part {number}", ours.cursor, theirs.cursor)


def stop_reason(received: Sequence[Received]) -> object:
    """Why the stream ended, as its metadata says."""
    return message_metadata(received).get("stopReason")


async def broken_off(error: type[ClientError], parts: AsyncGenerator[Received]) -> list[Received]:
    """The parts of a stream that ends with this error instead of a terminal part."""
    received: list[Received] = []
    try:
        async for item in parts:
            received.append(item)
    except error:
        return received
    return fail(f"expected the stream to end with {error.__name__}, and it ended with {kinds(received)[-1:]}")


async def within(seconds: float, what: str, parts: AsyncGenerator[Received]) -> list[Received]:
    """All further parts, which must come to their end in that time."""
    try:
        async with asyncio.timeout(seconds):
            return await rest(parts)
    except TimeoutError:
        fail(f"{what} took more than {seconds:g} s")
