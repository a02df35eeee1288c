"""Chats: who may list, read, rename, share and delete them."""

from collections.abc import Sequence

from sandbox.clients.chats import ChatSummary
from sandbox.clients.client import new_id
from sandbox.conformance.case import PAIRS, Cases
from sandbox.conformance.expect import expect, same
from sandbox.conformance.reading import denied, ends_once, first_text, not_there, refused, rest, within
from sandbox.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()


@CASES.case(
    "A chat begins with its first message, which titles it; it is listed first, and can be renamed and deleted."
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


@CASES.case("What turns or controls a line is no part of a title, neither of the first message's nor of a chosen one.")
async def plain_titles(trial: Trial) -> None:
    request = trial.request("\u202eWhat is\u0007\nMIT-0?\u2066")
    await trial.whole(request)
    async with trial.client() as client:
        [listed] = _of(await client.chats(), request.chat_id)
        expect(listed.title.startswith("What is MIT-0?"), f"the first title is {listed.title!a}")
        await client.update(request.chat_id, title="\u200fin\u202evoice\u001b\t\u0000.exe ")
        same("the chosen title", (await client.read(request.chat_id)).title, "invoice .exe")
        await denied("a title that shows nothing", "invalid_request", client.update(request.chat_id, title="\u202e"))


@CASES.case("What cannot be a title or a list of members is refused; so is what names nothing to change.")
async def malformed_changes(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client() as client:
        chat_id, crowd = request.chat_id, [f"user-{index}" for index in range(51)]
        for what, change in {
            "an empty title": client.update(chat_id, title=""),
            "a long title": client.update(chat_id, title="x" * 201),
            "too many members": client.update(chat_id, members=crowd),
            "no change": client.update(chat_id),
        }.items():
            await denied(what, "invalid_request", change)


@CASES.case("A chat of others is as if it were not there.", needs=("second user",))
async def foreign_chat(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client("second") as other:
        await refused(
            "a message in another's chat", "not_found", parts=other.stream(trial.request("", request.chat_id))
        )
        await not_there("another's chat", other.read(request.chat_id))
        await not_there("renaming another's chat", other.update(request.chat_id, title="Mine"))
        await not_there("deleting another's chat", other.delete(request.chat_id))
        await not_there("a chat that never was", other.read(new_id("chat")))
        same("another's chat in the list", _of(await other.chats(), request.chat_id), [])
    async with trial.client() as client:
        same("the messages afterwards", len((await client.read(request.chat_id)).messages), 2)


@CASES.case("A member reads a chat and talks in it, but cannot rename, share or delete it.", needs=("second user",))
async def member(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client() as owner, trial.client("second") as other:
        await owner.update(request.chat_id, members=[trial.stack.sub("second")])
        [listed] = _of(await other.chats(), request.chat_id)
        same("the role", listed.role, "member")
        same("the members", (await other.read(request.chat_id)).members, (trial.stack.sub("second"),))
        ends_once(await rest(other.stream(trial.request(SHORT_PROMPT, request.chat_id))), "finish")
        same("the messages", len((await owner.read(request.chat_id)).messages), 4)
        await denied("a member's title", "forbidden", other.update(request.chat_id, title="Mine"))
        await denied("a member's members", "forbidden", other.update(request.chat_id, members=[]))
        await denied("a member's deletion", "forbidden", other.delete(request.chat_id))
        await owner.update(request.chat_id, members=[])
        await not_there("a chat that one was taken out of", other.read(request.chat_id))
        same("such a chat in the list", _of(await other.chats(), request.chat_id), [])


@CASES.case("A chat that is deleted while an answer runs in it takes that with it.", manner="slow model")
async def deleted_while_running(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client, trial.client() as other:
        parts = client.stream(request)
        received = await first_text(parts)
        await other.delete(request.chat_id)
        received += await within(10, "the end of a deleted chat's stream", parts)
        ends_once(received, "abort")
        await not_there("the deleted chat", other.read(request.chat_id))


@CASES.case("A chat is the same on each transport, and may go on over another.", on=PAIRS)
async def chat_across(trial: Trial) -> None:
    begun, other = trial.on
    request = trial.request(SHORT_PROMPT)
    async with trial.client(on=begun) as first, trial.client(on=other) as second:
        await rest(first.stream(request))
        ends_once(await rest(second.stream(trial.request(SHORT_PROMPT, request.chat_id))), "finish")
        here, there = await first.read(request.chat_id), await second.read(request.chat_id)
    same("the chat on both", there, here)
    same("the messages", len(here.messages), 4)


def _of(chats: Sequence[ChatSummary], chat_id: str) -> list[ChatSummary]:
    return [chat for chat in chats if chat.id == chat_id]
