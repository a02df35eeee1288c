"""Starts of users with credits, against the table: what is held, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from shared.credits.purse import HOLD_MILLISECONDS
from shared.errors import ConcurrencyExceeded, InsufficientCredits
from shared.table.client import TableClient
from tests.support.aws import Table
from tests.support.credits import JANUARY, MOST_HELD, WRITE, admitting, ask, end, in_the_books, kept, ledger, standing
from tests.support.interference import just_before, sent
from tests.support.logs import Logs
from tests.support.starts import OWNER, admitted, asked, repository

READ = "BatchGetItem"


def test_a_start_holds_what_its_answer_can_cost_at_most(table: Table, client: TableClient) -> None:
    stream = ask(admitting(client, a_month=1_000))
    assert stream.max_output_tokens == 1_000
    item = kept(table)
    assert item["balance"] == 1_000_000 - MOST_HELD
    assert {token: hold["amount"] for token, hold in item["holds"].items()} == {stream.fencing_token: MOST_HELD}
    assert [(each["kind"], each["amount"]) for each in ledger(table)] == [("refill", 1_000_000)]
    assert in_the_books(table)


def test_a_prompt_is_held_for_as_many_tokens_as_it_has_bytes(table: Table, client: TableClient) -> None:
    by = admitting(client, a_month=1_000)
    ask(by, request=asked("日" * 100))
    assert kept(table)["held"] == (300 + 80) * 60 + 1_000 * 240


def test_a_prompt_is_all_that_the_model_reads(table: Table, client: TableClient) -> None:
    by = admitting(client, a_month=10_000)
    end(ask(by))
    ask(by, request=asked("And?"))
    assert kept(table)["held"] == (80 + 20 + 2 + 4) * 60 + 1_000 * 240, "both questions: there was no answer between"


def test_an_answer_is_no_longer_than_the_balance_pays_for(table: Table, client: TableClient) -> None:
    stream = ask(admitting(client, a_month=100))
    assert stream.max_output_tokens == (100_000 - 6_000) // 240 == 391
    assert kept(table)["balance"] == 100_000 - 6_000 - 391 * 240
    message = table.messages("chat-1")[1]
    assert message["tokensLeft"] == 391


def test_a_balance_that_pays_for_no_answer_is_refused_with_the_amounts(
    table: Table, client: TableClient, later: Callable[[float], None], logs: Logs
) -> None:
    by = admitting(client, a_month=40)
    ask(by)
    before = table.items()
    with pytest.raises(InsufficientCredits) as refused:
        ask(by, "chat-2")
    error = refused.value
    assert (error.status, error.code) == (402, "insufficient_credits")
    seconds = round(datetime(2027, 2, 1, tzinfo=UTC).timestamp() - JANUARY)
    facts = {"name": "credits", "tier": "free", "limit": 40, "remaining": 0, "nextIn": seconds}
    assert error.to_json()["limit"] == {**facts, "windowSeconds": 31 * 86_400, "needed": 28}
    assert error.retry_after == seconds
    assert error.headers()["ratelimit"] == f'"credits";r=0;t={seconds}'
    assert error.message == "This answer needs at least 28 credits, and you have 0. You get 40 a month (tier free)."
    assert table.items() == before, "a refusal writes nothing"
    [line] = logs.lines("refused")
    assert line["code"] == "insufficient_credits"
    later(0)


def test_a_prompt_that_no_month_pays_for_is_not_to_be_tried_again(table: Table, client: TableClient) -> None:
    with pytest.raises(InsufficientCredits) as refused:
        ask(admitting(client, a_month=40), request=asked("a" * 10_000))
    assert refused.value.retry_after is None
    assert table.count() == 0


@pytest.mark.usefixtures("table")
def test_nobody_s_history_is_read_for_a_user_who_can_pay_for_nothing(client: TableClient) -> None:
    by = admitting(client, a_month=40)
    end(ask(by), output_tokens=145)
    with sent(client.client) as requests, pytest.raises(InsufficientCredits):
        ask(by, request=asked("And?"))
    assert requests == [READ]


@pytest.mark.usefixtures("table")
def test_a_start_takes_three_requests_with_credits_too(client: TableClient) -> None:
    by = admitting(client, a_month=10_000)
    end(ask(by))
    with sent(client.client) as requests:
        stream = ask(by, request=asked("And?"))
    assert requests == [READ, "Query", WRITE]
    with sent(repository().table.client) as requests:
        end(stream)
    assert requests == [WRITE], "and an end takes one"


def test_a_stack_without_credits_keeps_none(table: Table) -> None:
    stream = admitted(running=True)
    assert stream.terms is None
    end(stream)
    assert table.item(f"user#{OWNER}", "credits") is None
    assert ledger(table) == []


def test_a_hold_that_nobody_settles_is_given_back_after_an_hour(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=300)
    ask(by)
    later(HOLD_MILLISECONDS / 1000 - 1)
    assert ask(by, "chat-2").max_output_tokens < 1_000
    later(1)
    assert ask(by, "chat-3").max_output_tokens == 1_000, "it holds what the first has held"
    assert len(kept(table)["holds"]) == 2
    assert in_the_books(table)
    assert standing(by)["remaining"] == 0


def test_of_two_that_race_for_the_last_credits_one_is_refused(
    table: Table, client: TableClient, other: TableClient
) -> None:
    by = admitting(client, a_month=300)
    end(ask(by), output_tokens=0, input_tokens=0)
    with (
        sent(client.client) as requests,
        just_before(client.client, WRITE, lambda: ask(admitting(other, a_month=300), "chat-2")),
    ):
        second = ask(by, "chat-3")
    assert requests == [READ, WRITE, WRITE], "it is decided anew without another read"
    assert second.max_output_tokens == (300_000 - MOST_HELD - 6_000) // 240
    assert second.terms is not None
    assert kept(table)["holds"][second.fencing_token]["amount"] == second.terms.amount
    with just_before(client.client, WRITE), pytest.raises(InsufficientCredits):
        ask(by, "chat-4")
    assert kept(table)["balance"] >= 0
    assert in_the_books(table)


@pytest.mark.parametrize("known", [True, False], ids=["a known user", "an unknown user"])
def test_starts_that_have_room_do_not_refuse_each_other(
    known: bool, table: Table, client: TableClient, other: TableClient
) -> None:
    by = admitting(client, a_month=1_000)
    if known:
        end(ask(by))
    with (
        sent(client.client) as requests,
        just_before(client.client, WRITE, lambda: ask(admitting(other, a_month=1_000), "chat-2")),
    ):
        ask(by, "chat-3")
    assert requests == ([READ, WRITE] if known else [READ, WRITE, WRITE])
    assert len(kept(table)["holds"]) == 2
    assert in_the_books(table)


def test_of_two_that_give_back_the_same_hold_one_does(
    table: Table, client: TableClient, other: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    ask(by)
    later(HOLD_MILLISECONDS / 1000)
    with just_before(client.client, WRITE, lambda: ask(admitting(other, a_month=1_000), "chat-2")):
        ask(by, "chat-3")
    assert kept(table)["balance"] == 1_000_000 - 2 * MOST_HELD
    assert in_the_books(table)


def test_a_user_has_so_many_holds_and_no_more(
    table: Table, client: TableClient, other: TableClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.credits.purse.MOST_HOLDS", 2)
    by = admitting(client, a_month=100_000)
    ask(by)
    with (
        just_before(client.client, WRITE, lambda: ask(admitting(other, a_month=100_000), "chat-2")),
        pytest.raises(ConcurrencyExceeded),
    ):
        ask(by, "chat-3")
    assert len(kept(table)["holds"]) == 2
