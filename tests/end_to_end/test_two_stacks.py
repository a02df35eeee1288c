"""Two stacks that run at once: what is of one is nothing to the other."""

import asyncio

import pytest

from shared.contract.errors import ErrorCode
from streamways.clients.client import ARCHITECTURES, Architecture, Client, chat_request
from streamways.clients.errors import Refused
from streamways.clients.factory import client_for
from streamways.clients.summary import answer
from tests.support.sandbox import RunningSandbox

each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
SECONDS = 60


async def said(client: Client, chat_id: str) -> str:
    """An answer in this chat, which begins with it."""
    return answer([part async for part in client.stream(chat_request("What is a lease?", chat_id))])


async def chats_of(client: Client) -> set[str]:
    return {chat.id for chat in (await client.chats()).entries}


@each_architecture
async def test_a_token_of_one_stack_is_refused_by_the_other(
    sandbox: RunningSandbox, secured: RunningSandbox, architecture: Architecture
) -> None:
    for one, other in ((sandbox, secured), (secured, sandbox)):
        async with asyncio.timeout(SECONDS):
            with pytest.raises(Refused) as refusal:
                async with client_for(architecture, other.outputs, one.token()) as client:
                    await said(client, "any")
        assert refusal.value.code == ErrorCode.UNAUTHENTICATED


@each_architecture
async def test_the_same_chat_of_the_same_user_in_both_stacks_is_two_chats(
    sandbox: RunningSandbox, secured: RunningSandbox, architecture: Architecture
) -> None:
    chat = f"side-by-side-{architecture}"
    async with (
        asyncio.timeout(SECONDS),
        client_for(architecture, sandbox.outputs, sandbox.token()) as here,
        client_for(architecture, secured.outputs, secured.token()) as there,
    ):
        assert await said(here, chat)
        assert chat in await chats_of(here)
        assert chat not in await chats_of(there)
        assert await said(there, chat)
        await here.delete(chat)
        assert chat not in await chats_of(here)
        assert len((await there.read(chat)).messages) == 2
