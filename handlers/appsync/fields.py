"""What each field of the API answers, one function a field; `schema.graphql` describes them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.auth.guard import guard
from shared.auth.user import User
from shared.chats.members import Members
from shared.chats.store import ChatStore
from shared.errors import InvalidRequest, NotFound
from shared.init_phase import at_init
from shared.limits.limits import Limits
from shared.protocol.cursor import Cursor
from shared.protocol.parts import WORKER_EPOCH, is_terminal
from shared.protocol.request import ChatRequest, identifier
from shared.protocol.strict_json import read_list, read_object
from shared.streams.admission import Admission, Joined
from shared.streams.dispatch import Dispatcher
from shared.streams.journal import JournalReader
from shared.streams.preamble import preamble
from shared.streams.ratings import Ratings
from shared.streams.repository import StreamRepository

MAX_HISTORY_BYTES = 4_000_000
"""What the messages of one chat may come to: AppSync answers with 5 MB at most.
https://docs.aws.amazon.com/general/latest/gr/appsync.html"""


@dataclass(frozen=True)
class FieldCall:
    """One field of one request: who asks, the field's arguments, and what ties the logs together."""

    viewer: User
    arguments: Mapping[str, object]
    correlation_id: str

    @property
    def user(self) -> str:
        """The `sub` of who asks."""
        return self.viewer.sub

    def identifier(self, name: str) -> str:
        """The argument that must be an id. Raises InvalidRequest."""
        return identifier(self.arguments.get(name), f"`{name}`")

    @property
    def body(self) -> Mapping[str, object]:
        """What the client sends beside the other arguments. Raises InvalidRequest."""
        body = self.arguments.get("body")
        return {} if body is None else read_object(body if isinstance(body, str) else "", "`body`")


admission = at_init(Admission.from_environment)
dispatcher = at_init(Dispatcher.from_environment)
repository = at_init(StreamRepository.from_environment)
journal = at_init(JournalReader.from_environment)
chat_store = at_init(ChatStore.from_environment)
members = at_init(Members.from_environment)
limits = at_init(Limits.from_environment)
ratings = at_init(Ratings.from_environment)


def _viewer(call: FieldCall) -> object:
    return {"sub": call.viewer.sub, "username": call.viewer.username, "groups": [*call.viewer.groups]}


def _limits(call: FieldCall) -> object:
    return limits().standing(call.user, call.viewer.tier).to_json()


def _start_stream(call: FieldCall) -> object:
    options = {name: call.arguments.get(name) for name in ("trigger", "messageId")}
    messages = read_list(call.arguments.get("messages"), "`messages`")
    request = ChatRequest.from_client({"id": call.identifier("chatId"), "messages": messages, **options})
    stream_id = call.identifier("streamId")
    guard(call.user, request.chat_id, call.body)
    admitted = admission().admit(
        call.user, request, tier=call.viewer.tier, stream_id=stream_id, correlation_id=call.correlation_id
    )
    if not isinstance(admitted, Joined):
        dispatcher().dispatch(admitted, {})
    return {"streamId": admitted.stream_id, "chatId": request.chat_id}


def _cancel_stream(call: FieldCall) -> object:
    stream_id = call.identifier("streamId")
    repository().cancel(call.user, stream_id)
    return stream_id


def _active_stream(call: FieldCall) -> object:
    chat_id, after = call.identifier("chatId"), _after(call)
    guard(call.user, chat_id, call.body)
    stream = repository().resumable(call.user, chat_id, after)
    return stream and {"streamId": stream.stream_id, "chatId": stream.chat_id}


def _parts(call: FieldCall) -> object:
    stream_id, after = call.identifier("streamId"), _after(call)
    if after is not None and after.stream_id != stream_id:
        raise InvalidRequest(f"`after` must be a cursor of the stream {stream_id!r}; this one is of another.")
    # The record comes first: once it has ended, all that there will ever be is in the journal.
    record = repository().record(call.user, stream_id)
    if record is None:
        raise NotFound(f"You have no stream {stream_id!r}.")
    guard(call.user, record.chat_id, call.body)
    journaled = journal().read(call.user, stream_id, after)
    # All parts of a page are of one epoch: the reaper's may have numbers that the client knows the worker's by.
    page = [numbered for numbered in journaled if numbered.epoch == journaled[0].epoch]
    reached = Cursor.behind(stream_id, page[-1]) if page else after
    return {
        "streamId": stream_id,
        "preamble": preamble(repository().table, record) if after is None else [],
        "epoch": reached.epoch if reached else WORKER_EPOCH,
        "firstSequence": page[0].sequence if page else reached.sequence + 1 if reached else 0,
        "parts": [numbered.part for numbered in page],
        "cursor": reached and str(reached),
        "ended": is_terminal(page[-1].part) if page else record.state == "ended",
    }


def _after(call: FieldCall) -> Cursor | None:
    cursor = call.arguments.get("after")
    return None if cursor is None else Cursor.parse(cursor, "`after`")


def _chats(call: FieldCall) -> object:
    return chat_store().list(call.user, call.arguments.get("after"))


def _chat(call: FieldCall) -> object:
    chat_id = call.identifier("id")
    guard(call.user, chat_id, call.body)
    chat = chat_store().read(call.user, chat_id)
    newest = _newest(chat["messages"])
    return {**chat, "messages": newest, "omitted": len(chat["messages"]) - len(newest)}


def _newest(messages: Sequence[object]) -> Sequence[object]:
    """As many of the last messages as an answer has room for."""
    size = 0
    for index in range(len(messages) - 1, -1, -1):
        # A message travels as AWSJSON, which is text within JSON.
        size += len(json.dumps(json.dumps(messages[index], ensure_ascii=False)))
        if size > MAX_HISTORY_BYTES:
            return messages[index + 1 :]
    return messages


def _update_chat(call: FieldCall) -> object:
    return chat_store().update(call.user, call.identifier("id"), title=call.arguments.get("title"))


def _delete_chat(call: FieldCall) -> object:
    chat_id = call.identifier("id")
    chat_store().delete(call.user, chat_id)
    return chat_id


def _rate_answer(call: FieldCall) -> object:
    given = {"rating": call.arguments.get("rating")}  # AppSync leaves out what is null
    return ratings().rate(call.user, call.identifier("chatId"), call.arguments.get("messageId"), given)


def _invite_user(call: FieldCall) -> object:
    return members().invite(call.user, call.identifier("id"), call.arguments.get("sub"))


def _remove_user(call: FieldCall) -> object:
    return members().remove(call.user, call.identifier("id"), call.arguments.get("sub"))


def _leave_chat(call: FieldCall) -> object:
    chat_id = call.identifier("id")
    members().leave(call.user, chat_id)
    return chat_id


def _invitations(call: FieldCall) -> object:
    return members().invitations(call.user, call.arguments.get("after"))


def _accept_invitation(call: FieldCall) -> object:
    return members().accept(call.user, call.identifier("id"))


def _decline_invitation(call: FieldCall) -> object:
    chat_id = call.identifier("id")
    members().decline(call.user, chat_id)
    return chat_id


FIELDS: Mapping[str, Callable[[FieldCall], object]] = {
    "viewer": _viewer,
    "limits": _limits,
    "startStream": _start_stream,
    "cancelStream": _cancel_stream,
    "activeStream": _active_stream,
    "parts": _parts,
    "chats": _chats,
    "chat": _chat,
    "updateChat": _update_chat,
    "deleteChat": _delete_chat,
    "rateAnswer": _rate_answer,
    "inviteUser": _invite_user,
    "removeUser": _remove_user,
    "leaveChat": _leave_chat,
    "invitations": _invitations,
    "acceptInvitation": _accept_invitation,
    "declineInvitation": _decline_invitation,
}
"""Field of Query or Mutation → its function, which returns what the field resolves to. Raises StreamwaysError."""
