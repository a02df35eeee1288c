"""The worker's frames: in order, one a part, tried again when API Gateway is busy, stopped when nobody is there."""

import json
import threading
import time
from typing import Any

import pytest

from handlers.websocket import worker
from handlers.websocket.connection import Connection
from shared.protocol.parts import is_terminal
from shared.stream.delivery import ReceiverGone, TryAgain
from tests.support import bedrock
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.starts import OWNER, PROMPT, STREAM, registry, start
from tests.support.websocket import CONNECTION, World

MAX_FRAME_BYTES = 128 * 1024
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""


def work(remaining: float = 60.0) -> None:
    """One event, as the routes send it."""
    registry().register(OWNER, STREAM, "chat-1")
    event = {"connectionId": CONNECTION, "stream": start().to_json(), "startBy": time.time() + 60}
    worker.handler(event, lambda_context(remaining))  # pyright: ignore


def record(table: Table) -> dict[str, Any]:
    item = table.stream(OWNER, STREAM)
    assert item is not None
    return item


def test_a_stream_is_start_chunks_and_end(world: World) -> None:
    work()
    frames = world.connections.frames(CONNECTION)
    assert {frame["requestId"] for frame in frames} == {STREAM}
    assert [frames[0]["type"], frames[-1]["type"]] == ["start", "end"]
    chunks = frames[1:-1]
    assert {frame["type"] for frame in chunks} == {"chunk"}
    assert [frame["sequence"] for frame in chunks] == list(range(len(chunks)))
    told = [frame["chunk"] for frame in chunks]
    assert "".join(part.get("delta", "") for part in told) == "Hello wörld 🎈"
    assert [part["type"] for part in told if is_terminal(part)] == ["finish"]


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


def connected(seconds: float = 60.0) -> Connection:
    """The client's connection; a frame is tried again for so long."""
    return Connection(CONNECTION, time.monotonic() + seconds)


@pytest.mark.parametrize("failures", [[429], [500, 503], [0], [429, 0, 500, 504]])
def test_a_frame_is_sent_again_after(failures: list[int], world: World) -> None:
    world.connections.failures.are(failures)
    connection = connected()
    connection.send('{"type": "one"}')
    connection.send('{"type": "two"}')
    assert [frame["type"] for frame in world.connections.frames(CONNECTION)] == ["one", "two"]
    assert len(world.connections.received) == len(failures) + 2


def test_a_frame_is_given_up_when_api_gateway_stays_busy_until_time_is_up(world: World) -> None:
    world.connections.failures.are([429], for_ever=True)
    with pytest.raises(TryAgain):
        connected(seconds=0.3).send("{}")
    assert len(world.connections.received) > 1


def test_a_frame_that_cannot_be_sent_ends_the_stream_with_an_error_frame(world: World, table: Table) -> None:
    world.connections.failures.are([403])
    work()
    [frame] = world.connections.frames(CONNECTION)
    assert (frame["type"], frame["requestId"]) == ("error", STREAM)
    assert json.loads(frame["errorText"])["error"]["code"] == "internal"
    assert record(table)["state"] == "ended"


def test_a_frame_to_nobody_is_not_sent_again(world: World) -> None:
    world.connections.failures.are([410])
    with pytest.raises(ReceiverGone):
        connected().send("{}")
    assert len(world.connections.received) == 1


@pytest.mark.parametrize("status", [400, 403, 413])
def test_a_frame_that_is_refused_for_good_is_not_sent_again(status: int, world: World) -> None:
    world.connections.failures.are([status])
    with pytest.raises(Exception, match=str(status)):
        connected().send("{}")
    assert len(world.connections.received) == 1


def test_frames_are_signed_for_the_stage(world: World) -> None:
    connected().send("{}")
    [received] = world.connections.received
    assert "/us-east-1/execute-api/aws4_request" in received.headers["authorization"]
    assert received.headers["x-amz-security-token"] == "session"


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
