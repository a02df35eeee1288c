"""The frames about chats: `list`, `read`, `update` and `delete`, each answered with `result`."""

from handlers.websocket import frames
from handlers.websocket.caller import Caller
from handlers.websocket.connection import Connection
from handlers.websocket.environment import chats
from handlers.websocket.slices import pieces, slices
from shared.auth.guard import guard


def list_chats(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """A page of `{"chats", "next"?}`, which one frame has room for."""
    page = chats().list(caller.sub, frame.fields.get("after"))
    connection.send(frames.result(frame.request_id, page))


def read(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """The chat with its `messages`, in as many frames as they need; each says all else of the chat again."""
    guard(caller.sub, frame.chat_id, frame.body)
    chat = chats().read(caller.sub, frame.chat_id)
    for part, more in slices(pieces(chat["messages"])):
        connection.send(frames.result(frame.request_id, {**chat, "messages": part}, more=more))


def update(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """The chat as it is then, without its messages."""
    title, members = frame.fields.get("title"), frame.fields.get("members")
    chat = chats().update(caller.sub, frame.chat_id, title=title, members=members)
    connection.send(frames.result(frame.request_id, chat))


def delete(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """`{"id"}` of the chat that was."""
    chats().delete(caller.sub, frame.chat_id)
    connection.send(frames.result(frame.request_id, {"id": frame.chat_id}))
