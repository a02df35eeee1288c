"""One user who starts and ends many streams at once: exactly as many pass as the limits allow, whatever conflicts."""

from collections import Counter
from collections.abc import Sequence

import pytest

from shared.contract.policy import policy_with
from shared.contract.tiers import Tier
from shared.errors import ConcurrencyExceeded, RateLimited, StreamwaysError
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from tests.support.at_once import at_once, environment
from tests.support.aws import Table
from tests.support.conflicting import Conflicting
from tests.support.starts import OWNER, admission_to, asked, used

USUAL_SECONDS = 0.004
STARTS = 32


def started(limits: dict[str, int]) -> list[StreamStart | StreamwaysError]:
    policy = policy_with({"free": limits})

    def start(number: int) -> StreamStart | StreamwaysError:
        by = admission_to(environment(number), policy=policy)
        try:
            outcome = by.admit(
                OWNER, asked(chat_id=f"chat-{number}"), tier=Tier.FREE, stream_id=None, correlation_id="c", running=True
            )
        except StreamwaysError as refusal:
            return refusal
        assert isinstance(outcome, StreamStart)
        return outcome

    return at_once(STARTS, start)


def ended(streams: Sequence[StreamStart]) -> list[bool]:
    return at_once(len(streams), lambda each: StreamRepository(environment(each)).end(streams[each], used(), []))


@pytest.mark.parametrize(
    ("limits", "refused", "passed"),
    [
        ({"requestsPerHour": 1000, "concurrentStreams": 10}, ConcurrencyExceeded, 10),
        ({"requestsPerHour": 12, "concurrentStreams": 100}, RateLimited, 12),
    ],
    ids=["places", "requests"],
)
def test_of_many_starts_at_once_exactly_as_many_pass_as_are_allowed(
    limits: dict[str, int],
    refused: type[StreamwaysError],
    passed: int,
    dynamodb: Conflicting,
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 60.0)  # this machine may be slow
    monkeypatch.setattr("shared.table.patience.PATIENCE_SECONDS", 60.0)
    dynamodb.rule(seconds=USUAL_SECONDS)
    outcomes = started(limits)
    assert dynamodb.counted()["TransactionCanceledException"] > 0
    assert Counter(map(type, outcomes)) == {StreamStart: passed, refused: STARTS - passed}
    streams = [outcome for outcome in outcomes if isinstance(outcome, StreamStart)]
    held = table.item(f"user#{OWNER}", "limits")
    assert held is not None
    assert {lease["token"] for lease in held["leases"].values()} == {stream.fencing_token for stream in streams}
    assert ended(streams) == [True] * passed
    left = table.item(f"user#{OWNER}", "limits")
    assert left is not None
    assert (left["leases"], left["fullAt"]) == ({}, held["fullAt"])
