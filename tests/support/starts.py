"""Requests, and streams that admission has registered in the test's table."""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from shared.chats.members import Members
from shared.chats.store import ChatStore
from shared.contract.policy import POLICY, Policy
from shared.contract.tiers import Tier
from shared.credits.credits import Credits
from shared.limits.limits import Limits
from shared.models.events import Usage
from shared.protocol.request import ChatRequest, Message
from shared.streams.admission import Admission
from shared.streams.repository import StreamRepository
from shared.streams.start import Architecture, StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.client import TableClient
from tests.support.aws import TABLE

OWNER = "a1b2c3d4"
STREAM = "stream-1"
CHAT = "chat-1"
MINUTE = 60.0
PROMPT = "Why is the sky blue?"


def within(seconds: float = MINUTE) -> float:
    """The moment that is so far away, by the clock that functions end by."""
    return time.monotonic() + seconds


def asked(prompt: str = PROMPT, chat_id: str = CHAT, *, message_id: str | None = None) -> ChatRequest:
    """A new message of a user, as a client sends it."""
    return ChatRequest.from_client({"id": chat_id, "messages": [said(prompt, message_id)]})


def said(text: str, message_id: str | None = None, role: str = "user") -> dict[str, Any]:
    """A UI message of one text."""
    return {"id": message_id, "role": role, "parts": [{"type": "text", "text": text}]}


def start(stream_id: str = STREAM, prompt: str = PROMPT, *, chat_id: str = CHAT) -> StreamStart:
    """A start that no table knows."""
    return StreamStart(
        owner=OWNER,
        tier=Tier.ENTERPRISE,
        stream_id=stream_id,
        chat_id=chat_id,
        fencing_token=f"fencing_token-of-{stream_id}",
        architecture="websocket",
        message_id=f"msg-{stream_id}",
        answer_index=1,
        messages=(Message("user", prompt),),
        max_output_tokens=1000,
        correlation_id="correlation-1",
    )


@cache
def table_client() -> TableClient:
    """The table in this process; kept, as a function keeps it, because its client is slow to make."""
    return TableClient(TABLE)


@cache
def repository() -> StreamRepository:
    """The repository of the table."""
    return StreamRepository(table_client())


@cache
def chats() -> ChatStore:
    """The chats of the table."""
    return ChatStore(table_client())


@cache
def members() -> Members:
    """Who is in the chats of the table."""
    return Members(table_client())


def shared_with(*users: str, chat_id: str = CHAT) -> None:
    """Makes members of users, who were invited and have accepted."""
    for user in users:
        members().invite(OWNER, chat_id, user)
        members().accept(user, chat_id)


@cache
def admission(architecture: Architecture = "websocket") -> Admission:
    """Who admits requests of an architecture to the table."""
    return admission_to(table_client(), architecture)


def admission_to(
    table: TableClient,
    architecture: Architecture = "websocket",
    policy: Policy = POLICY,
    credits: Credits | None = None,
) -> Admission:
    """The same, on a client of the test's own."""
    return Admission(table, architecture, Limits(table, 1000, policy, credits))


def admitted(
    stream_id: str | None = STREAM,
    prompt: str = PROMPT,
    *,
    owner: str = OWNER,
    chat_id: str = CHAT,
    request: ChatRequest | None = None,
    architecture: Architecture = "websocket",
    address: Mapping[str, str] = {},
    running: bool = False,
    tier: Tier = Tier.ENTERPRISE,
) -> StreamStart:
    """A stream that was registered just now: of this request, or of a new message with this text."""
    outcome = admission(architecture).admit(
        owner,
        request or asked(prompt, chat_id),
        tier=tier,
        stream_id=stream_id,
        correlation_id="correlation-1",
        address=address,
        running=running,
    )
    assert isinstance(outcome, StreamStart), outcome
    return outcome


def running(stream_id: str = STREAM, prompt: str = PROMPT, *, chat_id: str = CHAT) -> StreamStart:
    """A stream that was registered just now by whoever runs it."""
    return admitted(stream_id, prompt, chat_id=chat_id, running=True)


A_FEW_TOKENS = Usage(3, 5, estimated=True)


def used(stop_reason: str = "end_turn", model: str = "m", tokens: Usage = A_FEW_TOKENS) -> UsageRecord:
    """What a stream has used that ends now: 3 tokens of the prompt, and 5 of the answer, or others."""
    return UsageRecord(model, stop_reason, tokens, 40.0, 1234.6, 20.0)
