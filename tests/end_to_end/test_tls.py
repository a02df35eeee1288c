"""The whole stack behind TLS: clients, functions, callbacks, publishes and keys over `https` and `wss` alone."""

import asyncio

import pytest

from sandbox.aws.model import DocsModel
from sandbox.options import PROJECT_ROOT
from streamways.clients.client import ARCHITECTURES, Architecture, chat_request
from streamways.clients.factory import client_for
from streamways.clients.summary import answer
from tests.support import examples
from tests.support.sandbox import RunningSandbox
from tests.support.sign_in import pool_of, steps


def test_amplify_signs_in_over_tls(secured: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert secured.state.ca_file is not None
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", secured.state.ca_file)
    user = secured.state.users[0]
    signed_in = {"signIn": {"username": user.username, "password": user.password}}
    session, attributes = steps("amplify", pool_of(secured), signed_in, {"attributes": True})
    assert session["accessToken"].count(".") == 2
    assert attributes["email"] == user.username


async def ask(sandbox: RunningSandbox, architecture: Architecture) -> str:
    """The text of an answer."""
    async with client_for(architecture, sandbox.outputs, sandbox.token()) as client, asyncio.timeout(60):
        return answer([received async for received in client.stream(chat_request("What is a lease?"))])


def test_no_address_of_the_stack_is_unencrypted(secured: RunningSandbox) -> None:
    addresses = [str(value) for value in secured.state.outputs.values() if "://" in str(value)]
    assert len(addresses) >= 5
    assert not [address for address in addresses if not address.startswith(("https://", "wss://"))]


async def test_every_architecture_streams_the_same_answer(secured: RunningSandbox) -> None:
    answers = await asyncio.gather(*(ask(secured, architecture) for architecture in ARCHITECTURES))
    assert answers[0]
    assert answers == [answers[0]] * len(ARCHITECTURES)


@pytest.mark.parametrize("fault", ["dropped", "reordered"])
def test_amplify_shows_each_part_once_whatever_appsync_does_to_messages(secured: RunningSandbox, fault: str) -> None:
    """Amplify connects by `wss` alone."""
    secured.control("PUT", "/appsync/fault", {"fault": fault, "calls": 3, "after": 1})
    text = "What is a lease?"
    assert examples.text_of(examples.asked("amplify.js", secured, text)) == DocsModel(PROJECT_ROOT / "docs").answer(
        text
    )
    assert secured.control("GET", "/appsync/fault").json()["calls"] == 0
