"""Chats: who may list, read, rename and delete them."""

from shared.contract.errors import ErrorCode
from shared.contract.limits import PAGE_ENTRIES
from shared.contract.parts import PartType
from streamways.clients.chats import ChatSummary, Page
from streamways.clients.client import new_id
from streamways.conformance.case import PAIRS, Cases
from streamways.conformance.expect import expect, same
from streamways.conformance.reading import denied, ends_once, first_text, not_there, refused, rest, within
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
MOST_PAGES = 3
"""That are turned: a stack may be old, and its list long."""


@CASES.case(
    "The first message creates a chat and titles it; its owner finds it first in the list, renames it and deletes it."
)
async def chat_of_ones_own(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client() as client:
        [listed] = _of(await client.chats(), request.chat_id)
        same("the role", listed.role, "owner")
        expect(trial.word in listed.title, f"the title is {listed.title!r}, and not the first message")
        await client.update(request.chat_id, title="Greetings")
        chat = await client.read(request.chat_id)
        same("the title", chat.title, "Greetings")
        same("the owner", chat.owner, trial.stack.sub("first"))
        same("the messages", len(chat.messages), 2)
        [listed] = _of(await client.chats(), request.chat_id)
        same("the title in the list", listed.title, "Greetings")
        await client.delete(request.chat_id)
        await not_there("a deleted chat", client.read(request.chat_id))
        same("what is listed of a deleted chat", _of(await client.chats(), request.chat_id), [])
        await refused(
            "a start in a deleted chat", ErrorCode.NOT_FOUND, parts=client.stream(trial.request("", request.chat_id))
        )
        await not_there("deleting a deleted chat", client.delete(request.chat_id))


@CASES.case("A title contains no control characters and no characters that change the direction of text.")
async def plain_titles(trial: Trial) -> None:
    request = trial.request("\u202eWhat is\u0007\nMIT-0?\u2066")
    await trial.whole(request)
    async with trial.client() as client:
        [listed] = _of(await client.chats(), request.chat_id)
        expect(listed.title.startswith("What is MIT-0?"), f"the first title is {listed.title!a}")
        await client.update(request.chat_id, title="\u200fin\u202evoice\u001b\t\u0000.exe ")
        same("the chosen title", (await client.read(request.chat_id)).title, "invoice .exe")
        await denied(
            "a title that shows nothing", ErrorCode.INVALID_REQUEST, client.update(request.chat_id, title="\u202e")
        )


@CASES.case("A malformed title, and a change without a title, are refused.")
async def malformed_changes(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client() as client:
        chat_id = request.chat_id
        for what, change in {
            "an empty title": client.update(chat_id, title=""),
            "a long title": client.update(chat_id, title="x" * 201),
            "no change": client.update(chat_id),
        }.items():
            await denied(what, ErrorCode.INVALID_REQUEST, change)


@CASES.case("A chat looks to other users as if it did not exist.", needs=("second user",))
async def foreign_chat(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client("second") as other:
        await refused(
            "a message in another's chat", ErrorCode.NOT_FOUND, parts=other.stream(trial.request("", request.chat_id))
        )
        await not_there("another's chat", other.read(request.chat_id))
        await not_there("renaming another's chat", other.update(request.chat_id, title="Mine"))
        await not_there("deleting another's chat", other.delete(request.chat_id))
        await not_there("a chat that never was", other.read(new_id("chat")))
        same("another's chat in the list", _of(await other.chats(), request.chat_id), [])
    async with trial.client() as client:
        same("the messages afterwards", len((await client.read(request.chat_id)).messages), 2)


@CASES.case("The list of chats comes in pages, newest first, and no chat is on two pages.")
async def pages_of_chats(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client() as client:
        page = await client.chats()
        expect(bool(_of(page, request.chat_id)), "the latest chat is not on the first page")
        chats = [*page.entries]
        for _ in range(MOST_PAGES):
            if page.next is None:
                break
            same("the chats of a page with a successor", len(page.entries), PAGE_ENTRIES)
            page = await client.chats(page.next)
            chats += page.entries
        same("how often a chat is listed", len({chat.id for chat in chats}), len(chats))
        times = [chat.updated_at for chat in chats]
        same("the order", times, sorted(times, reverse=True))
        for forged in ("nonsense", request.chat_id, "ä"):
            await denied("a cursor that no page gave", ErrorCode.INVALID_REQUEST, client.chats(forged))


@CASES.case("The deletion of a chat cancels the stream that runs in it.", manner="slow model")
async def deleted_while_running(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client, trial.client() as other:
        parts = client.stream(request)
        received = await first_text(parts)
        await other.delete(request.chat_id)
        received += await within(10, "the end of a deleted chat's stream", parts)
        ends_once(received, PartType.ABORT)
        await not_there("the deleted chat", other.read(request.chat_id))


@CASES.case("A chat is the same on every transport and can continue on another one.", on=PAIRS)
async def chat_across(trial: Trial) -> None:
    begun, other = trial.on
    request = trial.request(SHORT_PROMPT)
    async with trial.client(on=begun) as first, trial.client(on=other) as second:
        await rest(first.stream(request))
        ends_once(await rest(second.stream(trial.request(SHORT_PROMPT, request.chat_id))), PartType.FINISH)
        here, there = await first.read(request.chat_id), await second.read(request.chat_id)
    same("the chat on both", there, here)
    same("the messages", len(here.messages), 4)


def _of(page: Page[ChatSummary], chat_id: str) -> list[ChatSummary]:
    return [chat for chat in page.entries if chat.id == chat_id]
