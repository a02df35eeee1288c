"""A lease: whole after a claim, renewed by heartbeats, and given to a newer stream with what it was good for."""

import time

import pytest

from shared.contract.limits import START_WITHIN_SECONDS
from shared.models.events import Usage
from shared.streams.records import LEASE_SECONDS
from tests.support.aws import Table
from tests.support.interference import sent
from tests.support.starts import CHAT, OWNER, STREAM, admitted, repository, running

USAGE = Usage(3, 5, estimated=True)


def lease_seconds(table: Table, chat_id: str = CHAT) -> float:
    lease = table.lease(OWNER, chat_id)
    assert lease is not None
    return float(lease["leaseExpiresAt"]) - time.time()


def test_a_worker_has_a_minute_to_claim_a_stream_and_then_a_short_lease(table: Table) -> None:
    stream = admitted()
    assert lease_seconds(table) == pytest.approx(START_WITHIN_SECONDS + LEASE_SECONDS, abs=5)
    repository().claim(stream)
    assert lease_seconds(table) == pytest.approx(LEASE_SECONDS, abs=5)


def test_who_runs_a_stream_in_the_same_invocation_has_the_short_lease_at_once(table: Table) -> None:
    running()
    assert lease_seconds(table) == pytest.approx(LEASE_SECONDS, abs=5)


def test_a_heartbeat_renews_the_lease_and_keeps_the_totals(table: Table) -> None:
    stream = running()
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=0)
    assert repository().leases.renew(stream, Usage(1, 1), "m").state == "running"
    assert repository().leases.renew(stream, USAGE, "m").state == "running"
    assert lease_seconds(table) == pytest.approx(LEASE_SECONDS, abs=5)
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert (lease["usage"]["inputTokens"], lease["usage"]["outputTokens"], lease["model"]) == (3, 5, "m")


def test_a_superseded_stream_has_a_whole_lease_to_end_however_late_its_last_renewal_was(table: Table) -> None:
    """No heartbeat renews it any more, and its worker has yet to hear of it."""
    running()
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=int(time.time()) + 2)
    running("stream-2")
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert float(record["leaseExpiresAt"]) - time.time() == pytest.approx(LEASE_SECONDS, abs=5)


def test_a_stream_that_was_dead_when_it_was_superseded_has_no_more_time(table: Table) -> None:
    running()
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1)
    running("stream-2")
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["leaseExpiresAt"] == 1


@pytest.mark.usefixtures("table")
def test_claim_and_heartbeat_are_one_request_each() -> None:
    stream = admitted()
    with sent(repository().table.client) as requests:
        repository().claim(stream)
        repository().leases.renew(stream, USAGE, "m")
    assert requests == ["UpdateItem", "UpdateItem"]
