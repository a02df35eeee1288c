"""Continuing an answer that ended early: one message that grows, whoever reads it, and from wherever."""

from dataclasses import dataclass, replace
from itertools import dropwhile

from shared.contract.parts import PartType
from streamways.clients.chats import text_of
from streamways.clients.client import ChatRequest, Client, Received
from streamways.clients.summary import answer
from streamways.conformance.case import Cases
from streamways.conformance.expect import same
from streamways.conformance.reading import ends_once, equal_parts, first_text, placed_text, rest, within
from streamways.conformance.trial import Trial

CASES = Cases()
STOP_SECONDS = 5.0


@CASES.case(
    "A stopped answer can be continued: the same message grows, and the model receives its earlier text.",
    manner="slow model",
)
async def continuation(trial: Trial) -> None:
    async with trial.client() as client:
        begun = await _stopped(trial, client)
        request = begun.continued_by(trial.request())
        parts = client.stream(request)
        continued = await first_text(parts)
        await client.cancel(request.chat_id, request.stream_id)
        continued += await within(STOP_SECONDS, "the second cancel", parts)
        kept = await client.read(request.chat_id)
    ends_once(continued, PartType.ABORT)
    same("the message that grows", continued[0].part.get("messageId"), begun.message_id)
    same("the ids of the answers", [str(message["id"]) for message in kept.messages[1:]], [begun.message_id])
    same("the answer that the chat keeps", text_of(kept.messages[1]), begun.text + answer(continued))


@CASES.case(
    "The whole replay of a continued answer begins with its earlier parts, which have no cursor.",
    manner="slow model",
)
async def replay_of_a_continuation(trial: Trial) -> None:
    async with trial.client() as client, trial.client() as reloaded, trial.client() as tab:
        begun = await _stopped(trial, client)
        request = begun.continued_by(trial.request())
        parts = client.stream(request)
        continued = await placed_text(parts)
        replay = reloaded.resume(request.chat_id)
        replayed = await first_text(replay)
        await client.cancel(request.chat_id, request.stream_id)
        live = continued + await within(STOP_SECONDS, "the second cancel", parts)
        replayed += await rest(replay)
        read_on = await rest(tab.resume(request.chat_id, continued[-1].cursor))
        kept = (await client.read(request.chat_id)).messages[1]
    ends_once(live, PartType.ABORT)
    same("the first part of the replay", replayed[0].part, live[0].part)
    same("the text of the replay", answer(replayed), text_of(kept))
    own = list(dropwhile(lambda item: item.type != PartType.START, replayed[1:]))
    held = replayed[: len(replayed) - len(own)]
    same("the places of what was held", {item.cursor for item in held}, {None})
    same("the text that was held", answer(held), begun.text)
    equal_parts("the stream in the replay", own, live)
    equal_parts("what was read on", read_on, live[len(continued) :])


@dataclass(frozen=True)
class _Begun:
    """An answer that was stopped."""

    request: ChatRequest
    received: list[Received]

    @property
    def message_id(self) -> str:
        return str(self.received[0].part["messageId"])

    @property
    def text(self) -> str:
        return answer(self.received)

    def continued_by(self, more: ChatRequest) -> ChatRequest:
        """What useChat sends when it is to send no new message."""
        partial = {"id": self.message_id, "role": "assistant", "parts": [{"type": "text", "text": self.text}]}
        messages = (*self.request.messages, partial)
        return replace(more, chat_id=self.request.chat_id, messages=messages, message_id=self.message_id)


async def _stopped(trial: Trial, client: Client) -> _Begun:
    request = trial.request()
    parts = client.stream(request)
    received = await first_text(parts)
    await client.cancel(request.chat_id, request.stream_id)
    return _Begun(request, received + await within(STOP_SECONDS, "the cancel", parts))
