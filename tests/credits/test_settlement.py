"""The end of a stream settles what it has held, once, whatever ends it and whoever does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.contract.tiers import Tier
from shared.credits.purse import HOLD_MILLISECONDS
from shared.errors import ModelThrottled, ModelUnavailable
from shared.generation.run import StreamRun
from shared.models.events import Delta, Usage
from shared.protocol.request import ChatRequest
from shared.streams.records import LEASE_SECONDS
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.credits import MOST_HELD, admitting, in_the_books, kept, ledger
from tests.support.dead_streams import SAID, journal, reaper
from tests.support.interference import first_answers_lost, just_before, noted, sent
from tests.support.models import SILENCE, ScriptedModel, spoken
from tests.support.outboxes import drain
from tests.support.runs import begun
from tests.support.starts import CHAT, OWNER, STREAM, asked, repository, table_client, used, within

A_MONTH = 1_000
ALL = 1_000_000
"""Its credits, in nano-dollars."""


@pytest.fixture(scope="module")
def disturbed() -> StreamRepository:
    """A repository of its own client, for what is done to it."""
    return StreamRepository(TableClient(TABLE))


def start(
    stream_id: str = STREAM, *, chat_id: str = CHAT, request: ChatRequest | None = None, running: bool = True
) -> StreamStart:
    outcome = admitting(table_client(), a_month=A_MONTH).admit(
        OWNER,
        request or asked(chat_id=chat_id),
        tier=Tier.FREE,
        stream_id=stream_id,
        correlation_id="c",
        running=running,
    )
    assert isinstance(outcome, StreamStart)
    # As a worker gets it: in an event.
    return StreamStart.from_json(outcome.to_json())


def booked(input_tokens: int = 10, output_tokens: int = 100, *, estimated: bool = False) -> UsageRecord:
    return used(tokens=Usage(input_tokens, output_tokens, estimated))


def settlements(table: Table) -> list[dict[str, Any]]:
    return [each for each in ledger(table) if each["kind"] == "settlement"]


def charged(table: Table) -> int:
    """What one stream has cost: it left no hold, and is in the books."""
    [settlement] = settlements(table)
    item = kept(table)
    assert item["holds"] == {}
    assert in_the_books(table)
    assert item["balance"] == ALL + int(settlement["amount"])
    assert item["spent"] == -int(settlement["amount"])
    return item["spent"]


def test_the_end_takes_what_the_answer_cost_and_gives_back_the_rest(table: Table) -> None:
    stream = start()
    assert repository().end(stream, booked(), [])
    assert charged(table) == 10 * 60 + 100 * 240
    [settlement] = settlements(table)
    assert (settlement["streamId"], settlement["chatId"], settlement["model"]) == (STREAM, CHAT, "m")
    assert settlement["usage"] == {"inputTokens": 10, "outputTokens": 100}
    assert "expiresAt" not in settlement, "the ledger is kept"


def test_a_stream_is_charged_once(table: Table) -> None:
    stream = start()
    assert repository().end(stream, booked(), [])
    before = table.items()
    assert not repository().end(stream, booked(500, 500), [])
    assert table.items() == before


def test_an_end_whose_answer_was_lost_charges_once(table: Table, disturbed: StreamRepository) -> None:
    stream = start()
    with first_answers_lost(disturbed.table.client, "TransactWriteItems"):
        assert disturbed.end(stream, booked(), [])
    assert charged(table) == 24_600


def test_an_end_that_arrives_late_once_more_charges_nothing(table: Table, disturbed: StreamRepository) -> None:
    stream = start()
    with noted(disturbed.table.client, "TransactWriteItems") as asked_for:
        assert disturbed.end(stream, booked(), [])
    client: Any = repository().table.client
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(**{**asked_for[0], "ClientRequestToken": "another"})
    assert charged(table) == 24_600


def test_nobody_is_charged_more_than_was_held(table: Table) -> None:
    stream = start()
    assert repository().end(stream, booked(output_tokens=5_000), [])
    assert charged(table) == MOST_HELD
    assert settlements(table)[0]["uncovered"] == 600 + 5_000 * 240 - MOST_HELD


def test_writes_of_the_end_that_are_dropped_take_the_settlement_not_with_them(table: Table) -> None:
    stream = start()
    table.remove(f"user#{OWNER}", f"lease#{CHAT}")
    table.remove(f"user#{OWNER}", "limits")
    table.remove(f"chat#{CHAT}", "message#000001")
    assert repository().end(stream, booked(), [])
    assert charged(table) == 24_600


def test_a_superseded_stream_settles_its_own_hold_and_no_other(table: Table) -> None:
    first = start()
    second = start("stream-2", request=asked("Another"))
    held = kept(table)["holds"]
    assert held.keys() == {first.fencing_token, second.fencing_token}
    assert repository().end(first, booked(), [], holds_lease=False)
    assert kept(table)["holds"] == {second.fencing_token: held[second.fencing_token]}
    assert repository().end(second, booked(), [])
    assert kept(table)["balance"] == ALL - 2 * 24_600
    assert in_the_books(table)


def test_a_superseded_stream_whose_worker_died_is_settled_by_the_reaper(table: Table) -> None:
    first = start()
    journal(SAID)
    start("stream-2", request=asked("Another"))
    table.change(f"stream#{OWNER}#{STREAM}", "stream", leaseExpiresAt=1, startedAt=1)
    assert len(list(reaper().sweep("websocket"))) == 1
    assert first.fencing_token not in kept(table)["holds"]
    assert [int(each["amount"]) for each in settlements(table)] == [-4 * 240]


def test_a_stream_whose_worker_died_is_charged_what_it_is_known_to_have_used(table: Table) -> None:
    start()
    journal(SAID)
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1, startedAt=1)
    assert len(list(reaper().sweep("websocket"))) == 1
    assert charged(table) == 4 * 240
    assert settlements(table)[0]["usage"]["estimated"] is True


def test_a_stream_that_no_worker_began_costs_nothing(table: Table) -> None:
    stream = start(running=False)
    assert repository().claim(stream) == "claimed"
    run = StreamRun(stream, model=ScriptedModel(), repository=repository(), ends_at=within())
    run.begin_ended("cancelled")
    drain(run)
    run.join()
    assert charged(table) == 0


def test_a_start_that_was_withdrawn_has_never_held_anything(table: Table) -> None:
    stream = start(running=False)
    assert repository().withdraw(stream)
    item = kept(table)
    assert (item["balance"], item["holds"], item["spent"]) == (ALL, {}, 0)
    assert settlements(table) == []
    assert in_the_books(table)


def test_a_start_that_is_withdrawn_when_its_hold_has_expired_gives_nothing_back_twice(
    table: Table, later: Callable[[float], None]
) -> None:
    stream = start(running=False)
    later(HOLD_MILLISECONDS / 1000)
    other = start("stream-2", chat_id="chat-2")
    assert repository().withdraw(stream)
    assert repository().end(other, booked(0, 0), [])
    assert kept(table)["balance"] == ALL
    assert in_the_books(table)


def test_an_end_after_the_hold_has_expired_and_was_given_back_charges_nothing(
    table: Table, later: Callable[[float], None]
) -> None:
    stream = start()
    later(HOLD_MILLISECONDS / 1000)
    other = start("stream-2", chat_id="chat-2")
    assert repository().end(stream, booked(), [])
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["state"] == "ended", "nothing keeps a stream from ending"
    [settlement] = settlements(table)
    assert (int(settlement["amount"]), int(settlement["uncovered"])) == (0, 24_600)
    assert kept(table)["holds"].keys() == {other.fencing_token}
    assert in_the_books(table)


def test_a_hold_that_expires_while_its_stream_ends_is_not_given_back_twice(
    table: Table, later: Callable[[float], None], disturbed: StreamRepository
) -> None:
    stream = start()
    later(HOLD_MILLISECONDS / 1000)
    with just_before(disturbed.table.client, "TransactWriteItems", lambda: start("stream-2", chat_id="chat-2")):
        assert disturbed.end(stream, booked(), [])
    assert kept(table)["balance"] == ALL - MOST_HELD
    assert in_the_books(table)


def test_a_stream_ends_also_where_its_user_s_credits_are_gone(table: Table) -> None:
    stream = start()
    table.remove(f"user#{OWNER}", "credits")
    assert repository().end(stream, booked(), [])
    assert table.lease(OWNER, CHAT) is None
    assert table.item(f"user#{OWNER}", "credits") is None


def test_a_finished_answer_costs_what_its_model_says(table: Table) -> None:
    drain(run := begun(ScriptedModel(*spoken("Because.")), start()))
    run.join()
    [settlement] = settlements(table)
    usage = settlement["usage"]
    assert "estimated" not in usage
    assert charged(table) == int(usage["inputTokens"]) * 60 + int(usage["outputTokens"]) * 240 > 0


def test_a_cancelled_answer_costs_what_was_counted_and_says_so(table: Table) -> None:
    stream = start()
    run = begun(ScriptedModel(Delta("text", 0, "x" * 400), SILENCE), stream)
    repository().cancel(OWNER, STREAM)
    drain(run)
    run.join()
    assert charged(table) == 5 * 60 + 100 * 240
    assert settlements(table)[0]["usage"] == {"inputTokens": 5, "outputTokens": 100, "estimated": True}


def test_an_answer_that_runs_out_of_time_or_fails_costs_what_was_counted(table: Table) -> None:
    for number, model in enumerate(
        [
            ScriptedModel(Delta("text", 0, "x" * 400), SILENCE),
            ScriptedModel(Delta("text", 0, "x" * 400), ModelUnavailable("It broke off.")),
        ]
    ):
        run = begun(model, start(f"stream-{number}", chat_id=f"chat-{number}"), seconds=3.5)
        drain(run)
        run.join()
    assert [int(each["amount"]) for each in settlements(table)] == [-24_300, -24_300]
    assert kept(table)["holds"] == {}
    assert in_the_books(table)


def test_a_call_that_the_model_refused_costs_nothing(table: Table) -> None:
    drain(run := begun(ScriptedModel(ModelThrottled("Busy.")), start()))
    run.join()
    assert charged(table) == 0


def test_the_model_is_asked_for_no_more_than_is_held(table: Table) -> None:
    del table
    model = ScriptedModel(*spoken("Because."))
    stream = admitting(table_client(), a_month=100).admit(
        OWNER, asked(), tier=Tier.FREE, stream_id=STREAM, correlation_id="c", running=True
    )
    assert isinstance(stream, StreamStart)
    drain(run := begun(model, stream))
    run.join()
    assert model.asked is not None
    assert model.asked[1] == stream.max_output_tokens == 391


def test_the_end_with_credits_is_one_request(table: Table, disturbed: StreamRepository) -> None:
    stream = start()
    with sent(disturbed.table.client) as requests:
        assert disturbed.end(stream, booked(), [])
    assert requests == ["TransactWriteItems"]
    assert charged(table) == 24_600


def test_an_event_from_before_credits_were_counted_can_be_read() -> None:
    event = replace(asked_before(), terms=None).to_json()
    del event["terms"]
    assert StreamStart.from_json(event).terms is None


def asked_before() -> StreamStart:
    return StreamStart(OWNER, Tier.FREE, STREAM, CHAT, "t", "websocket", "m", 1, (), 1000, "c")


def test_a_lease_outlives_no_hold() -> None:
    assert LEASE_SECONDS * 1000 < HOLD_MILLISECONDS
