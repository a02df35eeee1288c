"""The frame `rate`, answered with `result`: what the user thinks of an answer."""

from handlers.websocket import frames
from handlers.websocket.caller import Caller
from handlers.websocket.connection import Connection
from handlers.websocket.environment import ratings


def rate(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """Takes `messageId`, and as `rating` "up", "down" or null; answers with `{"messageId", "rating"}`."""
    rated = ratings().rate(caller.sub, frame.chat_id, frame.fields.get("messageId"), frame.fields)
    connection.send(frames.result(frame.request_id, rated))
