"""A cancel is heard by whoever runs the stream, or by whoever is about to start it, and by nobody else."""

import time

import pytest

from shared.errors import StreamCancelled
from shared.models.events import Usage
from tests.support.aws import Table
from tests.support.starts import CHAT, OWNER, STREAM, admitted, registry, running

USAGE = Usage(3, 5, estimated=True)


@pytest.mark.usefixtures("table")
def test_a_cancel_is_heard_by_the_next_pulse() -> None:
    stream = running()
    registry().cancel(OWNER, STREAM)
    assert registry().pulse(stream, USAGE, "m").state == "cancelled"


@pytest.mark.usefixtures("table")
def test_a_cancel_before_the_claim_is_heard_by_it_and_by_nobody_else() -> None:
    stream = admitted()
    registry().cancel(OWNER, STREAM)
    assert [registry().claim(stream) for _ in range(2)] == ["cancelled", "taken"]


@pytest.mark.usefixtures("table")
def test_the_stream_of_a_chat_can_be_cancelled_without_its_id() -> None:
    stream = running()
    registry().cancel_chat(OWNER, "another-chat")
    registry().cancel_chat("somebody-else", CHAT)
    assert registry().pulse(stream, USAGE, "m").state == "running"
    registry().cancel_chat(OWNER, CHAT)
    assert registry().pulse(stream, USAGE, "m").state == "cancelled"


def test_nobody_cancels_the_stream_of_another_user(table: Table) -> None:
    stream = running()
    registry().cancel("somebody-else", STREAM)
    assert registry().pulse(stream, USAGE, "m").state == "running"
    assert table.stream("somebody-else", STREAM) is not None


def test_a_cancel_of_a_stream_that_has_ended_changes_nothing(table: Table) -> None:
    registry().end(running(), {}, [])
    before = table.items()
    registry().cancel(OWNER, STREAM)
    registry().cancel_chat(OWNER, CHAT)
    assert table.items() == before


def test_a_cancel_that_overtakes_its_start_refuses_it_for_a_minute(table: Table) -> None:
    registry().cancel(OWNER, STREAM)
    registry().cancel(OWNER, STREAM)
    with pytest.raises(StreamCancelled) as refusal:
        admitted()
    assert refusal.value.status == 409
    assert registry().record(OWNER, STREAM) is None
    assert table.count() == 1
    table.change(f"stream#{OWNER}#{STREAM}", "stream", expiresAt=int(time.time()) - 1)
    assert admitted().stream_id == STREAM


@pytest.mark.usefixtures("table")
def test_a_cancel_of_a_superseded_stream_spares_the_one_that_runs() -> None:
    running()
    newer = running("stream-2")
    registry().cancel(OWNER, STREAM)
    assert registry().pulse(newer, USAGE, "m").state == "running"
