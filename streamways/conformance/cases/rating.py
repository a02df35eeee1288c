"""Ratings: a thumb up or down of the user who has asked for an answer, read again with the chat."""

from typing import cast

from shared.contract.errors import ErrorCode
from shared.contract.parts import PartType
from shared.contract.usage import Rating
from streamways.clients.chats import Chat
from streamways.clients.client import new_id
from streamways.conformance.case import PAIRS, Cases
from streamways.conformance.expect import same
from streamways.conformance.reading import denied, ends_once, first_text, not_there, rest
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
NOT_THEIRS = "no rating"
"""What a user is told of the rating of an answer that another has asked for."""


@CASES.case(
    "A user rates an answer that they have asked for, once it has ended; the last one counts, and can be taken back.",
    manner="slow model",
)
async def rating(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        parts = client.stream(request)
        received = await first_text(parts)
        answer_id = str(received[0].part["messageId"])
        early = client.rate(request.chat_id, answer_id, Rating.UP)
        await denied("rating a running answer", ErrorCode.INVALID_REQUEST, early)
        await client.cancel(request.chat_id, request.stream_id)
        ends_once(received + await rest(parts), PartType.ABORT)
        same("the rating of a new answer", _ratings(await client.read(request.chat_id)), [None])
        for chosen in (Rating.UP, Rating.DOWN, Rating.DOWN, None):
            await client.rate(request.chat_id, answer_id, chosen)
            same("the rating", _ratings(await client.read(request.chat_id)), [chosen])
        question_id = str((await client.read(request.chat_id)).messages[0]["id"])
        await denied(
            "rating a question", ErrorCode.INVALID_REQUEST, client.rate(request.chat_id, question_id, Rating.UP)
        )
        await not_there("a message that never was", client.rate(request.chat_id, new_id("message"), Rating.UP))
        await not_there("a chat that never was", client.rate(new_id("chat"), answer_id, Rating.UP))


@CASES.case(
    "A user rates no answer that another has asked for, as a member of the chat neither, and is told no rating of it.",
    needs=("second user",),
)
async def foreign_rating(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    async with trial.client() as owner, trial.client("second") as other:
        [_, answer] = (await owner.read(request.chat_id)).messages
        answer_id = str(answer["id"])
        await owner.rate(request.chat_id, answer_id, Rating.UP)
        await not_there("another's answer", other.rate(request.chat_id, answer_id, Rating.DOWN))
        await owner.invite(request.chat_id, trial.stack.sub("second"))
        await other.accept(request.chat_id)
        await denied("as a member", ErrorCode.FORBIDDEN, other.rate(request.chat_id, answer_id, Rating.DOWN))
        same("what a member is told", _ratings(await other.read(request.chat_id)), [NOT_THEIRS])
        same("the rating afterwards", _ratings(await owner.read(request.chat_id)), [Rating.UP])


@CASES.case("A rating that was given over one transport is read over another.", on=PAIRS)
async def rated_across(trial: Trial) -> None:
    given, read = trial.on
    request = trial.request(SHORT_PROMPT)
    async with trial.client(on=given) as first, trial.client(on=read) as second:
        received = await rest(first.stream(request))
        await first.rate(request.chat_id, str(received[0].part["messageId"]), Rating.DOWN)
        same("the rating", _ratings(await second.read(request.chat_id)), [Rating.DOWN])


def _ratings(chat: Chat) -> list[object]:
    """What a chat says of its answers' ratings."""
    answers = [message for message in chat.messages if message["role"] == "assistant"]
    told = [answer.get("metadata") for answer in answers]
    return [cast("dict[str, object]", metadata or {}).get("rating", NOT_THEIRS) for metadata in told]
