"""What a client of the WebSocket API asks about chats, and what it is answered."""

from typing import Any

from tests.support.starts import admitted, repository, used
from tests.support.websocket import CONNECTION, OWNER, World, error_of, receive

MAX_FRAME_BYTES = 128 * 1024
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""


def talk(prompt: str = "Why?", answer: str = "Because.", stream_id: str = "s-1", chat_id: str = "chat-1") -> None:
    """A message and its answer."""
    start = admitted(stream_id, prompt, chat_id=chat_id)
    assert repository().claim(start) == "claimed"
    assert repository().end(start, used("end_turn"), [{"type": "text", "text": answer}])


def ask(world: World, kind: str, **fields: Any) -> list[dict[str, Any]]:
    """The frames that answer a frame of the user's, or of whoever it is."""
    world.connections.forget()
    sub = fields.pop("sub", OWNER)
    receive({"type": kind, "requestId": "r-1", **fields}, sub=sub)
    assert all(len(received.body) <= MAX_FRAME_BYTES for received in world.connections.received)
    return world.connections.frames(CONNECTION)


def result(world: World, kind: str, **fields: Any) -> dict[str, Any]:
    """What the one frame says that answers."""
    [frame] = ask(world, kind, **fields)
    assert (frame["type"], frame["requestId"], frame.get("more")) == ("result", "r-1", None)
    return frame["result"]


def refusal(world: World, kind: str, **fields: Any) -> str:
    """The code of the one frame that answers."""
    [frame] = ask(world, kind, **fields)
    return error_of(frame)["code"]
