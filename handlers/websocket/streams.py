"""The frames about streams: `send`, `resume`, `abort` and `cancel`."""

from handlers.websocket import frames
from handlers.websocket.caller import Caller
from handlers.websocket.connection import Connection
from handlers.websocket.environment import admission, dispatcher, registry
from handlers.websocket.requests import Request
from shared.errors import InvalidRequest
from shared.protocol.request import ChatRequest, identifier
from shared.stream.admission import Joined
from shared.stream.journal import LAST_SEQUENCE

FROM_THE_BEGINNING = -1


def send(caller: Caller, frame: frames.ClientFrame, _: Connection) -> None:
    """Starts the stream that is named by the `requestId`; one that was started before is read from the beginning."""
    address = {"connectionId": caller.connection_id, "requestId": frame.request_id}
    admitted = admission().admit(
        caller.sub,
        ChatRequest.from_client(frame.fields),
        stream_id=frame.request_id,
        correlation_id=caller.correlation_id,
        address=address,
    )
    if isinstance(admitted, Joined):
        _read(caller, frame, admitted.stream_id, FROM_THE_BEGINNING)
    else:
        dispatcher().dispatch(admitted, {**address, "connectedAt": caller.connected_at})


def resume(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """Reads the chat's latest stream under the new `requestId`, whole or after `lastSequence`."""
    after = _last_sequence(frame)
    latest = registry().latest(caller.sub, frame.chat_id)
    if latest is None:
        connection.send(frames.no_active(frame.request_id))
        return
    _request(caller, frame).resume(latest.stream_id, frame.chat_id)
    _read(caller, frame, latest.stream_id, after)


def abort(caller: Caller, frame: frames.ClientFrame, _: Connection) -> None:
    """The user's stop of a `send`. A `resume` is let go: its reader finds out whether that was meant as a stop."""
    if not _request(caller, frame).detach():
        registry().cancel(caller.sub, frame.request_id)


def cancel(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """Stops a stream of the user, whatever started it."""
    stream_id = identifier(frame.fields.get("streamId"), "`streamId`")
    registry().cancel(caller.sub, stream_id)
    connection.send(frames.result(frame.request_id, {"streamId": stream_id}))


def _read(caller: Caller, frame: frames.ClientFrame, stream_id: str, after: int) -> None:
    tail = {
        "owner": caller.sub,
        "streamId": stream_id,
        "chatId": frame.chat_id,
        "after": after,
        "requestId": frame.request_id,
        "correlationId": caller.correlation_id,
    }
    event = {"connectionId": caller.connection_id, "connectedAt": caller.connected_at, "tail": tail}
    dispatcher().follow(event)


def _request(caller: Caller, frame: frames.ClientFrame) -> Request:
    return Request(caller.sub, caller.connection_id, frame.request_id)


def _last_sequence(frame: frames.ClientFrame) -> int:
    value = frame.fields.get("lastSequence")
    if value is None:
        return FROM_THE_BEGINNING
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LAST_SEQUENCE:
        raise InvalidRequest("`lastSequence` must be the sequence of a part, or be left out for the whole stream.")
    return value
