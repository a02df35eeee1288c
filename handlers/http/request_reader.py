"""What a request says, read with distrust: who asks, its body, the ids in its path, and where a resume begins."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from handlers.http import environment
from shared.auth.bearer import bearer
from shared.auth.user import User
from shared.contract.limits import MAX_REQUEST_BYTES
from shared.errors import InvalidRequest, TooLarge
from shared.protocol.cursor import Cursor
from shared.protocol.request import identifier
from shared.protocol.strict_json import read_object


async def authenticated(request: Request) -> User:
    """Who asks. Raises Unauthenticated."""
    return await run_in_threadpool(environment.verifier().verify, bearer(request.headers.get("authorization")))


async def body_of(request: Request) -> bytes:
    """The whole body. Raises TooLarge as soon as it is over the limit, and InvalidRequest when it breaks off."""
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_REQUEST_BYTES:
                raise TooLarge(f"The request has more than {MAX_REQUEST_BYTES} bytes.")
    except ClientDisconnect as error:
        raise InvalidRequest("The request broke off before its body was complete.") from error
    return body


async def json_of(request: Request) -> dict[str, object]:
    """The JSON object in the body. Raises InvalidRequest, TooLarge."""
    return read_object(await body_of(request), "The body")


def chat_of(request: Request) -> str:
    """The `{chat_id}` of the path. Raises InvalidRequest."""
    return identifier(request.path_params["chat_id"], "The chat's id in the path")


def stream_of(request: Request) -> str:
    """The `{stream_id}` of the path. Raises InvalidRequest."""
    return identifier(request.path_params["stream_id"], "The stream's id in the path")


def fields_of(request: Request) -> dict[str, object]:
    """What the query names. Raises InvalidRequest for what is there twice: one of the two would go unseen."""
    fields: dict[str, object] = {}
    for name, value in request.query_params.multi_items():
        if name in fields and name != "protocol":
            raise InvalidRequest(f"`{name:.70}` is given twice.")
        fields[name] = value
    return fields


def after_of(request: Request) -> str | None:
    """The `?after=` of a list: where the page before ended. Raises InvalidRequest when it is there twice."""
    values = request.query_params.getlist("after")
    if len(values) > 1:
        raise InvalidRequest("`after` is given twice.")
    return values[0] if values else None


def idempotency_key(request: Request) -> str | None:
    """The id that the client has given its stream, if it has. Raises InvalidRequest."""
    key = request.headers.get("idempotency-key")
    return None if key is None else identifier(key, "The Idempotency-Key")


def last_event_id(request: Request) -> Cursor | None:
    """The place of a client that has had a part of the stream already. Raises InvalidRequest.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
    """
    header = request.headers.get("last-event-id")
    return None if header is None else Cursor.parse(header, "Last-Event-ID")
