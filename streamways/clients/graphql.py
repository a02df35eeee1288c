"""AppSync's GraphQL endpoint over HTTP, and the operations of this project's API."""

import json
from collections.abc import Mapping
from typing import cast

import httpx

from shared.contract.usage import Rating
from streamways.clients import refusals
from streamways.clients.addresses import is_loopback, trusted
from streamways.clients.chats import Chat, ChatSummary, Invitation, Page, page_of_chats, page_of_invitations
from streamways.clients.client import OPEN_SECONDS, ChatRequest
from streamways.clients.errors import Cut, Unreachable
from streamways.clients.limits import UserLimits
from streamways.clients.wire import child, json_object

START = """mutation Start($streamId: ID!, $chatId: ID!, $messages: String!, $trigger: String, $messageId: ID) {
  startStream(streamId: $streamId, chatId: $chatId, messages: $messages, trigger: $trigger, messageId: $messageId) {
    streamId
  }
}"""
CANCEL = "mutation Cancel($streamId: ID!) { cancelStream(streamId: $streamId) }"
ACTIVE = "query Active($chatId: ID!, $after: String) { activeStream(chatId: $chatId, after: $after) { streamId } }"
PARTS = """query Parts($streamId: ID!, $after: String) {
  parts(streamId: $streamId, after: $after) { preamble epoch firstSequence parts cursor ended }
}"""
CHATS = "query Chats($after: String) { chats(after: $after) { chats { id title role updatedAt } next } }"
CHAT = "query Chat($id: ID!) { chat(id: $id) { id title owner members invited messages } }"
UPDATE = "mutation Update($id: ID!, $title: String) { updateChat(id: $id, title: $title) { id } }"
RATE = """mutation Rate($chatId: ID!, $messageId: ID!, $rating: Rating) {
  rateAnswer(chatId: $chatId, messageId: $messageId, rating: $rating) { rating }
}"""
INVITE = "mutation Invite($id: ID!, $sub: ID!) { inviteUser(id: $id, sub: $sub) { id } }"
REMOVE = "mutation Remove($id: ID!, $sub: ID!) { removeUser(id: $id, sub: $sub) { id } }"
LEAVE = "mutation Leave($id: ID!) { leaveChat(id: $id) }"
INVITATIONS = """query Invitations($after: String) {
  invitations(after: $after) { invitations { chatId title from at } next }
}"""
ACCEPT = "mutation Accept($id: ID!) { acceptInvitation(id: $id) { id } }"
DECLINE = "mutation Decline($id: ID!) { declineInvitation(id: $id) }"
LIMITS = "query Limits { limits { tier features maxOutputTokens quotas { name limit remaining nextIn } } }"
DELETE = "mutation Delete($id: ID!) { deleteChat(id: $id) }"

_SOURCE = "AppSync"


class GraphqlApi:
    """The API, as the user of one token. Each method raises ClientError."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._http = httpx.AsyncClient(
            headers={"authorization": token} if token else {},
            timeout=OPEN_SECONDS,
            trust_env=not is_loopback(url),
            verify=trusted(),
        )

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def start(self, request: ChatRequest) -> None:
        """Starts a stream, or joins it where it was started already."""
        variables = {
            "streamId": request.stream_id,
            "chatId": request.chat_id,
            "messages": json.dumps(request.messages),
            "trigger": request.trigger,
            "messageId": request.message_id,
        }
        await self._ask(START, variables)

    async def cancel(self, stream_id: str) -> None:
        """Stops a stream."""
        await self._ask(CANCEL, {"streamId": stream_id})

    async def active_stream(self, chat_id: str, after: str | None) -> str | None:
        """The id of the stream that a reader at this place, or one without a place, goes on with in this chat."""
        found = child(await self._ask(ACTIVE, {"chatId": chat_id, "after": after}), "activeStream").get("streamId")
        return None if found is None else str(found)

    async def parts(self, stream_id: str, after: str | None) -> Mapping[str, object]:
        """A page of a stream's journal, from its first part or after a cursor: a batch with `preamble` and `ended`."""
        return child(await self._ask(PARTS, {"streamId": stream_id, "after": after}), "parts")

    async def chats(self, after: str | None) -> Page[ChatSummary]:
        """See `Client.chats`."""
        return page_of_chats(child(await self._ask(CHATS, {"after": after}), "chats"))

    async def chat(self, chat_id: str) -> Chat:
        """See `Client.read`."""
        chat = child(await self._ask(CHAT, {"id": chat_id}), "chat")
        messages = [json_object(str(text), _SOURCE) for text in cast("list[object]", chat.get("messages") or [])]
        return Chat.from_json({**chat, "messages": messages})

    async def update(self, chat_id: str, title: str | None) -> None:
        """See `Client.update`."""
        await self._ask(UPDATE, {"id": chat_id, "title": title})

    async def rate(self, chat_id: str, message_id: str, rating: Rating | None) -> None:
        """See `Client.rate`."""
        await self._ask(RATE, {"chatId": chat_id, "messageId": message_id, "rating": rating})

    async def invite(self, chat_id: str, sub: str) -> None:
        """See `Client.invite`."""
        await self._ask(INVITE, {"id": chat_id, "sub": sub})

    async def remove(self, chat_id: str, sub: str) -> None:
        """See `Client.remove`."""
        await self._ask(REMOVE, {"id": chat_id, "sub": sub})

    async def leave(self, chat_id: str) -> None:
        """See `Client.leave`."""
        await self._ask(LEAVE, {"id": chat_id})

    async def invitations(self, after: str | None) -> Page[Invitation]:
        """See `Client.invitations`."""
        return page_of_invitations(child(await self._ask(INVITATIONS, {"after": after}), "invitations"))

    async def accept(self, chat_id: str) -> None:
        """See `Client.accept`."""
        await self._ask(ACCEPT, {"id": chat_id})

    async def decline(self, chat_id: str) -> None:
        """See `Client.decline`."""
        await self._ask(DECLINE, {"id": chat_id})

    async def delete(self, chat_id: str) -> None:
        """See `Client.delete`."""
        await self._ask(DELETE, {"id": chat_id})

    async def limits(self) -> UserLimits:
        """See `Client.limits`."""
        return UserLimits.from_json(child(await self._ask(LIMITS, {}), "limits"))

    async def _ask(self, document: str, variables: Mapping[str, object]) -> dict[str, object]:
        try:
            response = await self._http.post(self._url, json={"query": document, "variables": variables})
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(f"nothing answers at {self._url}: {error}") from error
        except httpx.TransportError as error:
            raise Cut(f"{_SOURCE} gave no answer: {error or type(error).__name__}") from error
        if response.status_code != 200:
            raise refusals.from_http(response.status_code, response.headers, response.content)
        answer = json_object(response.content, _SOURCE)
        if answer.get("errors"):
            raise refusals.from_graphql(answer["errors"], response.status_code)
        return child(answer, "data")
