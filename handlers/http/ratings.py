"""What a user thinks of an answer: `PUT /api/chat/{id}/messages/{id}/rating`."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handlers.http import environment
from handlers.http.chats import PRIVATE
from handlers.http.request_reader import authenticated, chat_of, json_of


async def rate(request: Request) -> Response:
    """Takes `{"rating": "up" | "down" | null}`; answers with `{"messageId", "rating"}`."""
    user = await authenticated(request)
    chat_id, message_id = chat_of(request), request.path_params["message_id"]
    fields = await json_of(request)
    rated = await run_in_threadpool(environment.ratings().rate, user.sub, chat_id, message_id, fields)
    return JSONResponse(rated, headers=PRIVATE)
