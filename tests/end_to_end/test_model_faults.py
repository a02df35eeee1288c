"""A model that goes wrong for some streams only. What becomes of each is in the conformance suite."""

import asyncio

from sandbox.aws.model import DocsModel
from sandbox.options import PROJECT_ROOT
from streamways.clients.client import ARCHITECTURES, Architecture, Received, chat_request
from streamways.clients.factory import client_for
from streamways.clients.summary import answer as text_of
from streamways.clients.summary import error_text
from tests.support.sandbox import FAST, RunningSandbox

PROMPT = "How does the function URL stream, and what are its limits?"
ANSWER = DocsModel(PROJECT_ROOT / "docs").answer(PROMPT)
TOKENS_PER_SECOND = float(FAST[-1])


async def stream(sandbox: RunningSandbox, architecture: Architecture) -> list[Received]:
    async with client_for(architecture, sandbox.outputs, sandbox.token()) as client:
        return [received async for received in client.stream(chat_request(PROMPT))]


async def test_a_fault_of_one_stream_leaves_the_others_alone(sandbox: RunningSandbox) -> None:
    sandbox.control("PUT", "/model", {"tokensPerSecond": 10})
    speaking = [asyncio.Event() for _ in ARCHITECTURES]

    async def well(architecture: Architecture, speaks: asyncio.Event) -> str:
        received: list[Received] = []
        async with client_for(architecture, sandbox.outputs, sandbox.token()) as client:
            async for item in client.stream(chat_request(PROMPT)):
                received.append(item)
                if item.type == "text-delta":
                    speaks.set()
        return text_of(received)

    others = [asyncio.create_task(well(*each)) for each in zip(ARCHITECTURES, speaking, strict=True)]
    async with asyncio.timeout(20):
        await asyncio.gather(*(speaks.wait() for speaks in speaking))
    sandbox.control("PUT", "/model/fault", {"fault": "cut", "calls": len(ARCHITECTURES), "afterTokens": 1})
    cut = await asyncio.gather(*(stream(sandbox, architecture) for architecture in ARCHITECTURES))
    assert not any(other.done() for other in others), "they were to run meanwhile"
    sandbox.control("PUT", "/model", {"tokensPerSecond": TOKENS_PER_SECOND})

    assert [error_text(received).partition(":")[0] for received in cut] == ["model_unavailable"] * len(ARCHITECTURES)
    assert await asyncio.gather(*others) == [ANSWER] * len(ARCHITECTURES)
