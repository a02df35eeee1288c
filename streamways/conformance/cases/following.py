"""What a page hears that asks nothing: on AppSync, the streams that its user begins elsewhere."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.contract.architectures import appsync
from streamways.clients.client import SILENCE_SECONDS
from streamways.clients.inboxes import Inbox, Silent
from streamways.clients.realtime import Realtime, data_of
from streamways.clients.wire import child
from streamways.conformance.case import Cases
from streamways.conformance.expect import fail, same
from streamways.conformance.stack import User
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
SUBSCRIPTION = "subscription Chat($chatId: ID) { onParts(chatId: $chatId) { streamId } }"


@CASES.case(
    "A subscription to a chat delivers the streams of its own user in that chat, and no others.",
    on=((appsync.NAME,),),
    needs=("second user",),
)
async def followed_chat(trial: Trial) -> None:
    elsewhere, there, of_another = (trial.request(SHORT_PROMPT) for _ in range(3))
    async with (
        _heard(trial, "first", {"chatId": there.chat_id}) as chat,
        _heard(trial, "second", {"chatId": there.chat_id}) as foreign,
        _heard(trial, "second", {}) as everything,
    ):
        await trial.whole(elsewhere)
        await trial.whole(there)
        same("the stream that a follower of the chat hears first", await _stream(chat), there.stream_id)
        await trial.whole(of_another, "second")
        same("the stream that another user hears first", await _stream(everything), of_another.stream_id)
        try:
            heard = await _stream(foreign, 0)
        except Silent:
            return
    fail(f"another user hears the chat: {heard}")


@asynccontextmanager
async def _heard(trial: Trial, user: User, variables: dict[str, object]) -> AsyncGenerator[Inbox]:
    outputs = trial.stack.outputs
    urls = outputs[appsync.REALTIME_URL], outputs[appsync.URL]
    connection = await Realtime(*urls, trial.stack.tokens[user]).open()
    try:
        async with connection.subscription(SUBSCRIPTION, variables) as inbox:
            yield inbox
    finally:
        await connection.close()


async def _stream(inbox: Inbox, seconds: float = SILENCE_SECONDS) -> object:
    while (data := data_of(await inbox.next(seconds))) is None:
        pass
    return child(data, "onParts")["streamId"]
