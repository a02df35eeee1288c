"""The AppSync worker: batches that fit, in order, and that the stock reader understands when they are flattened."""

import json
import threading
import time
from typing import Any

import pytest

from handlers.appsync import reaper, worker
from shared.errors import Busy
from tests.support import bedrock
from tests.support.appsync import World, result
from tests.support.aws import Table
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.runs import journaled
from tests.support.services import lambda_context
from tests.support.starts import OWNER, PROMPT, STREAM, admitted
from tests.support.stock import StockClient, text_of

MAX_SUBSCRIPTION_BYTES = 240 * 1024
"""https://docs.aws.amazon.com/general/latest/gr/appsync.html"""


def started() -> dict[str, Any]:
    """The event of a stream that was admitted just now."""
    return {"stream": admitted(architecture="appsync").to_json(), "startBy": time.time() + 60}


def work(remaining: float = 60.0, event: dict[str, Any] | None = None) -> None:
    """One event, as the start sends it."""
    worker.handler(event or started(), lambda_context(remaining))  # pyright: ignore


def flattened(world: World) -> list[dict[str, Any]]:
    """The parts of all batches, which must be for the owner, adjacent, in order, and numbered as in the journal."""
    told: list[dict[str, Any]] = []
    for batch in world.appsync.published:
        assert (batch["owner"], batch["streamId"], batch["firstSequence"]) == (OWNER, STREAM, len(told))
        assert batch["parts"]
        told += [json.loads(part) for part in batch["parts"]]
    assert journaled()[: len(told)] == told
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


def test_a_publish_that_is_refused_leaves_the_stream_to_those_who_read_the_journal(
    world: World, table: Table, logs: Logs
) -> None:
    said = threading.Event()
    world.bedrock.answer = bedrock.stream([said, bedrock.message_start(), bedrock.delta("Hi"), *bedrock.ending()])
    world.appsync.failures.are([None, 403])
    working = threading.Thread(target=work, daemon=True)
    working.start()
    world.appsync.wait_until_received(1)
    said.set()
    working.join(20)
    assert [part["type"] for part in flattened(world)] == ["start", "start-step"]
    assert len(world.appsync.received) == 2
    page = result("parts", {"streamId": STREAM, "after": world.appsync.published[-1]["cursor"]})
    assert ([part["type"] for part in page["parts"]][-1], page["ended"]) == ("finish", True)
    assert (record(table)["state"], record(table)["stopReason"]) == ("ended", "end_turn")
    [line] = logs.lines("publishing was given up")
    assert (line["streamId"], line["reason"]) == (STREAM, "AppSync answered 403")


def test_an_appsync_that_stays_busy_does_not_keep_the_stream_from_its_end(
    world: World, table: Table, logs: Logs
) -> None:
    world.appsync.failures.are([429], for_ever=True)
    work(remaining=4.0)
    [line] = logs.lines("publishing was given up")
    assert line["reason"] == "AppSync answered 429"
    assert (record(table)["state"], record(table)["stopReason"]) == ("ended", "end_turn")
    assert result("parts", {"streamId": STREAM})["ended"] is True


def test_nothing_is_published_while_the_model_is_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = threading.Semaphore(0)
    monkeypatch.setattr("shared.generation.run.KEEP_ALIVE_SECONDS", 0.01)
    keep_alive = worker.PublishDelivery.keep_alive

    def counted(delivery: worker.PublishDelivery) -> None:
        keep_alive(delivery)
        beats.release()

    monkeypatch.setattr(worker.PublishDelivery, "keep_alive", counted)
    said = threading.Event()
    world.bedrock.answer = bedrock.stream([said, bedrock.message_start(), bedrock.delta("Hi"), *bedrock.ending()])
    working = threading.Thread(target=work, daemon=True)
    working.start()
    for _ in range(3):
        assert beats.acquire(timeout=20)
    assert len(world.appsync.published) == 1
    said.set()
    working.join(20)


def test_a_user_s_cancel_ends_the_stream_while_the_model_is_silent(world: World, table: Table) -> None:
    said, silence = threading.Event(), threading.Event()
    world.bedrock.answer = bedrock.stream([said, bedrock.message_start(), bedrock.delta("So far"), silence])
    working = threading.Thread(target=work, daemon=True)
    working.start()
    world.appsync.wait_until_received(1)
    said.set()
    world.appsync.wait_until_received(2)
    result("cancelStream", {"streamId": STREAM})
    working.join(20)
    silence.set()
    told = flattened(world)
    assert [part["type"] for part in told[-2:]] == ["message-metadata", "abort"]
    assert record(table)["stopReason"] == "cancelled"


def test_a_stream_that_was_cancelled_before_its_worker_came_ends_without_the_model(world: World) -> None:
    event = started()
    result("cancelStream", {"streamId": STREAM})
    work(event=event)
    assert flattened(world)[-1]["type"] == "abort"
    assert world.bedrock.received == []


def test_a_second_delivery_of_the_event_does_nothing(world: World) -> None:
    event = started()
    work(event=event)
    published = len(world.appsync.published)
    work(event=event)
    assert (len(world.bedrock.received), len(world.appsync.published)) == (1, published)


def test_an_event_that_comes_late_is_told_to_the_client(world: World, stock: StockClient) -> None:
    work(event={**started(), "startBy": time.time() - 1})
    message, problems = stock.read(flattened(world))
    assert problems == ["The answer could not start in time. Please try again."]
    assert message["metadata"]["stopReason"] == "deadline"
    assert world.bedrock.received == []


@pytest.mark.usefixtures("table", "impatient")
def test_a_delivery_that_cannot_claim_its_stream_leaves_it_to_the_reaper_to_tell_the_client(world: World) -> None:
    """It may be a duplicate, and the client that of a stream which runs well."""
    event = started()
    with (
        refused(worker.worker().repository.table.client, "UpdateItem", "InternalServerError"),
        pytest.raises(Busy),
    ):
        work(event=event)
    assert world.appsync.published == []
    reaper.handler({"requestPayload": event}, lambda_context())  # pyright: ignore
    [batch] = world.appsync.published
    assert [json.loads(part)["type"] for part in batch["parts"]][-2:] == ["data-error", "error"]


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
