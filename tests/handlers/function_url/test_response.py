"""A stream of parts as a body: prompt, kept alive, ended only when it is over, and left by whoever goes away."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Message

from handlers.http.parts_response import MAX_BODIES, PartsResponse
from handlers.http.sse import ServerSentEvents
from shared.protocol import parts
from shared.protocol.parts import SequencedPart
from tests.support.logs import Logs
from tests.support.server import WAIT_SECONDS

DELTA = SequencedPart(0, parts.block_delta("text", "t", "Hello"))
FINISH = SequencedPart(1, parts.finish("stop", {}))


class Script:
    """A source that gives out batches; an Event among them holds the next ones up, an error is raised."""

    def __init__(self, *script: object, complete: bool = True) -> None:
        self._script = iter(script)
        self.complete = complete
        self.takes = 0
        self.left = threading.Event()

    def take(self) -> list[SequencedPart] | None:
        self.takes += 1
        for line in self._script:
            if isinstance(line, threading.Event):
                assert line.wait(WAIT_SECONDS)
            elif isinstance(line, Exception):
                raise line
            else:
                return line  # pyright: ignore[reportReturnType]
        return None

    def detach(self) -> None:
        self.left.set()


class Client:
    """Receives a response; `on_body` sees each piece as it comes, and may hang up."""

    def __init__(self, on_body: Callable[[bytes], object] = len) -> None:
        self.messages: list[Message] = []
        self.gone = asyncio.Event()
        self._on_body = on_body

    @property
    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.messages if message.get("body")]

    async def get(self, source: Script, method: str = "GET") -> None:
        scope: dict[str, Any] = {"type": "http", "method": method, "asgi": {"spec_version": "2.3"}}
        await PartsResponse(source, ServerSentEvents(), "s-1")(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.messages.append(message)
        self._on_body(message.get("body", b""))


async def test_each_batch_leaves_as_one_piece_and_the_end_is_last() -> None:
    client = Client()
    await client.get(Script([DELTA, DELTA], [FINISH]))
    assert [body.count(b"data: ") for body in client.bodies] == [2, 1, 1]
    assert client.bodies[-1] == b"data: [DONE]\n\n"
    assert dict(client.messages[0]["headers"])[b"x-streamways-stream"] == b"s-1"


async def test_a_batch_leaves_before_the_next_one_is_there() -> None:
    heard = threading.Event()
    client = Client(lambda body: heard.set() if b"Hello" in body else None)
    await client.get(Script([DELTA], heard, [FINISH]))
    assert len(client.bodies) == 3


async def test_silence_is_told_by_a_comment() -> None:
    client = Client()
    await client.get(Script([], [DELTA], [], [], [FINISH]))
    assert [body for body in client.bodies if body.startswith(b":")] == [b": keep-alive\n\n"] * 3


async def test_a_body_that_was_cut_has_no_end() -> None:
    client = Client()
    await client.get(Script([DELTA], complete=False))
    assert len(client.bodies) == 1
    assert client.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_source_that_fails_cuts_the_body_says_nothing_of_itself_and_is_logged(logs: Logs) -> None:
    client, source = Client(), Script([DELTA], RuntimeError("the table's secret"), complete=False)
    await client.get(source)
    assert len(client.bodies) == 1
    assert client.messages[-1]["more_body"] is False
    assert source.left.is_set()
    assert "the table's secret" in logs.text


async def test_a_client_that_hangs_up_while_it_waits_leaves_the_source_at_once() -> None:
    never = threading.Event()
    client = Client(lambda body: client.gone.set() if body else None)
    source = Script([DELTA], never, complete=False)
    await asyncio.wait_for(client.get(source), WAIT_SECONDS)
    assert source.left.is_set()
    never.set()


async def test_a_client_that_was_gone_before_the_first_part_leaves_the_source() -> None:
    client, source = Client(), Script([DELTA], complete=False)
    client.gone.set()
    await client.get(source)
    assert source.left.is_set()


async def test_a_head_has_the_headers_and_reads_nothing() -> None:
    client, source = Client(), Script([DELTA])
    await client.get(source, "HEAD")
    assert (client.messages[0]["status"], client.bodies, source.takes) == (200, [], 0)
    assert source.left.is_set()


async def test_bodies_that_wait_leave_threads_for_everything_else() -> None:
    silence, waits = threading.Event(), threading.Semaphore(0)

    class Silent(Script):
        def take(self) -> list[SequencedPart] | None:
            waits.release()
            return super().take()

    clients = [asyncio.ensure_future(Client().get(Silent(silence))) for _ in range(MAX_BODIES + 8)]
    for _ in range(MAX_BODIES):
        assert await run_in_threadpool(waits.acquire, timeout=WAIT_SECONDS)
    silence.set()
    await asyncio.wait_for(asyncio.gather(*clients), WAIT_SECONDS)
