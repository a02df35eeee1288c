"""Abort: when it stops the stream that a reader reads, and when it is the reader that goes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.contract.architectures import websocket
from shared.contract.parts import PartType
from streamways.clients.websocket import WebSocketClient
from streamways.conformance.case import PAIRS, SLOW_TOKENS_PER_SECOND, Cases
from streamways.conformance.expect import same
from streamways.conformance.reading import ends_once, equal_parts, first_text, rest, stop_reason, within
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
READ_ON_A_WEBSOCKET = tuple(pair for pair in PAIRS if pair[1] == websocket.NAME)


@CASES.case(
    "A reader that sends resume, abort, resume receives the whole stream and does not stop it.",
    manner="slow model",
)
async def strict_mode(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client, trial.client() as tab:
        parts = client.stream(request)
        received = await first_text(parts)
        if isinstance(tab, WebSocketClient):
            mounted = tab.resume(request.chat_id, request_id="mounted-first")
            await anext(mounted)
            await tab.abort("mounted-first")
        else:
            mounted = tab.resume(request.chat_id)
            await anext(mounted)
        await mounted.aclose()
        again, live = await asyncio.gather(rest(tab.resume(request.chat_id)), rest(parts))
    received += live
    ends_once(received, PartType.FINISH)
    equal_parts("the second mount", again, received)


@CASES.case(
    "An abort by the only reader of a resumed stream cancels the stream.",
    on=((websocket.NAME,),),
    manner="slow model",
)
async def abort_of_a_resume(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client, trial.client() as tab:
        assert isinstance(tab, WebSocketClient)
        parts = client.stream(request)
        received = await first_text(parts)
        resumed = tab.resume(request.chat_id, request_id="the-only-one")
        await anext(resumed)
        await tab.abort("the-only-one")
        received += await within(10, "the stop", parts)
    ends_once(received, PartType.ABORT)
    same("the stop reason", stop_reason(received), "cancelled")


@CASES.case(
    "An abort of a resumed stream cancels the stream, although its reader was killed before it could act.",
    on=READ_ON_A_WEBSOCKET,
    manner="alone",
)
async def stop_whose_reader_is_killed(trial: Trial) -> None:
    async with _reader_that_aborts(trial):
        await trial.sandbox.kill(websocket.DESCRIPTOR.generates)


@CASES.case(
    "An abort of a resumed stream cancels the stream, although the client cannot be reached any more.",
    on=READ_ON_A_WEBSOCKET,
    manner="alone",
)
async def stop_whose_reader_cannot_send(trial: Trial) -> None:
    refused = {"fault": "unavailable", "calls": 1000, "after": 3}
    async with trial.sandbox.fault("/connections/fault", refused, all_calls=False), _reader_that_aborts(trial):
        pass


@asynccontextmanager
async def _reader_that_aborts(trial: Trial) -> AsyncGenerator[None]:
    """A WebSocket reader of a stream that was begun elsewhere has just sent its abort; expects the stream to stop."""
    begun, read = trial.on
    request = trial.request()
    async with (
        trial.sandbox.pace(SLOW_TOKENS_PER_SECOND),
        trial.client(on=begun) as client,
        trial.client(on=read) as tab,
    ):
        assert isinstance(tab, WebSocketClient)
        parts = client.stream(request)
        received = await first_text(parts)
        resumed = tab.resume(request.chat_id, request_id="the-reader")
        await anext(resumed)
        await tab.abort("the-reader")
        yield
        received += await within(10, "the stop", parts)
        await resumed.aclose()
    ends_once(received, PartType.ABORT)
    same("the stop reason", stop_reason(received), "cancelled")


@CASES.case("A `send` that is repeated after the abort of an ended stream replays the stream.", on=((websocket.NAME,),))
async def send_abort_send(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    async with trial.client() as client:
        assert isinstance(client, WebSocketClient)
        whole = await rest(client.stream(request))
        await client.abort(request.stream_id)
        equal_parts("the stream sent again", await within(10, "the second `send`", client.stream(request)), whole)
