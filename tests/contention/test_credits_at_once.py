"""One user who starts many streams at once, with hardly a limit but their credits: exactly as many begin as are paid
for, and all that was held is settled, whatever conflicts."""

import pytest

from shared.contract.tiers import Tier
from shared.errors import InsufficientCredits
from shared.models.events import Usage
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from tests.support.at_once import at_once, environment
from tests.support.aws import Table
from tests.support.conflicting import Conflicting
from tests.support.credits import MOST_HELD, PRICE, admitting, in_the_books, kept
from tests.support.starts import OWNER, asked, used

USUAL_SECONDS = 0.004
FUNCTIONS = 16
PAID_FOR = 12
STARTS = 64


def test_of_many_starts_at_once_exactly_as_many_pass_as_the_balance_pays_for(
    dynamodb: Conflicting, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 60.0)  # this machine may be slow
    monkeypatch.setattr("shared.table.patience.PATIENCE_SECONDS", 60.0)
    dynamodb.rule(seconds=USUAL_SECONDS)
    balance = PAID_FOR * MOST_HELD

    def start(number: int) -> list[StreamStart]:
        by = admitting(environment(number), a_month=balance // 1_000, requestsPerHour=100_000)
        begun: list[StreamStart] = []
        for each in range(number, STARTS, FUNCTIONS):
            try:
                outcome = by.admit(
                    OWNER,
                    asked(chat_id=f"chat-{each}"),
                    tier=Tier.FREE,
                    stream_id=None,
                    correlation_id="c",
                    running=True,
                )
            except InsufficientCredits:
                continue
            assert isinstance(outcome, StreamStart)
            begun.append(outcome)
        return begun

    streams = [stream for begun in at_once(FUNCTIONS, start) for stream in begun]
    assert dynamodb.counted()["TransactionCanceledException"] > 0
    assert [stream.max_output_tokens for stream in streams] == [1_000] * PAID_FOR
    item = kept(table)
    assert (item["balance"], item["held"]) == (0, balance)
    assert item["holds"].keys() == {stream.fencing_token for stream in streams}
    assert in_the_books(table)

    def end(number: int) -> list[bool]:
        repository = StreamRepository(environment(number))
        mine = streams[number::FUNCTIONS]
        return [repository.end(stream, used(tokens=Usage(10, 100)), []) for stream in mine]

    assert all(ended for each in at_once(FUNCTIONS, end) for ended in each)
    item = kept(table)
    assert item["holds"] == {}
    assert item["spent"] == PAID_FOR * PRICE.of(10, 100) == balance - item["balance"]
    assert in_the_books(table)
