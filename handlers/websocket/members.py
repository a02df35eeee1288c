"""The frames about who is in a chat, each answered with `result`: `invite`, `remove`, `leave`, and for whom was invited
`invitations`, `accept` and `decline`."""

from handlers.websocket import frames
from handlers.websocket.caller import Caller
from handlers.websocket.connection import Connection
from handlers.websocket.environment import members


def invite(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """Invites the user `sub`: the chat as it is then, without its messages."""
    chat = members().invite(caller.sub, frame.chat_id, frame.fields.get("sub"))
    connection.send(frames.result(frame.request_id, chat))


def remove(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """Takes out the member `sub`, or withdraws the invitation: the chat as it is then, without its messages."""
    chat = members().remove(caller.sub, frame.chat_id, frame.fields.get("sub"))
    connection.send(frames.result(frame.request_id, chat))


def leave(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """`{"id"}` of the chat that the user has left."""
    members().leave(caller.sub, frame.chat_id)
    connection.send(frames.result(frame.request_id, {"id": frame.chat_id}))


def list_invitations(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """A page of `{"invitations", "next"?}`, which one frame has room for."""
    page = members().invitations(caller.sub, frame.fields.get("after"))
    connection.send(frames.result(frame.request_id, page))


def accept(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """The chat that the user is a member of now, without its messages."""
    connection.send(frames.result(frame.request_id, members().accept(caller.sub, frame.chat_id)))


def decline(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """`{"id"}` of the chat that the user was invited to."""
    members().decline(caller.sub, frame.chat_id)
    connection.send(frames.result(frame.request_id, {"id": frame.chat_id}))
