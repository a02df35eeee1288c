"""`{origin}/aws`: every AWS API that a function calls, behind one door that asks who calls and whether they may.

A call is authenticated by its signature, checked against the inline policies of the role that signed, and then served:
Lambda by `sandbox.functions`, Bedrock by the model emulator, the rest by moto.
"""

import logging
import re
from collections.abc import Iterable
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.aws import permissions
from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.cognito import check_emulated, operation_of
from sandbox.aws.lambda_api import LambdaApi
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.refusals import CallRefused, access_denied, response_to
from sandbox.aws.sigv4 import SignatureRefused, claimed_scope, verify
from sandbox.functions.service import FunctionService
from sandbox.iam import policies
from sandbox.iam.credentials import Credentials
from sandbox.iam.permission import Permission
from sandbox.world import World

PREFIX = "/aws"
MAX_BODY_BYTES = 16 * 1024 * 1024
"""The largest request of any service here: DynamoDB's 16 MB of a batch."""
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")

_CONVERSE = re.compile(r"/model/(?P<model>[^/]+)/converse-stream")

_log = logging.getLogger(__name__)


class Gateway:
    """Serves calls for one World."""

    def __init__(
        self, world: World, functions: FunctionService, credentials: Credentials, model: ModelEmulator, moto: MotoProxy
    ) -> None:
        self._world = world
        self._lambda = LambdaApi(world, functions, self._demand)
        self._credentials = credentials
        self._model = model
        self._moto = moto

    def routes(self) -> list[BaseRoute]:
        """The routes of an application that serves `{origin}/aws`."""
        return [Route(PREFIX + "{path:path}", self.answer, methods=list(METHODS))]

    async def answer(self, request: Request) -> Response:
        """Answer one call; what goes wrong becomes an error answer of AWS's."""
        raw_path: bytes = request.scope["raw_path"]
        return await self._answer_or_refuse(request, raw_path.decode("ascii", "replace").removeprefix(PREFIX) or "/")

    async def answer_for(self, service: str, request: Request) -> Response:
        """Answer a call to the address that one service has beside this door; it has to be signed for that service."""
        return await self._answer_or_refuse(request, "/", service)

    async def _answer_or_refuse(self, request: Request, path: str, service: str | None = None) -> Response:
        try:
            return await self._answer(request, path, service)
        except CallRefused as refusal:
            return response_to(request, refusal)
        except SignatureRefused as refusal:
            return response_to(request, CallRefused(f"{refusal.code}Exception", refusal.message))
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            return response_to(request, CallRefused("InternalFailure", "The sandbox failed, see its log.", 500))

    async def _answer(self, request: Request, path: str, service: str | None) -> Response:
        body = await _body(request)
        scope = claimed_scope(request.headers.get("authorization"))
        service = service or scope.service
        role = verify(request, body, service=service, credentials=self._credentials)
        if scope.region != self._world.region:
            raise SignatureRefused(
                "InvalidSignature", f"Credential should be scoped to a valid region, not '{scope.region}'."
            )
        if service == "lambda":
            return await self._lambda.answer(request, path, body, role)
        if service == "bedrock":
            return await self._bedrock(request, path, body, role)
        if (request.method, path, request.url.query) != ("POST", "/", ""):
            raise CallRefused("UnknownOperationException", f"{service} is served at / by POST, not at {path}.", 501)
        world = self._world
        needed = permissions.of_call(service, world.region, request.headers, body, world.partition_keys)
        self._demand(role, needed)
        if service == "cognito-idp":
            check_emulated(operation_of(request))
        return await self._moto.forward(body, request.headers)

    async def _bedrock(self, request: Request, path: str, body: bytes, role: str) -> Response:
        match = _CONVERSE.fullmatch(path)
        if match is None or request.method != "POST":
            raise CallRefused(
                "UnknownOperationException", f"The sandbox serves Bedrock's ConverseStream alone, not {path}.", 501
            )
        model_id = unquote(match["model"])
        self._demand(role, permissions.of_bedrock(self._world.region, model_id, body))
        return await self._model.converse_stream(request, model_id, body)

    def _demand(self, role: str, needed: Iterable[Permission]) -> None:
        for action, resource, leading_keys in needed:
            if not policies.role_allows(self._world, role, action, resource, leading_keys):
                raise access_denied(role, action, resource)


async def _body(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise CallRefused("RequestEntityTooLargeException", f"A request has at most {MAX_BODY_BYTES:,} bytes.", 413)
        chunks.append(chunk)
    return b"".join(chunks)
