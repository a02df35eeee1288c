"""The demo's two acts in a real sandbox; and what becomes of the second one where a stack has less, or refuses."""

from collections.abc import Generator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from streamways.cli import demo
from streamways.cli.second_act import SecondAct, play_second_act
from streamways.clients.client import Received
from streamways.clients.errors import Refused
from streamways.clients.outputs import StackOutputs
from streamways.clients.websocket import WebSocketClient
from streamways.target.interrupted import Interrupted, interrupt
from streamways.target.stack import Stack
from tests.support.model_calls import calls, ended_call
from tests.support.questions import answer, prompt
from tests.support.sandbox import RunningSandbox

WRITTEN_SLOWLY = 40
"""Tokens a second: a stop comes long before the end of an answer, however busy the machine is."""
FEW = 60
"""Characters of an answer after which something is done to it."""


class Heard:
    """Notes what is told."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.text = ""

    def part(self, architecture: str, received: Received) -> None:  # noqa: ARG002
        self.text += str(received.part.get("delta", ""))

    def said(self, architecture: str, words: str) -> None:
        self.words.append(f"{architecture}: {words}")


@contextmanager
def slow_model(sandbox: RunningSandbox) -> Generator[None]:
    before = sandbox.control("PUT", "/model", {}).json()["tokensPerSecond"]
    sandbox.control("PUT", "/model", {"tokensPerSecond": WRITTEN_SLOWLY})
    try:
        yield
    finally:
        sandbox.control("PUT", "/model", {"tokensPerSecond": before})


def stack_with(sandbox: RunningSandbox, *architectures: str, **changed: str) -> Stack:
    """The stack as if it had these architectures alone, and these outputs."""
    left_out = {"function-url": "functionUrl", "websocket": "webSocketUrl", "appsync": "appSyncUrl"}
    outputs = {
        name: value
        for name, value in sandbox.outputs.to_json().items()
        if not any(name == key for one, key in left_out.items() if one not in architectures)
    }
    return Stack(StackOutputs.from_json(outputs | changed), sandbox.token(), emulated=True)


async def interrupted(sandbox: RunningSandbox, stack: Stack, asked: str) -> tuple[Interrupted, Heard]:
    heard = Heard()
    with slow_model(sandbox):
        return await interrupt(stack, asked, heard, cut_after=FEW, stop_after=FEW), heard


def test_the_demo_races_then_cuts_resumes_and_stops_and_draws_what_was_seen(
    sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*arguments: Any) -> SecondAct:
        with slow_model(sandbox):
            return play_second_act(*arguments)

    monkeypatch.setattr(demo, "RUNS", 1)
    monkeypatch.setattr(demo, "play_second_act", slowly)
    asked, file = prompt(), tmp_path / "demo.svg"
    console = Console(file=StringIO(), force_terminal=True, width=100, height=60, color_system=None, highlight=False)
    assert demo.play(asked, sandbox.state, console, file) == 0
    *raced, cut = calls(sandbox, asked)
    assert [call["ended"] for call in raced] == ["finished"] * 3
    assert cut["ended"] == "hung_up"
    made, whole = cut["outputTokens"], raced[0]["outputTokens"]
    assert 0 < made < whole
    assert answer(asked).startswith(cut["text"])
    root = ElementTree.fromstring(file.read_text(encoding="utf-8"))
    drawn = " ".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
    assert isinstance(console.file, StringIO)
    for seen in (console.file.getvalue(), drawn.replace("\N{NO-BREAK SPACE}", " ")):
        words = " ".join(seen.split())
        assert "one run, after a warm-up" in words
        assert "▸ function-url: the connection is cut after part" in words
        assert "▸ websocket: the answer goes on with part" in words
        assert "▸ websocket: the user stops the answer after part" in words
        assert "none is missing and none came twice" in words
        assert f"what the model wrote until the stop reached it came too: {made} of the {whole} tokens" in words
        assert f"the stop saved {whole - made}" in words


@pytest.mark.parametrize(
    ("architectures", "ways"),
    [
        (["appsync"], ("appsync", "appsync", "appsync")),
        (["function-url", "appsync"], ("function-url", "appsync", "appsync")),
        (["function-url", "websocket", "appsync"], ("function-url", "websocket", "appsync")),
    ],
)
async def test_an_answer_goes_on_over_the_next_architecture_or_the_only_one(
    architectures: list[str], ways: tuple[str, str, str], sandbox: RunningSandbox
) -> None:
    asked = prompt()
    seen, heard = await interrupted(sandbox, stack_with(sandbox, *architectures), asked)
    assert seen.problem is None
    assert (seen.begun_on, seen.resumed_on, seen.read_on) == ways
    assert seen.exact
    assert seen.stopped
    assert (seen.before[0].type, seen.after[-1].type) == ("start", "abort")
    at, end = len(seen.before), len(seen.recorded)
    stop = heard.words[2]
    assert [*heard.words[:2], heard.words[3]] == [
        f"{ways[0]}: the connection is cut after part {at - 1}",
        f"{ways[1]}: the answer goes on with part {at}",
        f"{ways[1]}: the answer has ended with part {end - 1}",
    ]
    assert stop.startswith(f"{ways[1]}: the user stops the answer after part ")
    assert at <= int(stop.rpartition(" ")[2]) < end - 1
    call = ended_call(sandbox, asked)
    assert call["ended"] == "hung_up"
    assert call["text"].startswith(heard.text)


async def test_a_resume_that_fails_is_told_and_what_came_before_is_kept(sandbox: RunningSandbox) -> None:
    stack = stack_with(sandbox, "function-url", "websocket", "appsync", webSocketUrl="ws://127.0.0.1:1/gone")
    seen, heard = await interrupted(sandbox, stack, prompt())
    assert seen.problem is not None
    assert "nothing answers at ws://127.0.0.1:1/gone" in seen.problem
    assert len(heard.words) == 1
    assert (bool(seen.before), seen.after, seen.stopped) == (True, [], False)


async def test_a_stop_that_is_refused_is_told_after_the_whole_answer_has_come(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise Refused("forbidden", "Not you.")

    monkeypatch.setattr(WebSocketClient, "cancel", refuse)
    asked, heard = prompt(), Heard()
    seen = await interrupt(stack_with(sandbox, "websocket"), asked, heard, cut_after=1, stop_after=1)
    assert seen.problem == "forbidden: Not you."
    assert heard.text == answer(asked)


async def test_an_answer_that_is_over_before_the_cut_is_left_alone(sandbox: RunningSandbox) -> None:
    asked, heard = prompt(), Heard()
    seen = await interrupt(stack_with(sandbox, "function-url"), asked, heard, cut_after=100_000, stop_after=1)
    assert (seen.over, seen.problem, seen.after, heard.words) == (True, None, [], [])
    assert heard.text == answer(asked)
