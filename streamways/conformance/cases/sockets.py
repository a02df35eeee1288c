"""What only a WebSocket has: tickets, a session that outlives its token or does not, and an end that is announced."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

from shared.contract.architectures import websocket
from shared.contract.errors import ErrorCode
from shared.contract.limits import CONNECTION_SECONDS, TICKET_SECONDS
from shared.contract.parts import PartType
from streamways.clients.errors import ClientError, Cut, Refused
from streamways.clients.tickets import fetch_ticket, with_ticket
from streamways.clients.websocket import WebSocketClient
from streamways.conformance.case import Cases
from streamways.conformance.expect import expect, fail, same
from streamways.conformance.reading import broken_off, ends_once, refused, rest
from streamways.conformance.stack import TIERS
from streamways.conformance.trial import SHORT_PROMPT, On, Trial

CASES = Cases()
HERE: tuple[On, ...] = ((websocket.NAME,),)
TOKEN_SECONDS = 4
"""Life of a token that is to expire on an open connection: enough to connect with it on a busy machine."""
FOREIGN_ORIGIN = "https://foreign.invalid"


@CASES.case("A connection whose token has expired is refused and then closed.", on=HERE, needs=("sandbox",))
async def expired_session(trial: Trial) -> None:
    async with _expired(trial) as client:
        await refused("an expired session", ErrorCode.UNAUTHENTICATED, parts=client.stream(trial.request()))
        try:
            async with asyncio.timeout(10):
                await broken_off(Cut, client.stream(trial.request()))
        except TimeoutError:
            fail("the connection of an expired session stays open")


@CASES.case("A newer token in a request renews the session of the connection.", on=HERE, needs=("sandbox",))
async def renewed_session(trial: Trial) -> None:
    renewed: list[str | None] = [trial.stack.tokens["first"], None]
    async with _expired(trial, renewed) as client:
        ends_once(await rest(client.stream(trial.request(SHORT_PROMPT))), PartType.FINISH)
        # From now on without it: the session is the connection's.
        ends_once(await rest(client.stream(trial.request(SHORT_PROMPT))), PartType.FINISH)


@CASES.case("A token of another user does not renew a session.", on=HERE, needs=("sandbox", "second user"))
async def session_of_another(trial: Trial) -> None:
    async with _expired(trial, [trial.stack.tokens["second"]]) as client:
        await refused("another's token", ErrorCode.UNAUTHENTICATED, parts=client.stream(trial.request()))


@CASES.case("A ticket opens one connection for its user.", on=HERE)
async def ticket(trial: Trial) -> None:
    one_time = await _ticket(trial)
    request = trial.request(SHORT_PROMPT)
    async with _with_ticket(trial, one_time) as client:
        ends_once(await rest(client.stream(request)), PartType.FINISH)
        same("whose chat it is", (await client.read(request.chat_id)).owner, trial.stack.sub("first"))
    await _not_let_in("a used ticket", _with_ticket(trial, one_time))


@CASES.case("An invented ticket, or a ticket together with a token, opens no connection.", on=HERE)
async def forged_ticket(trial: Trial) -> None:
    await _not_let_in("a forged ticket", _with_ticket(trial, "A" * 43))
    url = with_ticket(trial.stack.outputs[websocket.URL], await _ticket(trial))
    await _not_let_in("a ticket and a token", WebSocketClient(url, trial.stack.tokens["first"]))


@CASES.case("A page of a foreign origin opens no connection and uses up no ticket.", on=HERE)
async def foreign_page(trial: Trial) -> None:
    url, one_time = trial.stack.outputs[websocket.URL], await _ticket(trial)
    foreign = WebSocketClient(url, trial.stack.tokens["first"], origin=FOREIGN_ORIGIN)
    await _not_let_in("a foreign page with a token", foreign, status=403)
    with_a_ticket = WebSocketClient(with_ticket(url, one_time), None, origin=FOREIGN_ORIGIN)
    await _not_let_in("a foreign page with a ticket", with_a_ticket, status=403)
    async with _with_ticket(trial, one_time) as client:
        await client.chats()


@CASES.case("A request for a ticket without a token is refused.", on=HERE)
async def ticket_without_a_token(trial: Trial) -> None:
    for token in (None, "not.a.token"):
        try:
            await fetch_ticket(trial.stack.outputs[websocket.TICKET_URL], token)
        except Refused as refusal:
            same("the refusal", (refusal.code, refusal.status), (ErrorCode.UNAUTHENTICATED, 401))
        else:
            fail("a ticket was given without a token")


@CASES.case("A ticket expires after 30 seconds.", on=HERE, manner="waiting")
async def late_ticket(trial: Trial) -> None:
    late = await _ticket(trial)
    await asyncio.sleep(TICKET_SECONDS + 1)  # what is tested is the passing of time
    await _not_let_in("a late ticket", _with_ticket(trial, late))


@CASES.case(
    "The server announces the end of a connection ten minutes before its two hours are over.",
    on=HERE,
    needs=("scaled time",),
    manner="waiting",
)
async def notice(trial: Trial) -> None:
    notices: asyncio.Queue[Mapping[str, object]] = asyncio.Queue()
    client = WebSocketClient(
        trial.stack.outputs[websocket.URL], trial.stack.tokens["first"], on_notice=notices.put_nowait
    )
    until = time.monotonic() + CONNECTION_SECONDS * trial.stack.time_scale
    async with client:
        # A notice comes with what is said on the connection; that also keeps an idle one open.
        while notices.empty() and time.monotonic() < until:
            await client.chats()
            await asyncio.sleep(0.3)
        expect(not notices.empty(), "no notice came before the end of the connection")
        told = notices.get_nowait()
    same("the notice", told.get("code"), "connection_ends")
    expect(isinstance(told.get("at"), int | float), f"the notice says no time: {dict(told)}")


def _with_ticket(trial: Trial, one_time: str) -> WebSocketClient:
    return WebSocketClient(with_ticket(trial.stack.outputs[websocket.URL], one_time), None)


async def _ticket(trial: Trial) -> str:
    return await fetch_ticket(trial.stack.outputs[websocket.TICKET_URL], trial.stack.tokens["first"])


async def _not_let_in(what: str, client: WebSocketClient, *, status: int = 401) -> None:
    try:
        async with client:
            fail(f"{what} opened a connection")
    except Refused as refusal:
        same(f"the status for {what}", refusal.status, status)
    except ClientError as error:
        fail(f"{what}: expected a {status}, got {error}")


@asynccontextmanager
async def _expired(trial: Trial, renewed: Sequence[str | None] = ()) -> AsyncGenerator[WebSocketClient]:
    """A client whose connection was opened with a token that has expired since; `renewed`: the tokens of its frames."""
    token = await trial.sandbox.token(TIERS["first"], TOKEN_SECONDS)
    expires = time.time() + TOKEN_SECONDS
    later = iter(renewed)
    url = trial.stack.outputs[websocket.URL]
    async with WebSocketClient(url, token, renewed_token=lambda: next(later, None)) as client:
        await asyncio.sleep(max(expires - time.time(), 0) + 1)  # what is tested is the passing of time
        yield client
