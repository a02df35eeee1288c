"""What every stream is: numbered parts in order, one end, the text of the model, its usage; and what is refused."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import httpx

from shared.contract.architectures import appsync, function_url
from shared.contract.errors import ErrorCode
from shared.contract.limits import MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES
from shared.contract.parts import PartType
from streamways.clients import refusals
from streamways.clients.addresses import is_loopback, trusted
from streamways.clients.chats import text_of
from streamways.clients.client import ChatRequest, Received, new_id
from streamways.clients.summary import answer, message_metadata, summarise
from streamways.conformance.case import Cases
from streamways.conformance.expect import expect, same
from streamways.conformance.reading import each_once, ends_once, equal_parts, kinds, not_there, refused
from streamways.conformance.stack import User
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()


@CASES.case("Parts arrive in order and without gaps, and each piece of text stands in an open block.")
async def order(trial: Trial) -> None:
    request = trial.request()
    received = await trial.whole(request)
    each_once(received)
    equal_parts("the replay", await trial.resumed(request.chat_id), received)
    same("the first parts", kinds(received)[:2], [PartType.START, PartType.START_STEP])
    expect(bool(received[0].part.get("messageId")), "`start` carries no messageId")
    texts = [item for item in received if item.type.startswith("text-")]
    same("the text blocks' ends", (texts[0].type, texts[-1].type), (PartType.TEXT_START, PartType.TEXT_END))
    same("the ids of the text's parts", {item.part["id"] for item in texts}, {texts[0].part["id"]})
    pieces = {item.message for item in received if item.type == PartType.TEXT_DELTA}
    expect(len(pieces) > 1, "the text came in one piece")


@CASES.case("A stream has exactly one terminal part, and it is the last part.")
async def one_terminal_part(trial: Trial) -> None:
    ends_once(await trial.whole(trial.request(SHORT_PROMPT)), PartType.FINISH)


@CASES.case("The client receives exactly the text of the model, and the chat keeps the same text.")
async def text_equality(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        text = answer([received async for received in client.stream(request)])
        kept = (await client.read(request.chat_id)).messages[-1]
    same("the answer that the chat keeps", text_of(kept), text)
    if trial.stack.sandbox is not None:
        [call] = await trial.stack.sandbox.ended_model_calls(trial.word)
        same("the text", text, call["text"])


@CASES.case("The terminal part carries the stream id and the token usage.")
async def usage(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    received = await trial.whole(request)
    metadata, summary = message_metadata(received), summarise(received)
    same("the stream id in the metadata", metadata.get("streamId"), request.stream_id)
    counts = summary.usage or {}
    expect(counts.get("inputTokens", 0) > 0, f"the usage counts no input: {counts}")
    expect(counts.get("outputTokens", 0) > 0, f"the usage counts no output: {counts}")
    same("the total of the usage", counts.get("totalTokens"), counts["inputTokens"] + counts["outputTokens"])
    expect("cost" in metadata, f"the metadata has no cost: {metadata}")
    if trial.stack.sandbox is not None:
        [call] = await trial.stack.sandbox.ended_model_calls(trial.word)
        same("the output tokens", counts["outputTokens"], call["outputTokens"])


USER_TEXT: Mapping[str, object] = {"role": "user", "parts": [{"type": "text", "text": "Hello"}]}
MALFORMED: Mapping[str, tuple[Sequence[object], str]] = {
    "no messages": ((), "submit-message"),
    "a system message": (({"role": "system", "parts": [{"type": "text", "text": "obey"}]},), "submit-message"),
    "no text": (({"role": "user", "parts": []},), "submit-message"),
    "parts of a wrong type": (({"role": "user", "parts": "text"},), "submit-message"),
    "a message that is no object": (("hello",), "submit-message"),
    "an unknown trigger": ((USER_TEXT,), "explode"),
    "a role in the history that is none": (({**USER_TEXT, "role": "tool"}, USER_TEXT), "submit-message"),
}


@CASES.case("A malformed request is refused as invalid_request, and the connection serves the next request.")
async def malformed_input(trial: Trial) -> None:
    async with trial.client() as client:
        for what, (messages, trigger) in MALFORMED.items():
            given = cast("tuple[Mapping[str, object], ...]", messages)
            request = ChatRequest(new_id("chat"), new_id("stream"), given, trigger)
            await refused(what, ErrorCode.INVALID_REQUEST, parts=client.stream(request))
        for bad in ("no spaces", "x" * 65):
            request = ChatRequest(new_id("chat"), bad, (USER_TEXT,))
            await refused(f"the stream id {bad[:10]!r}", ErrorCode.INVALID_REQUEST, parts=client.stream(request))
        ends_once([received async for received in client.stream(trial.request(SHORT_PROMPT))], PartType.FINISH)


BODIES: Mapping[bytes, tuple[int, str]] = {
    b"not json": (400, ErrorCode.INVALID_REQUEST),
    b"[]": (400, ErrorCode.INVALID_REQUEST),
    b'{"id": "chat", "messages": []}': (400, ErrorCode.INVALID_REQUEST),
    b"[" * 100_000: (400, ErrorCode.INVALID_REQUEST),
    b" " * (MAX_REQUEST_BYTES + 1): (413, ErrorCode.TOO_LARGE),
}


@CASES.case(
    "The function URL refuses a request with an HTTP status, before the first byte of a stream.",
    on=((function_url.NAME,),),
)
async def http_statuses(trial: Trial) -> None:
    url, token = f"{trial.stack.outputs[function_url.URL]}api/chat", trial.stack.tokens["first"]
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    async with httpx.AsyncClient(headers=headers, trust_env=not is_loopback(url), verify=trusted()) as http:
        for body, expected in BODIES.items():
            response = await http.post(url, content=body)
            refusal = refusals.from_http(response.status_code, response.headers, response.content)
            same(f"the refusal of {body[:30]!r}", (refusal.status, refusal.code), expected)


@CASES.case("Two users may use the same stream id, and each receives only their own stream.", needs=("second user",))
async def one_id_of_two_users(trial: Trial) -> None:
    first = trial.request(SHORT_PROMPT)
    second = replace(trial.request("And why MIT?"), stream_id=first.stream_id)
    mine, theirs = await asyncio.gather(trial.whole(first), trial.whole(second, "second"))
    for received in (mine, theirs):
        each_once(received)
        ends_once(received, PartType.FINISH)
    asked: tuple[tuple[ChatRequest, User, list[Received]], ...] = ((first, "first", mine), (second, "second", theirs))
    for request, user, received in asked:
        async with trial.client(user) as client:
            kept = (await client.read(request.chat_id)).messages
        same("the messages of the chat", len(kept), 2)
        same("the answer", text_of(kept[1]), answer(received))


@CASES.case("A message of 100 KB is accepted; on a WebSocket it takes several frames.")
async def long_message(trial: Trial) -> None:
    ends_once(await trial.whole(trial.request("x" * 100_000)), PartType.FINISH)


@CASES.case(
    "A message of over 300 KB is refused as too_large and leaves no chat behind. A WebSocket API closes at 128 KB.",
    on=((function_url.NAME,), (appsync.NAME,)),
)
async def too_large(trial: Trial) -> None:
    request = trial.request("x" * (MAX_MESSAGE_BYTES + 1))
    async with trial.client() as client:
        await refused("a message that is too long", ErrorCode.TOO_LARGE, parts=client.stream(request))
        await not_there("a refused request's chat", client.read(request.chat_id))
