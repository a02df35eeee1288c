"""The app that uvicorn serves: which request goes where, and how what goes wrong is told.

Refusals are real HTTP statuses, given before the first byte of a stream, with `{"error": {"code", "message"}}`.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from handlers.http import chats, limits, members, ratings, streams
from handlers.http.refusal import refusal
from shared.contract.errors import ErrorCode
from shared.errors import Internal, StreamwaysError
from shared.telemetry.log import logger

READINESS_PATH = "/healthz"
Endpoint = Callable[[Request], Awaitable[Response]]


async def health(_: Request) -> Response:
    """The Web Adapter's readiness check: cheap, and open to anyone."""
    return Response("ok", media_type="text/plain")


def _route(path: str, **endpoints: Endpoint) -> Route:
    """One path with all its methods, so that a 405 names them all. A HEAD is answered as a GET without its body."""

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await endpoints[method](request)

    return Route(path, endpoint, methods=list(endpoints))


ROUTES = [
    _route("/api/chat", GET=chats.list_chats, POST=streams.start),
    _route("/api/chat/{chat_id}", GET=chats.read, PATCH=chats.update, DELETE=chats.delete),
    _route("/api/chat/{chat_id}/stream", GET=streams.resume),
    _route("/api/chat/{chat_id}/stream/{stream_id}", DELETE=streams.cancel),
    _route("/api/chat/{chat_id}/messages/{message_id}/rating", PUT=ratings.rate),
    _route("/api/chat/{chat_id}/invitations", POST=members.invite),
    _route("/api/chat/{chat_id}/members/{sub}", DELETE=members.remove),
    _route("/api/chat/{chat_id}/membership", DELETE=members.leave),
    _route("/api/invitations", GET=members.list_invitations),
    _route("/api/invitations/{chat_id}", POST=members.accept, DELETE=members.decline),
    _route("/api/limits", GET=limits.read),
    _route(READINESS_PATH, GET=health),
]
_PATHS = ", ".join(route.path for route in ROUTES[:-1])


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, StreamwaysError)
    return refusal(error)


async def _unknown(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = ErrorCode.NOT_FOUND if error.status_code == 404 else ErrorCode.INVALID_REQUEST
    message = f"{error.detail}. This function serves {_PATHS}."
    return JSONResponse({"error": {"code": code, "message": message}}, error.status_code, error.headers)


async def _fail(_: Request, error: Exception) -> Response:
    logger.error("the request failed", exc_info=error)
    return refusal(Internal())


app = Starlette(
    routes=ROUTES,
    exception_handlers={StreamwaysError: _refuse, HTTPException: _unknown, Exception: _fail},
)
# A redirect would name the adapter's plain-HTTP scheme: a client that follows one sends its token in the clear.
app.router.redirect_slashes = False
