"""The AppSync worker: batches that fit, in order, and that the stock reader understands when they are flattened."""

import json
import threading
import time
from typing import Any

import pytest

from handlers.appsync import worker
from tests.support import bedrock
from tests.support.appsync import World
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.starts import OWNER, PROMPT, STREAM, registry, start
from tests.support.stock import StockClient, text_of

MAX_SUBSCRIPTION_BYTES = 240 * 1024
"""https://docs.aws.amazon.com/general/latest/gr/appsync.html"""


def work(remaining: float = 60.0) -> None:
    """One event, as the start sends it."""
    registry().register(OWNER, STREAM, "chat-1")
    event = {"stream": start().to_json(), "startBy": time.time() + 60}
    worker.handler(event, lambda_context(remaining))  # pyright: ignore


def flattened(world: World) -> list[dict[str, Any]]:
    """The parts of all batches, which must be for the owner, adjacent, and in order."""
    told: list[dict[str, Any]] = []
    for batch in world.appsync.published:
        assert (batch["owner"], batch["streamId"], batch["firstSequence"]) == (OWNER, STREAM, len(told))
        assert batch["parts"]
        told += [json.loads(part) for part in batch["parts"]]
    return told


def record(table: Table) -> dict[str, Any]:
    item = table.stream(OWNER, STREAM)
    assert item is not None
    return item


def test_the_sdk_reads_the_whole_answer_with_usage_and_cost_from_the_batches(world: World, stock: StockClient) -> None:
    work()
    told = flattened(world)
    assert stock.problems(told) == [None] * len(told)
    message, problems = stock.read(told)
    assert problems == []
    assert text_of(message) == "Hello wörld 🎈"
    assert message["metadata"]["usage"]["totalTokens"] == 18
    assert message["metadata"]["cost"]["model"] > 0
    assert message["id"] == f"msg-{STREAM}"


def test_the_sdk_reads_the_error_of_a_model_that_fails(world: World, stock: StockClient) -> None:
    world.bedrock.answer = bedrock.refusing(429, "ThrottlingException")
    work()
    message, problems = stock.read(flattened(world))
    assert problems == ["The model is busy. Please try again shortly."]
    assert message["metadata"]["stopReason"] == "model_throttled"


def escaped(batch: dict[str, Any]) -> int:
    """What a subscriber is sent at most: AWSJSON is text within JSON."""
    return len(json.dumps({"data": {"onParts": batch}}, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize("character", ["x", "🎈", "\0", '"', "\\", "\n"])
def test_a_batch_is_never_more_than_a_subscriber_can_be_sent(character: str, world: World) -> None:
    text = character * 200_000
    world.bedrock.answer = bedrock.saying(text)
    work()
    assert max(map(escaped, world.appsync.published)) <= MAX_SUBSCRIPTION_BYTES
    assert "".join(part.get("delta", "") for part in flattened(world)) == text


def test_many_small_parts_fit_too(world: World) -> None:
    pieces = [piece for block in range(1500) for piece in (bedrock.delta("x", block), bedrock.block_stop(block))]
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), *pieces, *bedrock.ending()])
    work()
    assert max(map(escaped, world.appsync.published)) <= MAX_SUBSCRIPTION_BYTES
    assert "".join(part.get("delta", "") for part in flattened(world)) == "x" * 1500


def test_the_first_publish_does_not_wait_for_the_model(world: World) -> None:
    answers = threading.Event()
    world.bedrock.answer = bedrock.stream([answers, bedrock.message_start(), bedrock.delta("Hi"), *bedrock.ending()])
    working = threading.Thread(target=work, daemon=True)
    working.start()
    world.appsync.wait_until_received(1)
    answers.set()
    working.join(20)
    assert [json.loads(part)["type"] for part in world.appsync.published[0]["parts"]] == ["start", "start-step"]


def test_a_publish_that_is_refused_ends_the_stream_for_the_client_who_is_told(world: World, table: Table) -> None:
    world.appsync.failures.are([403])
    work()
    told = flattened(world)
    assert [part["type"] for part in told] == ["message-metadata", "data-error", "error"]
    assert told[1]["data"]["code"] == "internal"
    assert world.appsync.published[0]["firstSequence"] == 0
    assert (record(table)["state"], record(table)["stopReason"]) == ("ended", "end_turn")


def test_a_client_that_cannot_be_told_either_does_not_end_the_stream(world: World, table: Table, logs: Logs) -> None:
    world.appsync.failures.are([403], for_ever=True)
    work()
    assert (record(table)["state"], record(table)["stopReason"]) == ("ended", "end_turn")
    assert logs.lines("the client could not be told")


def test_the_end_comes_before_the_function_is_out_of_time(world: World, table: Table) -> None:
    silence = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), silence])
    work(remaining=3.5)
    silence.set()
    told = flattened(world)
    assert (told[-1]["finishReason"], told[-1]["messageMetadata"]["stopReason"]) == ("other", "deadline")
    assert record(table)["stopReason"] == "deadline"


def test_no_word_of_prompt_or_answer_is_logged(world: World, logs: Logs) -> None:
    world.appsync.failures.are([429])
    work()
    assert world.appsync.published
    [line] = logs.lines("stream ended")
    assert line["correlation_id"] == "correlation-1"
    for private in (PROMPT, "Hello", "wörld"):
        assert private not in logs.text


@pytest.mark.parametrize("published", [0, 1])
def test_a_client_is_told_with_the_next_numbers_that_a_publish_was_refused(
    published: int, world: World, stock: StockClient
) -> None:
    said = threading.Event()
    world.bedrock.answer = bedrock.stream([said, bedrock.message_start(), bedrock.delta("Hi"), *bedrock.ending()])
    world.appsync.failures.are([None] * published + [403])
    working = threading.Thread(target=work, daemon=True)
    working.start()
    world.appsync.wait_until_received(1)
    said.set()
    working.join(20)
    told = flattened(world)
    assert [part["type"] for part in told[-3:]] == ["message-metadata", "data-error", "error"]
    assert told[-2]["data"]["code"] == "internal"
    assert stock.problems(told) == [None] * len(told)
