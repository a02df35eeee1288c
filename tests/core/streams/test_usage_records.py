"""The usage record of a stream: one for each stream that ends, in the transaction that ends it."""

import time
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.policy import POLICY
from shared.contract.tiers import Tier
from shared.contract.usage import (
    USAGE_KEPT_SECONDS,
    USAGE_SHARDS,
    usage_name,
    usage_partition,
    usage_prefix,
    usage_shard,
)
from shared.models.events import Usage
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.dead_streams import died, reaper
from tests.support.interference import first_answers_lost, just_before, refused
from tests.support.starts import (
    CHAT,
    OWNER,
    STREAM,
    admission,
    admitted,
    asked,
    chats,
    repository,
    running,
    shared_with,
    used,
)

MODEL = "amazon.nova-lite-v1:0"
NO_TEXT = {"parts", "title", "messages", "text", "username"}


def usage_of(table: Table) -> list[dict[str, Any]]:
    return table.items("usage#")


def test_the_end_writes_what_the_stream_has_used_in_whole_numbers(table: Table) -> None:
    before = time.time()
    stream = admitted(running=True, tier=Tier.PRO, architecture="appsync")
    usage = UsageRecord(MODEL, "end_turn", Usage(1234, 567), 40.4, 1234.6, 20.0)
    assert repository().end(stream, usage, [])
    [item] = usage_of(table)
    ended_at, expires_at = int(item.pop("endedAt")), int(item.pop("expiresAt"))
    pk, sk = usage_name(OWNER, ended_at, stream.fencing_token)
    assert int(before * 1000) <= ended_at <= int(time.time() * 1000)
    assert expires_at == ended_at // 1000 + USAGE_KEPT_SECONDS
    assert item == {
        "pk": pk,
        "sk": sk,
        "user": OWNER,
        "tier": "pro",
        "architecture": "appsync",
        "chatId": CHAT,
        "streamId": STREAM,
        "model": MODEL,
        "stopReason": "end_turn",
        "failed": False,
        "inputTokens": 1234,
        "outputTokens": 567,
        "costNanoUsd": 1234 * 60 + 567 * 240,
        "durationMs": 1235,
        "firstTextMs": 40,
    }


def test_a_record_holds_nothing_of_what_was_said(table: Table) -> None:
    repository().end(running(prompt="My secret"), used(), [{"type": "text", "text": "Your secret"}])
    [item] = usage_of(table)
    assert "secret" not in str(item)
    assert NO_TEXT.isdisjoint(item)


def test_a_stream_without_text_or_price_leaves_out_what_nobody_knows(table: Table) -> None:
    repository().end(running(), UsageRecord("unheard-of", "internal", Usage(0, 0, True), None, 0.4, None), [])
    [item] = usage_of(table)
    assert {"costNanoUsd", "firstTextMs"}.isdisjoint(item)
    assert (item["failed"], item["estimated"], item["durationMs"]) == (True, True, 0)


def test_the_tier_is_that_under_which_the_stream_was_admitted(table: Table) -> None:
    now = int(time.time())
    trial = {"tier": "pro", "startsAt": now - 60, "endsAt": now + 60}
    table.fill([{"pk": f"user#{OWNER}", "sk": "override", **trial}])
    stream = admitted(tier=Tier.FREE)
    assert stream.tier is Tier.PRO
    assert POLICY[stream.tier].max_output_tokens > POLICY[Tier.FREE].max_output_tokens
    assert StreamStart.from_json(stream.to_json()).tier is Tier.PRO


def test_a_stream_that_is_ended_twice_is_counted_once(table: Table) -> None:
    stream = running()
    assert repository().end(stream, used(), [])
    [before] = usage_of(table)
    assert not repository().end(stream, used("deadline"), [])
    assert usage_of(table) == [before]


def test_an_end_whose_answer_was_lost_is_counted_once(table: Table) -> None:
    disturbed, stream = StreamRepository(TableClient(TABLE)), running()
    with first_answers_lost(disturbed.table.client, "TransactWriteItems"):
        assert disturbed.end(stream, used(), [])
    assert len(usage_of(table)) == 1


def test_an_end_that_is_refused_counts_nothing(table: Table) -> None:
    disturbed, stream = StreamRepository(TableClient(TABLE)), running()
    with (
        refused(disturbed.table.client, "TransactWriteItems", "None", "AccessDenied", times=1),
        pytest.raises(ClientError),
    ):
        disturbed.end(stream, used(), [])
    assert usage_of(table) == []


def test_what_others_took_meanwhile_drops_no_record(table: Table) -> None:
    """The lease, the answer and the place among the user's streams are another's by then: their writes are dropped."""
    disturbed, stream = StreamRepository(TableClient(TABLE)), running()

    def meanwhile() -> None:
        running("stream-2")
        chats().delete(OWNER, CHAT)

    with just_before(disturbed.table.client, "TransactWriteItems", meanwhile):
        assert disturbed.end(stream, used(), [{"type": "text", "text": "Because"}])
    assert [item["streamId"] for item in usage_of(table)] == [STREAM]


def test_an_answer_that_no_item_can_hold_is_counted_all_the_same(table: Table) -> None:
    repository().end(running(), used(), [{"type": "text", "text": "x" * 500_000}])
    assert len(usage_of(table)) == 1


def test_a_superseded_stream_and_its_successor_are_both_counted(table: Table) -> None:
    older, newer = running(), running("stream-2")
    repository().end(older, used("superseded"), [], holds_lease=False)
    repository().end(newer, used(), [])
    assert Counter(item["stopReason"] for item in usage_of(table)) == {"superseded": 1, "end_turn": 1}


def test_a_withdrawn_start_has_used_nothing_and_its_id_counts_when_it_is_used_again(table: Table) -> None:
    assert repository().withdraw(admitted())
    assert usage_of(table) == []
    repository().end(admitted(), used(), [])
    assert len(usage_of(table)) == 1


def test_a_cancel_that_overtook_its_start_has_used_nothing(table: Table) -> None:
    repository().cancel(OWNER, STREAM)
    assert usage_of(table) == []


def test_a_killed_worker_is_counted_by_what_is_known_of_it(table: Table) -> None:
    start = died(table)
    repository().leases.renew(start, Usage(40, 1, estimated=True), MODEL)
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1)
    [_] = reaper().sweep("websocket")
    [item] = usage_of(table)
    assert (item["stopReason"], item["failed"], item["estimated"]) == ("internal", True, True)
    assert (item["inputTokens"], item["outputTokens"]) == (40, 4)
    assert item["costNanoUsd"] == 40 * 60 + 4 * 240
    assert (item["tier"], item["architecture"]) == ("enterprise", "websocket")
    assert item["durationMs"] > 0
    assert not repository().end(start, used(), []), "a worker that was only slow"
    assert len(usage_of(table)) == 1


def test_a_dead_stream_that_was_superseded_is_counted_under_its_own_tier(table: Table) -> None:
    dead = admitted(tier=Tier.PRO)
    admitted("stream-2", tier=Tier.ENTERPRISE)
    found = repository().open_stream(OWNER, STREAM, dead.fencing_token)
    assert found is not None
    assert not found.holds_lease
    repository().end(found, used("internal"), [], holds_lease=False)
    assert [(item["streamId"], item["tier"]) for item in usage_of(table)] == [(STREAM, "pro")]


def test_two_members_of_a_chat_have_records_of_their_own(table: Table) -> None:
    mine = running()
    shared_with("somebody-else")
    theirs = admitted(STREAM, "And?", owner="somebody-else")
    repository().end(mine, used(), [])
    repository().end(theirs, used(), [])
    assert {item["user"] for item in usage_of(table)} == {OWNER, "somebody-else"}


def test_a_deleted_chat_leaves_what_it_has_cost(table: Table) -> None:
    repository().end(running(), used(), [])
    before = usage_of(table)
    chats().delete(OWNER, CHAT)
    assert usage_of(table) == before


def test_a_stream_that_began_before_its_tier_was_told_is_one_of_a_free_user(table: Table) -> None:
    start = admission().admit(OWNER, asked(), tier=Tier.PRO, stream_id=STREAM, correlation_id="c", running=True)
    assert isinstance(start, StreamStart)
    event = {name: value for name, value in start.to_json().items() if name != "tier"}
    repository().end(StreamStart.from_json(event), used(), [])
    assert [item["tier"] for item in usage_of(table)] == ["free"]


@given(st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9_|@.:+=~-]{0,127}", fullmatch=True), st.integers(1, 4_000_000_000_000))
def test_a_record_stands_where_a_query_for_its_user_or_for_its_hour_finds_it(user: str, ended_at: int) -> None:
    pk, sk = usage_name(user, ended_at, "token")
    moment = datetime.fromtimestamp(ended_at / 1000, UTC)
    assert pk == usage_partition(moment.date(), usage_shard(user))
    assert sk.startswith(usage_prefix(moment.hour, user))
    assert sk.startswith(f"{moment.hour:02d}#")
    assert pk in {usage_partition(moment.date(), shard) for shard in range(USAGE_SHARDS)}


def test_users_are_spread_evenly_over_the_partitions_of_a_day() -> None:
    found = Counter(usage_shard(f"{number:08x}-1c2d-4e5f-8a9b-0c1d2e3f4a5b") for number in range(16_000))
    assert len(found) == USAGE_SHARDS
    assert max(found.values()) < 1.3 * min(found.values())


def test_keys_sort_by_time() -> None:
    names = [usage_name(OWNER, hour * 3_600_000, "t") for hour in range(24 * 40)]
    assert sorted(names) == names
    assert usage_partition(date(2026, 1, 2), 3) == "usage#2026-01-02#03"
