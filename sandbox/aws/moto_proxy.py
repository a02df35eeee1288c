"""Requests to moto, sent on with every byte of their bodies as it is."""

import asyncio
from collections.abc import Mapping

import httpx
from starlette.responses import Response

from sandbox.aws.moto import Moto
from sandbox.aws.refusals import CallRefused

TIMEOUT_SECONDS = 30
_HOP_HEADERS = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "expect"}
_ANSWER_HEADERS = {"content-length", "connection", "transfer-encoding", "server", "date"}


class MotoProxy:
    """Sends requests on to the moto process of one sandbox."""

    def __init__(self, moto: Moto) -> None:
        self._moto = moto
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)

    async def forward(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Send a call on, as a POST with these headers, and return moto's answer.

        Never a path or a query string: moto would take the action from there, and not the one that was allowed.
        """
        sent = {name: value for name, value in headers.items() if name not in _HOP_HEADERS}
        answer = await self.send("POST", "/", sent, body)
        kept = {name: value for name, value in answer.headers.items() if name not in _ANSWER_HEADERS}
        return Response(answer.content, answer.status_code, kept)

    async def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> httpx.Response:
        """One request to moto. Raises CallRefused when it does not answer."""
        url = await asyncio.shield(asyncio.wrap_future(self._moto.url))
        try:
            return await self._client.request(
                method,
                f"{url}{target}",
                headers={**headers, "accept-encoding": "identity"},
                content=body,
            )
        except httpx.HTTPError as error:
            raise CallRefused("ServiceUnavailableException", f"moto does not answer: {error!r}", 503) from error

    async def close(self) -> None:
        """Close the connections to moto."""
        await self._client.aclose()
