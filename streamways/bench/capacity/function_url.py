"""The function of the function URL, as the Lambda Web Adapter runs it: a web server that is asked over HTTP."""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Final

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sandbox.functions.ports import Ports
from sandbox.functions.process import FunctionProcess, Leash
from sandbox.options import PROJECT_ROOT
from shared.contract.tiers import Tier
from streamways.bench.endpoints import Endpoints
from streamways.bench.functions import CHAT, CLIENT_ID, START_SECONDS, TIMEOUT_SECONDS, environment
from streamways.errors import CommandError

KEY_ID: Final = "bench"
KEY_BITS: Final = 2048
ISSUER: Final = "https://bench.invalid/pool"
TOKEN_SECONDS: Final = 3600
POLL_SECONDS: Final = 0.02


class FunctionUrl:
    """One process, from `start` to `stop`. It takes requests at the same time, as copies of the function would."""

    def __init__(self, endpoints: Endpoints, endpoint: str, leash: Leash) -> None:
        self._endpoint = endpoint
        self._leash = leash
        self._port = Ports(seed=0).take()
        self._process: FunctionProcess | None = None
        self._last_line = "it said nothing"
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        endpoints.key_set = {"keys": [_public(key)]}
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self._port}",
            headers={"authorization": f"Bearer {_token(key)}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    async def start(self) -> None:
        """Returns when it answers. Raises CommandError."""
        self._process = process = await FunctionProcess.start(
            [sys.executable, "-m", "uvicorn", "handlers.function_url.app:app", "--port", str(self._port)],
            cwd=PROJECT_ROOT,
            environment=environment(self._endpoint)
            | {"TOKEN_ISSUER": ISSUER, "TOKEN_JWKS_URL": f"{self._endpoint}/jwks"},
            on_line=self._note,
            leash=self._leash,
        )
        until = time.monotonic() + START_SECONDS
        while not await self._answers():
            if not process.alive or time.monotonic() > until:
                raise CommandError(f"the function URL's function did not start: {self._last_line}")
            await asyncio.sleep(POLL_SECONDS)

    async def ask(self, stream_id: str, message: Mapping[str, object]) -> None:
        """Starts this stream and reads it to its end. Raises CommandError."""
        await self._read("POST", "/api/chat", {"idempotency-key": stream_id}, {"id": CHAT, "messages": [message]})

    async def resume(self) -> None:
        """Reads the latest stream of the chat from its beginning to its end. Raises CommandError."""
        await self._read("GET", f"/api/chat/{CHAT}/stream", {}, None)

    @property
    def processor_seconds(self) -> float | None:
        """How long it has worked so far; None where the system does not tell."""
        assert self._process is not None, "start() was not called"
        return self._process.processor_seconds()

    async def stop(self) -> None:
        """Ends the process."""
        if self._process is not None:
            await self._process.kill()
        await self._http.aclose()

    async def _read(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, object] | None
    ) -> None:
        answer = await self._http.request(method, path, headers={**_invocation(), **headers}, json=body)
        if not answer.is_success or not answer.text.rstrip().endswith("[DONE]"):
            raise CommandError(f"{method} {path} failed with {answer.status_code}: {answer.text[-200:]}")

    async def _answers(self) -> bool:
        try:
            return (await self._http.get("/healthz")).is_success
        except httpx.TransportError:
            return False  # it does not listen yet

    def _note(self, line: str) -> None:
        self._last_line = line


def _invocation() -> dict[str, str]:
    """What the Web Adapter adds to each request: https://github.com/aws/aws-lambda-web-adapter"""
    deadline = int((time.time() + TIMEOUT_SECONDS) * 1000)
    return {
        "x-amzn-lambda-context": json.dumps({"request_id": "bench", "deadline": deadline}),
        "x-amzn-request-context": json.dumps({"requestId": secrets.token_hex(8)}),
    }


def _public(key: rsa.RSAPrivateKey) -> Mapping[str, object]:
    algorithm = RSAAlgorithm(RSAAlgorithm.SHA256)
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": KEY_ID, "use": "sig", "alg": "RS256"}


def _token(key: rsa.RSAPrivateKey) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "bench", "client_id": CLIENT_ID, "token_use": "access"}
    claims |= {"cognito:groups": [Tier.ENTERPRISE.value]}
    return jwt.encode(
        {**claims, "iat": now, "exp": now + TOKEN_SECONDS}, key, algorithm="RS256", headers={"kid": KEY_ID}
    )
