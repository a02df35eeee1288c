"""What the cost model assumes of this project is what the project does."""

import contextlib
import io
import json
import logging

import pytest

from handlers.http.sse import ServerSentEvents
from handlers.websocket import frames
from shared.generation import journal_writer
from shared.protocol.cursor import Cursor
from shared.protocol.parts import SequencedPart, block_delta, encode
from shared.streams import heartbeat
from shared.streams.tail import POLL_SECONDS
from stacks.reaper import SWEEP_RATE
from streamways.clients.client import ARCHITECTURES
from streamways.costs import assumptions, table
from streamways.costs.assumptions import ENVELOPE_BYTES, SIZES, Idle, Workload
from streamways.costs.named import assumed
from tests.docs.pages import default
from tests.support.services import lambda_context

STREAM_ID = "stream-0123456789abcdef0123456789abcdef"
PART = block_delta("text", "0", "word ")
SEQUENCED = SequencedPart(150, PART)
CURSOR = Cursor.behind(STREAM_ID, SEQUENCED)


def test_the_settings_are_the_programs_defaults() -> None:
    usual = Workload()
    assert usual.memory_megabytes == Idle().memory_megabytes == default("memoryMegabytes")
    assert usual.interval_seconds * 1000 == default("webSocketIntervalMilliseconds")
    assert usual.interval_seconds * 1000 == default("appSyncIntervalMilliseconds")
    assert usual.model == default("model")


def test_the_intervals_are_the_codes() -> None:
    assert table.FLUSH_SECONDS == journal_writer.FLUSH_SECONDS
    assert (table.HEARTBEAT_SECONDS, table.RENEW_SECONDS) == (heartbeat.INTERVAL_SECONDS, heartbeat.RENEW_SECONDS)
    assert 1 / POLL_SECONDS + 1 == table.READER_READS_A_SECOND
    assert SWEEP_RATE == "rate(1 minute)"
    assert Idle().minutes == assumptions.HOURS_OF_A_MONTH * 60


def test_all_architectures_are_reckoned() -> None:
    assert set(ARCHITECTURES) == set(ENVELOPE_BYTES) == set(assumptions.SHORT_FUNCTIONS)


def test_a_part_of_text_is_as_large_as_assumed() -> None:
    assert len(encode(PART)) - len("word ") == assumptions.PART_BYTES


def test_an_event_and_a_frame_are_as_large_as_assumed() -> None:
    event = ServerSentEvents().encode(PART, CURSOR)
    frame = frames.chunk(STREAM_ID, SEQUENCED.sequence, PART, CURSOR).encode()
    part = len(encode(PART))
    assert len(event) - part == pytest.approx(ENVELOPE_BYTES["function-url"], rel=0.1)
    assert len(frame) - part == pytest.approx(ENVELOPE_BYTES["websocket"], rel=0.1)


def test_an_update_is_as_large_as_assumed() -> None:
    """As AppSync's real-time endpoint sends it, https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html"""
    uuid = "01234567-89ab-cdef-0123-456789abcdef"
    update = {
        "id": uuid,
        "type": "data",
        "payload": {
            "data": {
                "onParts": {
                    "owner": uuid,
                    "streamId": STREAM_ID,
                    "chatId": STREAM_ID,
                    "epoch": 0,
                    "firstSequence": 150,
                    "parts": [encode(PART)],
                    "cursor": str(CURSOR),
                }
            }
        },
    }
    size = len(json.dumps(update, separators=(",", ":")))
    assert size - len(encode(PART)) == pytest.approx(ENVELOPE_BYTES["appsync"], rel=0.1)


def test_a_stream_writes_as_many_metrics_and_as_much_log_as_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    from shared.models.events import Usage
    from shared.streams import metrics
    from shared.streams.usage_record import UsageRecord
    from shared.telemetry.log import logger

    settings = {"STACK_NAME": "production", "POWERTOOLS_SERVICE_NAME": "function-url"}
    for name, value in (settings | {"POWERTOOLS_METRICS_NAMESPACE": "Streamways"}).items():
        monkeypatch.setenv(name, value)
    lines = io.StringIO()
    stream = logging.StreamHandler(lines)
    stream.setFormatter(logger.registered_formatter)
    monkeypatch.setattr(logger._logger, "handlers", [stream])
    ended = UsageRecord("amazon.nova-lite-v1:0", "end_turn", Usage(500, 300), 312.4, 5312.4, 60.0, 51.3)

    @logger.inject_lambda_context
    def handler(_event: object, _context: object) -> None:
        metrics.record_stream(ended, {"streamId": STREAM_ID, "correlation_id": STREAM_ID})

    with contextlib.redirect_stdout(lines):
        handler({}, lambda_context())
    [_, metrics_line] = lines.getvalue().splitlines()
    sets = json.loads(metrics_line)["_aws"]["CloudWatchMetrics"]
    assert sum(len(each["Metrics"]) for each in sets) == assumptions.METRICS
    assert len(lines.getvalue()) == pytest.approx(assumptions.STREAM_LOG_BYTES, rel=0.1)


def test_every_assumption_says_why() -> None:
    named = list(assumed())
    assert {each.name for each in named} >= {"bytes_per_token", "START_WRITES", "sweep_seconds", "PREVIEW_LIFE_DAYS"}
    assert [each.name for each in named if not each.why] == []


def test_the_sizes_are_three_and_grow() -> None:
    small, middle, large = SIZES.values()
    assert small.answers < middle.answers < large.answers
    assert all(20 <= size.answers / size.users <= 50 for size in SIZES.values())
