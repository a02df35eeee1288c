"""The frame `limits`, answered with `result`: what the user may do now."""

from handlers.websocket import frames
from handlers.websocket.caller import Caller
from handlers.websocket.connection import Connection
from handlers.websocket.environment import limits


def read(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """`{"tier", "features", "maxOutputTokens", "quotas"}`."""
    standing = limits().standing(caller.sub, caller.tier)
    connection.send(frames.result(frame.request_id, standing.to_json()))
