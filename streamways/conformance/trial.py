"""What a case works with: clients of the stack, and prompts of its own."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from streamways.clients.client import SILENCE_SECONDS, Architecture, ChatRequest, Client, Received, chat_request
from streamways.clients.factory import client_for
from streamways.conformance.sandbox_control import SandboxControl
from streamways.conformance.stack import StackUnderTest, User

PROMPT = "How do a resume and a cancel of a stream work? Answer in about 200 words."
"""Its answer is long enough to be cut, and to be stopped, on the way."""
SHORT_PROMPT = "What is MIT-0?"

On = tuple[Architecture, ...]
"""Where a case runs: on one architecture, or across two: begun on the first, gone on with on the second."""


@dataclass(frozen=True)
class Trial:
    """One run of a case on one architecture, or across two."""

    stack: StackUnderTest
    on: On
    word: str = field(default_factory=lambda: f"zq{uuid.uuid4().hex[:10]}")
    """Stands in each prompt of this trial, and in no other: by it the model's calls are told apart."""

    @property
    def architecture(self) -> Architecture:
        """The architecture that is tried; across two, the one on which the stream begins."""
        return self.on[0]

    @property
    def sandbox(self) -> SandboxControl:
        """The sandbox, for a case that needs it."""
        if self.stack.sandbox is None:
            raise LookupError("the case uses the sandbox without saying that it needs it")
        return self.stack.sandbox

    def request(self, prompt: str = PROMPT, chat_id: str | None = None) -> ChatRequest:
        """A request of this trial's own, in a new chat or in that one."""
        return chat_request(f"{prompt} ({self.word})", chat_id)

    @asynccontextmanager
    async def client(
        self, user: User = "first", *, on: Architecture | None = None, silence_seconds: float = SILENCE_SECONDS
    ) -> AsyncGenerator[Client]:
        """An open client of the tried architecture, or of that one, as one of the users."""
        chosen, token = on or self.architecture, self.stack.tokens[user]
        async with client_for(
            chosen, self.stack.outputs, token, signer=self.stack.signer, silence_seconds=silence_seconds
        ) as client:
            yield client

    async def whole(self, request: ChatRequest, user: User = "first") -> list[Received]:
        """Streams a request over a connection of its own, to the end."""
        async with self.client(user) as client:
            return [received async for received in client.stream(request)]

    async def resumed(self, chat_id: str, after: str | None = None, on: Architecture | None = None) -> list[Received]:
        """Resumes the first user's stream in a chat over a connection of its own, to the end."""
        async with self.client(on=on) as client:
            return [received async for received in client.resume(chat_id, after)]
