"""A user's chats as resources: list, read, rename, delete."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handlers.http import environment
from handlers.http.request_reader import after_of, authenticated, chat_of, fields_of, json_of
from shared.auth.guard import guard

PRIVATE = {"cache-control": "no-store"}
"""No cache on the way keeps what a user has said: CloudFront may leave the token out of its key."""


async def list_chats(request: Request) -> Response:
    """A page of `{"chats", "next"?}`, newest first."""
    user = await authenticated(request)
    return JSONResponse(await run_in_threadpool(environment.chats().list, user.sub, after_of(request)), headers=PRIVATE)


async def read(request: Request) -> Response:
    """One chat with its messages."""
    user = await authenticated(request)
    chat_id = chat_of(request)
    await run_in_threadpool(guard, user.sub, chat_id, fields_of(request))
    return JSONResponse(await run_in_threadpool(environment.chats().read, user.sub, chat_id), headers=PRIVATE)


async def update(request: Request) -> Response:
    """`{"title"}` of a chat that is the user's own; answers with the chat, without its messages."""
    user = await authenticated(request)
    chat_id = chat_of(request)
    changes = await json_of(request)
    change = partial(environment.chats().update, title=changes.get("title"), members=changes.get("members"))
    return JSONResponse(await run_in_threadpool(change, user.sub, chat_id), headers=PRIVATE)


async def delete(request: Request) -> Response:
    """Removes a chat for all who are in it, and cancels what runs there."""
    user = await authenticated(request)
    await run_in_threadpool(environment.chats().delete, user.sub, chat_of(request))
    return Response(status_code=204)
