"""A function URL on a real server, and a client for it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
import uvicorn
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from starlette.applications import Starlette

from sandbox.edge.function_url import routes
from sandbox.functions.limits import Limits
from sandbox.iam.credentials import Keys
from sandbox.world import Cors, Function, FunctionUrl, ResourcePermission
from tests.sandbox.functions.lab import Lab

PUBLIC_URL = ResourcePermission("url", "lambda:InvokeFunctionUrl", "*", function_url_auth_type="NONE")
PUBLIC_FUNCTION = ResourcePermission("function", "lambda:InvokeFunction", "*", invoked_via_function_url=True)


def permit(function: Function, *permissions: ResourcePermission) -> None:
    function.permissions = {permission.statement_id: permission for permission in permissions}


class Urls:
    """Serves the function URLs of a lab; `client` speaks to them, as does whoever has `address`."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    async def open(self, *, warm: int = 0, limits: Limits | None = None) -> None:
        self.functions = await self.lab.service(warm=warm, limits=limits)
        app = Starlette(routes=routes(self.lab.world, self.functions, self.lab.credentials))
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = "http://{}:{}".format(*listener.getsockname())
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        self._serving = asyncio.ensure_future(self._server.serve(sockets=[listener]))
        self.client = httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=20)

    async def close(self) -> None:
        await self.client.aclose()
        self._server.should_exit = True
        await self._serving

    def add(
        self,
        function: Function,
        *,
        authorization: str = "NONE",
        mode: str = "RESPONSE_STREAM",
        cors: Cors | None = None,
    ) -> str:
        """Give a function a URL that everybody may call; its path, ending with a slash."""
        permit(function, PUBLIC_URL, PUBLIC_FUNCTION)
        url_id = f"{function.name}url"
        self.lab.world.function_urls[url_id] = FunctionUrl(url_id, function.arn, authorization, mode, cors)
        return f"/lambda-url/{url_id}/"

    def add_alias(self, function: Function, arn: str) -> str:
        """Give the alias `live` of a function, by its ARN, a URL that everybody may call; its path."""
        permissions = {permission.statement_id: permission for permission in (PUBLIC_URL, PUBLIC_FUNCTION)}
        function.aliases["live"].permissions = permissions
        self.lab.world.function_urls["aliasurl"] = FunctionUrl("aliasurl", arn, "NONE", "RESPONSE_STREAM", None)
        return "/lambda-url/aliasurl/"

    def signed(
        self, method: str, path: str, keys: Keys, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Request:
        """A request that is signed for Lambda with these keys."""
        request = AWSRequest(method=method, url=self.address + path, data=body, headers=dict(headers or {}))
        secret = BotocoreCredentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        SigV4Auth(secret, "lambda", self.lab.world.region).add_auth(request)
        return self.client.build_request(method, path, content=body, headers=dict(request.headers.items()))


@pytest.fixture
async def urls(lab: Lab) -> AsyncIterator[Urls]:
    """The function URLs of the lab."""
    urls = Urls(lab)
    yield urls
    await urls.close()
