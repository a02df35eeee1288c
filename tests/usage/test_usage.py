"""What an operator is told of what streams have used: read by queries, and summed without loss."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contract.tiers import Tier
from shared.contract.usage import USAGE_SHARDS
from shared.models.events import Usage
from shared.streams.ratings import Ratings
from shared.streams.usage_item import usage_item
from shared.streams.usage_record import UsageRecord
from streamways.cli import usage as command
from streamways.errors import CommandError
from streamways.target.table import StreamsTable
from streamways.usage.records import UsageRecords, Used
from streamways.usage.report import Report
from tests.support.aws import TABLE, Table
from tests.support.interference import sent
from tests.support.starts import OWNER, repository, running, start, table_client, used

MODEL = "amazon.nova-lite-v1:0"
NOON = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
"""A Sunday."""


def usage_records(name: str = TABLE) -> UsageRecords:
    return UsageRecords(StreamsTable(name, table_client().client))


def kept(table: Table, at: datetime, user: str = OWNER, **changes: Any) -> None:
    """A stream of 1,000 and 100 tokens, which cost 84,000 billionths, that ended then."""
    stream = replace(start(), owner=user, fencing_token=f"token-{table.count()}", **changes.pop("of", {}))
    record = UsageRecord(MODEL, "end_turn", Usage(1000, 100), 40.0, 1500.0, None)
    item = usage_item(stream, replace(record, **changes), at.timestamp())
    table.fill([{name: value for name, value in item.items() if value is not None}])


@pytest.mark.usefixtures("table")
def test_what_a_stream_leaves_is_what_an_operator_reads() -> None:
    stream = running()
    repository().end(stream, used(model=MODEL), [{"type": "text", "text": "Because."}])
    Ratings(table_client()).rate(OWNER, stream.chat_id, stream.message_id, {"rating": "up"})
    today = datetime.now(UTC).date()
    days = (today - timedelta(days=1), today)  # it may be midnight
    [read] = [one for day in days for one in usage_records().of_day(day)]
    assert [one for day in days for one in usage_records().of_user(OWNER, day)] == [read]
    assert (read.user, read.tier, read.architecture, read.model) == (OWNER, Tier.ENTERPRISE, "websocket", MODEL)
    assert (read.input_tokens, read.output_tokens, read.cost_nano_usd) == (3, 5, 3 * 60 + 5 * 240)
    assert (read.estimated, read.failed, read.duration_ms, read.rating) == (True, False, 1235, "up")


def test_a_day_is_a_query_for_each_shard_and_nothing_is_scanned(table: Table) -> None:
    kept(table, NOON)
    kept(table, NOON - timedelta(days=1))
    with sent(table_client().client) as requests:
        assert len(list(usage_records().of_day(NOON.date()))) == 1
    assert requests == ["Query"] * USAGE_SHARDS


def test_a_user_is_read_without_the_streams_of_others(table: Table) -> None:
    for number in range(40):
        kept(table, NOON, f"user-{number}")
    kept(table, NOON, "user-1")
    assert len(list(usage_records().of_user("user-1", NOON.date()))) == 2
    assert list(usage_records().of_user("user-", NOON.date())) == []


def test_a_table_that_is_not_there_is_one_line() -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        list(usage_records("nowhere").of_day(NOON.date()))


@pytest.fixture
def records(table: Table) -> list[Used]:
    kept(table, NOON)
    kept(table, NOON, stop_reason="deadline")
    kept(table, NOON + timedelta(hours=1), "bob", of={"tier": Tier.FREE, "architecture": "appsync", "chat_id": "c-2"})
    kept(table, NOON - timedelta(hours=13), "eve", model="unheard-of", stop_reason="internal")
    return [one for back in (0, 1) for one in usage_records().of_day(NOON.date() - timedelta(days=back))]


def test_sums_lose_nothing(records: list[Used]) -> None:
    report = Report.of(records)
    assert report.whole.to_json() == {
        "streams": 4,
        "failed": 2,
        "unpriced": 1,
        "inputTokens": 4000,
        "outputTokens": 400,
        "costUsd": 3 * 84_000 / 1e9,
    }
    for group in report.by.values():
        assert sum(one.cost_nano_usd for one in group.values()) == 3 * 84_000
        assert sum(one.streams for one in group.values()) == 4


def test_the_report_tells_hours_weekdays_and_who_cost_most(records: list[Used]) -> None:
    told: Any = Report.of(records).to_json()
    assert list(told["by"]["hour"]) == ["12", "13", "23"]
    assert list(told["by"]["weekday"]) == ["Saturday", "Sunday"]
    assert list(told["by"]["user"]) == [OWNER, "bob", "eve"]
    assert told["by"]["tier"]["free"]["streams"] == told["by"]["chat"]["c-2"]["streams"] == 1
    assert told["dearestHour"] == {"hour": "2026-11-22T12", "costUsd": 168_000 / 1e9}
    assert (told["failedPercent"], told["stopReasons"]) == (50.0, {"end_turn": 2, "deadline": 1, "internal": 1})


def test_of_many_users_the_ten_dearest_are_told(table: Table) -> None:
    for number in range(12):
        kept(table, NOON, f"user-{number:02d}", usage=Usage(1000 * (number + 1), 0))
    told: Any = Report.of(usage_records().of_day(NOON.date())).to_json()
    assert list(told["by"]["user"]) == [f"user-{number:02d}" for number in range(11, 1, -1)]


def test_no_stream_at_all_is_no_error() -> None:
    told: Any = Report.of([]).to_json()
    assert (told["streams"], told["dearestHour"], told["failedPercent"]) == (0, None, 0.0)


@pytest.mark.parametrize(
    ("user", "chat", "streams"), [(None, None, 3), ("bob", None, 1), (None, "c-2", 1), ("bob", "x", 0)]
)
def test_the_command_prints_json_and_tables_of_what_is_asked_for(
    user: str | None,
    chat: str | None,
    streams: int,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def reached(name: str | None, port: int | None) -> StreamsTable:
        assert (name, port) == (TABLE, None)
        return StreamsTable(TABLE, table_client().client)

    now = datetime.now(UTC)
    kept(table, now)
    kept(table, now - timedelta(days=1))
    kept(table, now, "bob", of={"chat_id": "c-2"})
    kept(table, now - timedelta(days=5))
    monkeypatch.setattr(command, "streams_table", reached)
    for as_json in (True, False):
        command.print_usage(as_json=as_json, days=3, user=user, chat=chat, table=TABLE, port=None)
    printed = capsys.readouterr().out
    told, end = json.JSONDecoder().raw_decode(printed)
    assert (told["streams"], told["to"]) == (streams, now.date().isoformat())
    assert f"streams: {streams}, {told['from']} to {told['to']} (UTC)" in printed[end:]
    assert ("errors: 0.0 % of 5 %" in printed) == (streams > 0)
