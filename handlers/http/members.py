"""Who is in a chat, as resources: its invitations and members, and the invitations of a user."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handlers.http import environment
from handlers.http.chats import PRIVATE
from handlers.http.request_reader import after_of, authenticated, chat_of, json_of


async def invite(request: Request) -> Response:
    """Invites the user of `{"sub"}` to a chat that is the user's own; answers with the chat, without its messages."""
    user = await authenticated(request)
    chat_id = chat_of(request)
    sub = (await json_of(request)).get("sub")
    return JSONResponse(await run_in_threadpool(environment.members().invite, user.sub, chat_id, sub), headers=PRIVATE)


async def remove(request: Request) -> Response:
    """Takes a member out of a chat that is the user's own, or withdraws an invitation; answers with the chat."""
    user = await authenticated(request)
    sub = request.path_params["sub"]
    chat = await run_in_threadpool(environment.members().remove, user.sub, chat_of(request), sub)
    return JSONResponse(chat, headers=PRIVATE)


async def leave(request: Request) -> Response:
    """Takes the user out of a chat of another."""
    user = await authenticated(request)
    await run_in_threadpool(environment.members().leave, user.sub, chat_of(request))
    return Response(status_code=204)


async def list_invitations(request: Request) -> Response:
    """A page of `{"invitations", "next"?}`, newest first."""
    user = await authenticated(request)
    page = await run_in_threadpool(environment.members().invitations, user.sub, after_of(request))
    return JSONResponse(page, headers=PRIVATE)


async def accept(request: Request) -> Response:
    """Makes the user a member; answers with the chat, without its messages."""
    user = await authenticated(request)
    return JSONResponse(
        await run_in_threadpool(environment.members().accept, user.sub, chat_of(request)), headers=PRIVATE
    )


async def decline(request: Request) -> Response:
    """Removes the user's invitation."""
    user = await authenticated(request)
    await run_in_threadpool(environment.members().decline, user.sub, chat_of(request))
    return Response(status_code=204)
