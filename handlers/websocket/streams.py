"""The frames about streams: `send`, `resume`, `abort` and `cancel`."""

from handlers.websocket import frames
from handlers.websocket.caller import Caller
from handlers.websocket.connection import Connection
from handlers.websocket.environment import admission, dispatcher, readers, repository
from shared.auth.guard import guard
from shared.errors import InvalidRequest
from shared.protocol.cursor import Cursor
from shared.protocol.request import ChatRequest, identifier
from shared.streams.admission import Joined
from shared.streams.readers import Read, Reader


def send(caller: Caller, frame: frames.ClientFrame, _: Connection) -> None:
    """Starts the stream that is named by the `requestId`; one that was started before is read from the beginning."""
    address = {"connectionId": caller.connection_id, "requestId": frame.request_id}
    request = ChatRequest.from_client(frame.fields)
    guard(caller.sub, request.chat_id, frame.body)
    admitted = admission().admit(
        caller.sub,
        request,
        tier=caller.tier,
        stream_id=frame.request_id,
        correlation_id=caller.correlation_id,
        address=address,
    )
    if isinstance(admitted, Joined):
        # An `abort` that came before was of an earlier `send` under this id.
        readers().forget(_reader(caller, frame))
        _read(caller, frame, admitted.stream_id)
    else:
        dispatcher().dispatch(admitted, {**address, "connectedAt": caller.connected_at})


def resume(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """Reads a stream under the new `requestId`: the chat's latest, whole, or after a cursor its own."""
    cursor = _cursor(frame)
    guard(caller.sub, frame.chat_id, frame.body)
    stream = repository().resumable(caller.sub, frame.chat_id, cursor)
    if stream is None:
        connection.send(frames.no_active(frame.request_id))
        return
    if readers().attach(_reader(caller, frame), Read(stream.stream_id, frame.chat_id)):
        _read(caller, frame, stream.stream_id, resumed=True, cursor=cursor)
    else:
        repository().leases.drop_reader(caller.sub, frame.chat_id, stream.stream_id)


def abort(caller: Caller, frame: frames.ClientFrame, _: Connection) -> None:
    """The user's stop of a `send`. A `resume` is let go: whoever runs its stream finds out whether that was a stop."""
    read = readers().drop(_reader(caller, frame))
    if read is None:
        repository().cancel(caller.sub, frame.request_id)
    else:
        repository().leases.drop_reader(caller.sub, read.chat_id, read.stream_id)


def cancel(caller: Caller, frame: frames.ClientFrame, connection: Connection) -> None:
    """Stops a stream of the user, whatever started it."""
    stream_id = identifier(frame.fields.get("streamId"), "`streamId`")
    repository().cancel(caller.sub, stream_id)
    connection.send(frames.result(frame.request_id, {"streamId": stream_id}))


def _read(
    caller: Caller, frame: frames.ClientFrame, stream_id: str, *, resumed: bool = False, cursor: Cursor | None = None
) -> None:
    tail = {
        "owner": caller.sub,
        "streamId": stream_id,
        "resumed": resumed,
        "cursor": cursor and str(cursor),
        "correlationId": caller.correlation_id,
    }
    address = {"connectionId": caller.connection_id, "requestId": frame.request_id}
    dispatcher().follow({**address, "connectedAt": caller.connected_at, "tail": tail})


def _reader(caller: Caller, frame: frames.ClientFrame) -> Reader:
    return Reader(caller.sub, caller.connection_id, frame.request_id)


def _cursor(frame: frames.ClientFrame) -> Cursor | None:
    """What the client gives back; None for the whole stream, which is what the stock client wants."""
    if frame.fields.get("lastSequence") is not None and frame.fields.get("cursor") is None:
        raise InvalidRequest("A number does not name its stream. Send the `cursor` of the last chunk instead.")
    cursor = frame.fields.get("cursor")
    return None if cursor is None else Cursor.parse(cursor, "`cursor`")
