"""The worker that generates: its frames, in order, one a part; it goes on when nobody is there."""

import threading
import time
from typing import Any

import pytest

from handlers.websocket import worker
from handlers.websocket.caller import NOTICE_SECONDS
from shared.contract.limits import CONNECTION_SECONDS
from shared.protocol.parts import is_terminal
from tests.support import bedrock
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.starts import OWNER, PROMPT, STREAM, admitted, repository
from tests.support.websocket import CONNECTION, World, error_of

MAX_FRAME_BYTES = 128 * 1024
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""
TEXT = frozenset({"text-delta"})


def event(connected_for: float = 5.0) -> dict[str, Any]:
    """The event of an admitted stream, as the routes send it."""
    connected_at = int(time.time() - connected_for)
    address = {"connectionId": CONNECTION, "requestId": STREAM}
    start = admitted(address=address)
    return {**address, "connectedAt": connected_at, "stream": start.to_json(), "startBy": time.time() + 60}


def work(remaining: float = 60.0, connected_for: float = 5.0) -> None:
    worker.handler(event(connected_for), lambda_context(remaining))  # pyright: ignore


def record(table: Table) -> dict[str, Any]:
    item = table.stream(OWNER, STREAM)
    assert item is not None
    return item


def test_a_stream_is_chunks_and_end(world: World) -> None:
    work()
    frames = world.connections.frames(CONNECTION)
    assert {frame["requestId"] for frame in frames} == {STREAM}
    *chunks, last = frames
    assert {frame["type"] for frame in chunks} == {"chunk"}
    assert last["type"] == "end"
    assert [frame["sequence"] for frame in chunks] == list(range(len(chunks)))
    told = [frame["chunk"] for frame in chunks]
    assert "".join(part.get("delta", "") for part in told) == "Hello wörld 🎈"
    assert [part["type"] for part in told if is_terminal(part)] == ["finish"]


def test_an_answer_costs_no_more_than_eight_frames_besides_its_text(world: World) -> None:
    world.bedrock.answer = bedrock.saying(*(f"{number} " for number in range(50)))
    work()
    frames = world.connections.frames(CONNECTION)
    assert len([frame for frame in frames if frame.get("chunk", {}).get("type") not in TEXT]) <= 8


def test_a_second_delivery_of_the_event_does_nothing(world: World) -> None:
    once = event()
    for _ in range(2):
        worker.handler(once, lambda_context())  # pyright: ignore
    assert len([frame for frame in world.connections.frames(CONNECTION) if frame["type"] == "end"]) == 1
    assert len(world.bedrock.requests()) == 1


def test_a_stream_that_was_cancelled_before_its_worker_came_is_told_to_be_aborted(world: World) -> None:
    waiting = event()
    repository().cancel(OWNER, STREAM)
    worker.handler(waiting, lambda_context())  # pyright: ignore
    frames = world.connections.frames(CONNECTION)
    assert [frames[-2]["chunk"]["type"], frames[-1]["type"]] == ["abort", "end"]
    assert world.bedrock.requests() == []


def test_a_silent_model_is_told_by_beats_under_an_id_that_is_nobody_s(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.generation.run.KEEP_ALIVE_SECONDS", 0.02)
    silence = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), silence, bedrock.delta("So"), *bedrock.ending()])

    def speak(_: str, frame: str) -> None:
        if "keep-alive" in frame:
            silence.set()

    world.connections.then = speak
    work()
    frames = world.connections.frames(CONNECTION)
    assert {"type": "keep-alive", "requestId": "streamways"} in frames
    assert [frame["sequence"] for frame in frames if frame["type"] == "chunk"] == list(range(7))


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_connection_that_is_about_to_end_is_announced_once_while_its_client_listens(
    seconds: float, world: World
) -> None:
    work(connected_for=CONNECTION_SECONDS - NOTICE_SECONDS + seconds)
    notices = [frame for frame in world.connections.frames(CONNECTION) if frame["type"] == "notice"]
    assert len(notices) == (1 if seconds > 0 else 0)
    assert all(abs(notice["at"] - time.time() - NOTICE_SECONDS + seconds) < 5 for notice in notices)


def test_a_model_that_fails_is_told_in_chunks_too(world: World) -> None:
    world.bedrock.answer = bedrock.refusing(429, "ThrottlingException")
    work()
    frames = world.connections.frames(CONNECTION)
    assert [frame["chunk"]["type"] for frame in frames[-3:-1]] == ["data-error", "error"]
    assert frames[-1]["type"] == "end"


def test_after_a_hang_up_the_stream_goes_on_and_is_booked(world: World, table: Table) -> None:
    gone = threading.Event()
    world.bedrock.answer = bedrock.stream(
        [bedrock.message_start(), bedrock.delta("So far"), gone, bedrock.delta(" and on"), *bedrock.ending()]
    )

    def hang_up(_: str, frame: str) -> None:
        if "So far" in frame:
            world.connections.failures.are([410], for_ever=True)
            gone.set()

    world.connections.then = hang_up
    work()
    item = record(table)
    assert (item["state"], item["stopReason"], int(item["usage"]["outputTokens"])) == ("ended", "end_turn", 7)
    assert world.connections.frames(CONNECTION)[-1]["chunk"]["delta"] == "So far"


def test_the_end_comes_before_the_function_is_out_of_time(world: World, table: Table) -> None:
    silence = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), silence])
    work(remaining=3.5)
    silence.set()
    finish = world.connections.frames(CONNECTION)[-2]["chunk"]
    assert (finish["finishReason"], finish["messageMetadata"]["stopReason"]) == ("other", "deadline")
    assert record(table)["stopReason"] == "deadline"


@pytest.mark.parametrize("character", ["x", "🎈", "\0", '"'])
def test_no_frame_is_over_the_limit_of_a_message(character: str, world: World) -> None:
    text = character * 60_000
    world.bedrock.answer = bedrock.saying(text)
    work()
    sent = [received.body for received in world.connections.received]
    assert max(map(len, sent)) <= MAX_FRAME_BYTES
    deltas = [frame.get("chunk", {}).get("delta", "") for frame in world.connections.frames(CONNECTION)]
    assert "".join(deltas) == text


def test_text_comes_at_most_every_fifty_milliseconds(world: World) -> None:
    words = [f"{number} " for number in range(200)]
    world.bedrock.answer = bedrock.saying(*words)
    moments: list[float] = []

    def note(_: str, frame: str) -> None:
        if "text-delta" in frame:
            moments.append(time.monotonic())

    world.connections.then = note
    began = time.monotonic()
    work()
    # The first is not held back, nor is the last, which the end brings along.
    assert len(moments) <= 2 + (moments[-1] - began) / 0.05


def test_a_frame_that_cannot_be_sent_ends_the_stream_with_an_error_frame(world: World, table: Table) -> None:
    world.connections.failures.are([403])
    work()
    [frame] = world.connections.frames(CONNECTION)
    assert error_of(frame, STREAM)["code"] == "internal"
    assert record(table)["state"] == "ended"


def test_no_word_of_prompt_or_answer_is_logged(world: World, logs: Logs) -> None:
    work()
    assert world.connections.frames(CONNECTION)
    assert logs.lines("stream ended")
    for private in (PROMPT, "Hello", "wörld"):
        assert private not in logs.text


def test_one_connection_serves_all_frames(world: World) -> None:
    work()
    assert len(world.connections.received) > 3
    assert len({received.client_port for received in world.connections.received}) == 1
