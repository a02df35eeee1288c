"""A cancel is heard by whoever runs the stream, or by whoever is about to start it, and by nobody else."""

import time

import pytest

from shared.errors import StreamCancelled
from shared.models.events import Usage
from shared.table.cancel_mark import cancel_running
from tests.support.aws import Table
from tests.support.starts import CHAT, OWNER, STREAM, admitted, repository, running, table_client, used

USAGE = Usage(3, 5, estimated=True)


@pytest.mark.usefixtures("table")
def test_a_cancel_is_heard_by_the_next_heartbeat() -> None:
    stream = running()
    repository().cancel(OWNER, STREAM)
    assert repository().leases.renew(stream, USAGE, "m").state == "cancelled"


@pytest.mark.usefixtures("table")
def test_a_cancel_before_the_claim_is_heard_by_it_and_by_nobody_else() -> None:
    stream = admitted()
    repository().cancel(OWNER, STREAM)
    assert [repository().claim(stream) for _ in range(2)] == ["cancelled", "taken"]


@pytest.mark.usefixtures("table")
def test_the_stream_of_a_chat_can_be_cancelled_without_its_id() -> None:
    stream = running()
    cancel_running(table_client(), OWNER, "another-chat")
    cancel_running(table_client(), "somebody-else", CHAT)
    assert repository().leases.renew(stream, USAGE, "m").state == "running"
    cancel_running(table_client(), OWNER, CHAT)
    assert repository().leases.renew(stream, USAGE, "m").state == "cancelled"


def test_nobody_cancels_the_stream_of_another_user(table: Table) -> None:
    stream = running()
    repository().cancel("somebody-else", STREAM)
    assert repository().leases.renew(stream, USAGE, "m").state == "running"
    assert table.stream("somebody-else", STREAM) is not None


def test_a_cancel_of_a_stream_that_has_ended_changes_nothing(table: Table) -> None:
    repository().end(running(), used(), [])
    before = table.items()
    repository().cancel(OWNER, STREAM)
    cancel_running(table_client(), OWNER, CHAT)
    assert table.items() == before


def test_a_cancel_that_overtakes_its_start_refuses_it_for_a_minute(table: Table) -> None:
    repository().cancel(OWNER, STREAM)
    repository().cancel(OWNER, STREAM)
    with pytest.raises(StreamCancelled) as refusal:
        admitted()
    assert refusal.value.status == 409
    assert repository().record(OWNER, STREAM) is None
    assert table.count() == 1
    table.change(f"stream#{OWNER}#{STREAM}", "stream", expiresAt=int(time.time()) - 1)
    assert admitted().stream_id == STREAM


@pytest.mark.usefixtures("table")
def test_a_cancel_of_a_superseded_stream_spares_the_one_that_runs() -> None:
    running()
    newer = running("stream-2")
    repository().cancel(OWNER, STREAM)
    assert repository().leases.renew(newer, USAGE, "m").state == "running"
