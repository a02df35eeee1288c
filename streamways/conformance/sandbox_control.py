"""What the cases ask of a sandbox besides being a stack: faults, kills, short tokens, what the model was asked."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import cast

import httpx

from streamways.clients.addresses import trusted
from streamways.conformance.expect import NotMet

ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.05

ModelCall = Mapping[str, object]


class SandboxControl:
    """The control interface of one sandbox: `{origin}/_sandbox`."""

    def __init__(self, origin: str, key: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{origin}/_sandbox",
            headers={"X-Sandbox-Key": key},
            timeout=ANSWER_SECONDS,
            trust_env=False,
            verify=trusted(),
        )

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        """One request. Raises NotMet when the sandbox refuses it."""
        response = await self._http.request(method, path, json=body)
        if response.status_code >= 400:
            raise NotMet(f"the sandbox refused {method} {path}: HTTP {response.status_code} {response.text[:200]}")
        return cast("dict[str, object]", response.json())

    @asynccontextmanager
    async def fault(self, path: str, fault: Mapping[str, object], *, all_calls: bool = True) -> AsyncGenerator[None]:
        """What the next calls go wrong with while the block runs; see docs/sandbox.md. Raises NotMet when they did not
        come, all of them or any: a case whose fault never set in has shown nothing."""
        await self.ask("PUT", path, fault)
        try:
            yield
            left = (await self.ask("GET", path)).get("calls")
            if left and (all_calls or left == fault.get("calls", 1)):
                raise NotMet(f"the fault {fault['fault']!r} did not set in: {left} calls were still to go wrong")
        finally:
            await self.ask("DELETE", path)

    @asynccontextmanager
    async def pace(self, tokens_per_second: float) -> AsyncGenerator[None]:
        """Has the model speak at this pace while the block runs."""
        before = (await self.ask("PUT", "/model", {}))["tokensPerSecond"]
        await self.ask("PUT", "/model", {"tokensPerSecond": tokens_per_second})
        try:
            yield
        finally:
            await self.ask("PUT", "/model", {"tokensPerSecond": before})

    async def token(self, tier: str, expires_in_seconds: int) -> str:
        """An access token of the demo user of this tier that expires so soon."""
        answer = await self.ask("POST", "/token", {"tier": tier, "expiresInSeconds": expires_in_seconds})
        return str(answer["accessToken"])

    async def stranger(self, tier: str, name: str) -> str:
        """An access token of another user of this tier, who has used nothing of any limit."""
        answer = await self.ask("POST", "/token", {"tier": tier, "user": name})
        return str(answer["accessToken"])

    async def kill(self, function: str) -> None:
        """Kills the processes of the functions of this name that run an invocation now. Raises NotMet if none does."""
        killed = await self.ask("POST", "/functions/kill", {"function": function})
        if not killed.get("killed"):
            raise NotMet(f"no process of {function} ran an invocation")

    async def model_calls(self, word: str) -> list[ModelCall]:
        """What the model was asked with this word in it, oldest first."""
        return cast("list[ModelCall]", (await self.ask("GET", "/model/calls", {"containing": word}))["calls"])

    async def ended_model_calls(self, word: str, seconds: float = ANSWER_SECONDS) -> list[ModelCall]:
        """As `model_calls`, once all of them have ended; the model learns of a hang-up a moment after it."""
        calls: list[ModelCall] = []

        async def ended() -> bool:
            calls[:] = await self.model_calls(word)
            return bool(calls) and all(call["ended"] is not None for call in calls)

        await _until(ended, seconds, "the model's calls have not ended")
        return calls

    async def asked_of_model(self, word: str) -> None:
        """Returns once the model was asked something with this word in it."""

        async def asked() -> bool:
            return bool(await self.model_calls(word))

        await _until(asked, ANSWER_SECONDS, "the model was not asked")

    async def fault_set_in(self, path: str) -> None:
        """Returns once all calls that were to go wrong have gone wrong."""

        async def used_up() -> bool:
            return not (await self.ask("GET", path)).get("calls")

        await _until(used_up, ANSWER_SECONDS, f"the fault at {path} has not set in")


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float, otherwise: str) -> None:
    until = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > until:
            raise NotMet(f"after {seconds:g} s {otherwise}")
        await asyncio.sleep(POLL_SECONDS)
