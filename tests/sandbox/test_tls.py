"""HTTPS and WSS with a certificate of the sandbox's own, seen by real TLS clients."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from sandbox import state
from sandbox.http_server import HttpServer
from sandbox.tls import Certificate, make_certificate
from streamways.clients.addresses import TRUST_VARIABLE, trusted
from streamways.target.control import trust
from tests.sandbox.aws.serving import listener
from tests.sandbox.functions.lab import Lab
from tests.sandbox.test_server import IDENTITY, project, running

PATIENCE = 10.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("made") / "tls")


@pytest.fixture(scope="module")
async def port(certificate: Certificate) -> AsyncIterator[int]:
    """Where a server with that certificate listens."""

    async def hello(request: Request) -> Response:
        return PlainTextResponse(request.url.scheme)

    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(f"{websocket.url.scheme} {text}")

    routes = [Route("/", hello), WebSocketRoute("/execute-api/echo", echo)]
    listening, _ = listener()
    server = HttpServer(Starlette(routes=routes), listening, certificate)
    await server.start()
    yield listening.getsockname()[1]
    await server.stop()


def context(certificate: Certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate.authority)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_client_that_trusts_the_authority_is_served(certificate: Certificate, port: int, host: str) -> None:
    trusting = context(certificate)
    async with httpx.AsyncClient(verify=trusting, trust_env=False) as http:
        assert (await http.get(f"https://{host}:{port}/")).text == "https"
    address = f"wss://{host}:{port}/execute-api/echo"
    async with connect(address, ssl=trusting, proxy=None) as socket, asyncio.timeout(PATIENCE):
        await socket.send("hello")
        assert await socket.recv() == "wss hello"


async def test_a_client_that_does_not_hangs_up(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(f"https://127.0.0.1:{port}/")


async def test_a_frame_that_is_too_long_is_closed_with_1009_over_tls_too(
    certificate: Certificate, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"wss://127.0.0.1:{port}/execute-api/echo"
    async with connect(address, ssl=context(certificate), proxy=None, compression=None) as socket:
        await socket.send("x" * 1_000_000)
        async with asyncio.timeout(PATIENCE):
            await socket.wait_closed()
        assert socket.close_code == 1009
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_the_key_is_readable_by_its_owner_alone_and_the_authoritys_is_nowhere(certificate: Certificate) -> None:
    assert certificate.key.stat().st_mode & 0o077 == 0
    assert sum(b"PRIVATE KEY" in path.read_bytes() for path in certificate.key.parent.iterdir()) == 1


async def test_a_whole_sandbox_speaks_tls_and_tells_where_its_authority_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TRUST_VARIABLE, raising=False)
    options = replace(project(tmp_path, IDENTITY), tls=True)
    async with running(options, []) as (found, _):
        assert found.origin == f"https://127.0.0.1:{options.port}"
        assert found.outputs["cognitoEndpoint"] == f"{found.origin}/cognito"
        assert found.ca_file is not None
        assert state.read(options.state_root, options.port) == found
        monkeypatch.setenv(TRUST_VARIABLE, "")
        untrusting = trusted()
        trust(found)
        assert trusted() is not untrusting
        pool_id = found.outputs["userPoolId"]
        async with httpx.AsyncClient(verify=trusted(), trust_env=False) as http:
            answer = await http.get(f"{found.origin}/cognito/{pool_id}/.well-known/jwks.json")
        assert answer.json()["keys"]


async def test_functions_trust_the_authority_only_where_there_is_one(tmp_path: Path) -> None:
    for ca_file in (None, tmp_path / "authority.pem"):
        folder = tmp_path / str(ca_file is None)
        folder.mkdir()
        lab = Lab(folder)
        await lab.gate.open()
        try:
            lab.add("asked", "import os\ndef handler(event, context): return dict(os.environ)")
            service = await lab.service(ca_file=ca_file)
            variables = (await service.invoke("asked", b"{}")).payload.decode()
            assert [name in variables for name in ("AWS_CA_BUNDLE", TRUST_VARIABLE)] == [ca_file is not None] * 2
        finally:
            await lab.close()
