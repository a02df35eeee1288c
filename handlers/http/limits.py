"""What the user may do now: `GET /api/limits`."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handlers.http import environment
from handlers.http.chats import PRIVATE
from handlers.http.request_reader import authenticated
from shared.contract.quota import ratelimit_headers


async def read(request: Request) -> Response:
    """`{"tier", "features", "maxOutputTokens", "quotas"}`, and the quotas in the standard's headers as well."""
    user = await authenticated(request)
    standing = await run_in_threadpool(environment.limits().standing, user.sub, user.tier)
    return JSONResponse(standing.to_json(), headers={**PRIVATE, **ratelimit_headers(*standing.quotas)})
