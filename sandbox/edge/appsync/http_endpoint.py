"""`POST /appsync/{api_id}/graphql`: queries and mutations, with AppSync's CORS, limits and error bodies.

Limits: https://docs.aws.amazon.com/general/latest/gr/appsync.html. Status codes and bodies:
https://github.com/graphql/graphql-over-http/issues/81 (by the AppSync team).
"""

import uuid
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from sandbox.edge.appsync.call import read_call
from sandbox.edge.appsync.engine import Engine
from sandbox.edge.appsync.errors import RequestRefused
from sandbox.edge.appsync.values import to_json_text

MAX_REQUEST_BYTES = 1024 * 1024
MAX_RESPONSE_BYTES = 5 * 1024 * 1024
"""5 MB: "Maximum evaluated resolver response size", which the answer as a whole is measured by here."""

_CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date",
}
_PREFLIGHT_SECONDS = 172_800


class HttpEndpoint:
    """Answers HTTP requests to the GraphQL endpoints of one World."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def handle(self, request: Request) -> Response:
        """Answers one request."""
        if request.method == "OPTIONS":
            return _preflight(request)
        request_id = str(uuid.uuid4())
        try:
            return _response(200, await self._answer(request, request_id), request_id)
        except RequestRefused as refused:
            body: dict[str, object] = {"errors": refused.errors}
            if refused.status == 200:
                body = {"data": None, **body}
            return _response(refused.status, body, request_id, refused.error_type)

    async def _answer(self, request: Request, request_id: str) -> Mapping[str, object]:
        api = self._engine.api(request.path_params["api_id"])
        if api is None:
            raise RequestRefused(404, "NotFoundException", f"No GraphQL API {request.path_params['api_id']}.")
        body = await request.body()
        if len(body) > MAX_REQUEST_BYTES:
            message = f"The request has {len(body)} bytes, the limit is {MAX_REQUEST_BYTES}."
            raise RequestRefused(413, "RequestEntityTooLargeException", message)
        caller = await self._engine.authentication.caller(request, body, api)
        answer = await self._engine.execute(api, caller, read_call(body), visible_headers(request.headers, request_id))
        return answer.to_json()


def visible_headers(headers: Mapping[str, str], request_id: str) -> Mapping[str, str]:
    """What resolvers find in `ctx.request.headers`: no cookies; AppSync's own request id and a trace id."""
    trace = f"Root=1-{request_id[:8]}-{request_id.replace('-', '')[8:32]}"
    own = {"x-amzn-requestid": request_id, "x-amzn-trace-id": trace}
    return {name.lower(): value for name, value in headers.items() if name.lower() != "cookie"} | own


def _preflight(request: Request) -> Response:
    allowed = {
        "access-control-allow-methods": "POST,OPTIONS",
        "access-control-allow-headers": request.headers.get("access-control-request-headers", "*"),
        "access-control-max-age": str(_PREFLIGHT_SECONDS),
    }
    return Response(status_code=200, headers=_CORS | allowed)


def _response(status: int, body: Mapping[str, object], request_id: str, error_type: str = "") -> Response:
    content = to_json_text(body).encode()
    if len(content) > MAX_RESPONSE_BYTES:
        status, error_type = 400, "ResponseTooLarge"
        message = f"The answer has {len(content)} bytes, the limit is {MAX_RESPONSE_BYTES}."
        content = to_json_text({"errors": [{"errorType": error_type, "message": message}]}).encode()
    headers = _CORS | {"content-type": "application/json;charset=UTF-8", "x-amzn-requestid": request_id}
    return Response(content, status, headers | ({"x-amzn-errortype": error_type} if error_type else {}))
