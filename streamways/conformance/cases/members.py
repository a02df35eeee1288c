"""Who is in a chat: nobody without their consent, and nobody for longer than they like."""

import uuid
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager

from shared.contract.errors import ErrorCode
from shared.contract.limits import INVITATIONS_AN_HOUR
from shared.contract.parts import PartType
from streamways.clients.chats import Invitation, Page
from streamways.clients.client import Client, new_id
from streamways.clients.errors import Refused
from streamways.clients.factory import client_for
from streamways.conformance.case import Cases
from streamways.conformance.expect import expect, fail, same
from streamways.conformance.reading import denied, ends_once, first_text, not_there, refused, rest, within
from streamways.conformance.stack import User
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
HOUR = 3600
INVITER = f"inviter-{uuid.uuid4().hex[:10]}"
"""Who sends too many invitations, over all transports together."""
LONG_AGO = "MDAwMDAwMDAwMDAwMSNjaGF0LTE"
"""A cursor as a page of that time would have given it: the millisecond 1 of the epoch, and a chat."""


@CASES.case(
    "An invitation has a list of its own and gives no access; a second one changes nothing; the owner can withdraw it.",
    needs=("second user",),
)
async def invitation(trial: Trial) -> None:
    async with _invited(trial, "first", "second") as (owner, other, chat_id):
        await owner.invite(chat_id, trial.stack.sub("second"))
        [listed] = await _invitations(other, chat_id)
        same("from whom it is", listed.sender, trial.stack.sub("first"))
        same("the title", listed.title, (await owner.read(chat_id)).title)
        same("what the chats say of it", [chat for chat in (await other.chats()).entries if chat.id == chat_id], [])
        chat = await owner.read(chat_id)
        same("who is in the chat", (chat.members, chat.invited), ((), (trial.stack.sub("second"),)))
        await refused("a message of the invited", ErrorCode.NOT_FOUND, parts=other.stream(trial.request("", chat_id)))
        for what, asking in {
            "reading": other.read(chat_id),
            "renaming": other.update(chat_id, title="Mine"),
            "inviting": other.invite(chat_id, new_id("user")),
            "leaving": other.leave(chat_id),
            "deleting": other.delete(chat_id),
        }.items():
            await not_there(f"the chat, {what} as the invited", asking)
        await owner.remove(chat_id, trial.stack.sub("second"))
        same("the invitations after it was withdrawn", await _invitations(other, chat_id), [])
        await not_there("an invitation that was withdrawn", other.accept(chat_id))


@CASES.case(
    "A user who accepts an invitation reads and writes in the chat, and cannot rename, share or delete it.",
    needs=("second user",),
)
async def member(trial: Trial) -> None:
    second = trial.stack.sub("second")
    async with _invited(trial, "first", "second") as (owner, other, chat_id):
        await other.accept(chat_id)
        same("the invitations afterwards", await _invitations(other, chat_id), [])
        same("the role", [chat.role for chat in (await other.chats()).entries if chat.id == chat_id], ["member"])
        same("the members", (await other.read(chat_id)).members, (second,))
        await other.accept(chat_id)
        ends_once(await rest(other.stream(trial.request(SHORT_PROMPT, chat_id))), PartType.FINISH)
        chat = await owner.read(chat_id)
        same("who is in the chat", (chat.members, chat.invited, len(chat.messages)), ((second,), (), 4))
        for what, asking in {
            "title": other.update(chat_id, title="Mine"),
            "invitation": other.invite(chat_id, new_id("user")),
            "removal": other.remove(chat_id, second),
            "deletion": other.delete(chat_id),
        }.items():
            await denied(f"a member's {what}", ErrorCode.FORBIDDEN, asking)
        await owner.remove(chat_id, second)
        await not_there("a chat that one was taken out of", other.read(chat_id))
        same("such a chat in the list", [chat for chat in (await other.chats()).entries if chat.id == chat_id], [])
        await not_there("removing who is not in the chat", owner.remove(chat_id, second))


@CASES.case(
    "A declined invitation is removed, and the owner cannot repeat it.",
    needs=("second user",),
)
async def declined_invitation(trial: Trial) -> None:
    async with _invited(trial, "second", "first") as (owner, other, chat_id):
        await other.decline(chat_id)
        same("the invitations after it was declined", await _invitations(other, chat_id), [])
        for asking in (other.accept(chat_id), other.decline(chat_id)):
            await not_there("an invitation that was declined", asking)
        await denied("another invitation", ErrorCode.FORBIDDEN, owner.invite(chat_id, trial.stack.sub("first")))


@CASES.case(
    "A member can leave a chat at any time, and their running stream is cancelled; the owner cannot leave.",
    needs=("second user",),
    manner="slow model",
)
async def leaving(trial: Trial) -> None:
    async with _invited(trial, "second", "first") as (owner, other, chat_id):
        await other.accept(chat_id)
        parts = other.stream(trial.request(chat_id=chat_id))
        received = await first_text(parts)
        async with trial.client("first") as elsewhere:
            await elsewhere.leave(chat_id)
            received += await within(10, "the end of a former member's stream", parts)
            ends_once(received, PartType.ABORT)
            await not_there("a chat that one has left", elsewhere.read(chat_id))
        same("the members", (await owner.read(chat_id)).members, ())
        await denied("the owner's leaving", ErrorCode.INVALID_REQUEST, owner.leave(chat_id))
        await denied(
            "an invitation of who has left", ErrorCode.FORBIDDEN, owner.invite(chat_id, trial.stack.sub("first"))
        )


@CASES.case(
    "Only another user can be invited, and a list of invitations continues only after a cursor of its own pages."
)
async def malformed_invitations(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client() as client:
        for sub in ("", "a b", "user#1", "x" * 129, trial.stack.sub("first")):
            await denied(
                f"the invitation of {sub!r:.20}", ErrorCode.INVALID_REQUEST, client.invite(request.chat_id, sub)
            )
        await not_there("an invitation that nobody sent", client.accept(request.chat_id + "-2"))
        await denied("a cursor that no page gave", ErrorCode.INVALID_REQUEST, client.invitations("nonsense"))
        same("what came before invitations that are over", await client.invitations(LONG_AGO), Page((), None))


@CASES.case(
    f"A user can send {INVITATIONS_AN_HOUR} invitations an hour, and a refusal says when the next one is possible.",
    needs=("sandbox",),
)
async def many_invitations(trial: Trial) -> None:
    token = await trial.sandbox.stranger("pro", INVITER)
    request = trial.request(SHORT_PROMPT)
    async with client_for(trial.architecture, trial.stack.outputs, token, signer=trial.stack.signer) as client:
        ends_once(await rest(client.stream(request)), PartType.FINISH)
        for _ in range(INVITATIONS_AN_HOUR):
            try:
                await client.invite(request.chat_id, new_id("user"))
            except Refused:
                break
        seconds = await _later(client.invite(request.chat_id, new_id("user")))
        expect(0 < seconds <= HOUR, f"the next invitation may go after {seconds:g} s")


@asynccontextmanager
async def _invited(trial: Trial, inviter: User, invitee: User) -> AsyncGenerator[tuple[Client, Client, str]]:
    """A client of each, and a chat of the first to which the second is invited."""
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request, inviter)
    async with trial.client(inviter) as owner, trial.client(invitee) as other:
        await owner.invite(request.chat_id, trial.stack.sub(invitee))
        yield owner, other, request.chat_id


async def _invitations(client: Client, chat_id: str) -> list[Invitation]:
    """Those to this chat, among the latest."""
    return [each for each in (await client.invitations()).entries if each.chat_id == chat_id]


async def _later(asking: Awaitable[object]) -> float:
    """Expects a request to be refused as rate_limited; after how many seconds it may come again."""
    try:
        await asking
    except Refused as refusal:
        same("the refusal", refusal.code, ErrorCode.RATE_LIMITED)
        expect(refusal.retry_after is not None, "the refusal does not say when to try again")
        return refusal.retry_after or 0
    return fail("a request that should have been too early was answered")
