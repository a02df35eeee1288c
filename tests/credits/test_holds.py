"""Starts of users with credits, against the table: what is held, what is refused, and what a month brings."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contract.tiers import Tier
from shared.credits.purse import HOLD_MILLISECONDS
from shared.errors import ConcurrencyExceeded, InsufficientCredits
from shared.models.events import Usage
from shared.protocol.request import ChatRequest
from shared.streams.admission import Admission
from shared.streams.start import StreamStart
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.credits import MOST_HELD, admitting, in_the_books, kept, ledger
from tests.support.interference import just_before, sent
from tests.support.logs import Logs
from tests.support.starts import OWNER, admitted, asked, repository, used

READ, WRITE = "BatchGetItem", "TransactWriteItems"
JANUARY = datetime(2027, 1, 15, tzinfo=UTC).timestamp()
MONTH = 31 * 86_400.0


@pytest.fixture(scope="module")
def client() -> TableClient:
    """Of a second function: what the test lets come in between does not disturb it."""
    return TableClient(TABLE)


@pytest.fixture
def other() -> TableClient:
    """Of a third, whose requests come in between."""
    return repository().table


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """It is in the middle of January; has that many seconds pass, and no others."""
    now = [JANUARY]
    monkeypatch.setattr("time.time", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def ask(
    by: Admission,
    chat_id: str = "chat-1",
    *,
    tier: Tier = Tier.FREE,
    request: ChatRequest | None = None,
    running: bool = True,
) -> StreamStart:
    outcome = by.admit(
        OWNER,
        request or asked(chat_id=chat_id),
        tier=tier,
        stream_id=None,
        correlation_id="c-1",
        running=running,
    )
    assert isinstance(outcome, StreamStart)
    return outcome


def end(stream: StreamStart, output_tokens: int = 100, input_tokens: int = 10) -> None:
    assert repository().end(stream, used(tokens=Usage(input_tokens, output_tokens)), [])


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


def test_nobody_s_history_is_read_for_a_user_who_can_pay_for_nothing(table: Table, client: TableClient) -> None:  # noqa: ARG001
    by = admitting(client, a_month=40)
    end(ask(by), output_tokens=145)
    with sent(client.client) as requests, pytest.raises(InsufficientCredits):
        ask(by, request=asked("And?"))
    assert requests == [READ]


def test_a_start_takes_three_requests_with_credits_too(table: Table, client: TableClient) -> None:  # noqa: ARG001
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


def test_a_month_brings_what_was_spent_and_takes_no_granted_credits(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    end(ask(by))
    spent = 100 * 240 + 10 * 60
    grant(table, 7_000_000)
    later(MONTH)
    end(ask(by, "chat-2"))
    assert kept(table)["balance"] == 7_000_000 + 1_000_000 - spent
    assert [int(each["amount"]) for each in ledger(table) if each["kind"] == "refill"] == [1_000_000, spent]
    later(MONTH)
    later(MONTH)
    ask(by, "chat-3")
    item = kept(table)
    assert item["balance"] + item["held"] == 8_000_000, "months without a start bring nothing more"


def test_what_was_spent_beyond_the_month_does_not_come_back(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=100)
    ask(by)
    grant(table, 1_000_000)
    end(ask(by, "chat-2"), output_tokens=1_000)
    later(MONTH)
    ask(by, "chat-3")
    assert [int(each["amount"]) for each in ledger(table) if each["kind"] == "refill"] == [100_000, 100_000]


def grant(table: Table, amount: int) -> None:
    """As an operator's grant does; its entry is of no interest here."""
    item = table.item(f"user#{OWNER}", "credits")
    assert item is not None
    table.change(f"user#{OWNER}", "credits", balance=int(item["balance"]) + amount)


def test_a_better_tier_brings_its_credits_at_once_and_once(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000, pro=5_000)
    for number, tier in enumerate([Tier.FREE, Tier.PRO, Tier.FREE, Tier.PRO]):
        end(ask(by, f"chat-{number}", tier=tier))
        later(1)
    assert [int(each["amount"]) for each in ledger(table) if each["kind"] == "refill"] == [1_000_000, 4_000_000]
    assert in_the_books(table)
    later(MONTH)
    end(ask(by, "chat-5"))
    assert kept(table)["balance"] > 4_000_000, "what is left of the better tier is not taken away"
    end(ask(by, "chat-6", tier=Tier.PRO))
    item = kept(table)
    assert item["balance"] + item["spent"] == 5_000_000, "and it is not added once more"


def test_a_clock_that_goes_back_brings_no_month_twice(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    for number, seconds in enumerate([0, MONTH, -MONTH, MONTH]):
        later(seconds)
        end(ask(by, f"chat-{number}"))
    assert len([each for each in ledger(table) if each["kind"] == "refill"]) == 2
    assert in_the_books(table)


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


def standing(by: Admission, tier: Tier = Tier.FREE) -> dict[str, Any]:
    """What a user is told of their credits."""
    [quota] = [each for each in by.limits.standing(OWNER, tier).quotas if each.name == "credits"]
    return quota.to_json()


def test_a_user_is_told_what_is_left_of_the_month(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    told = standing(by)
    assert (told["limit"], told["remaining"], told["nextIn"]) == (1_000, 1_000, 0)
    ask(by)
    told = standing(by)
    assert (told["remaining"], told["windowSeconds"]) == (1_000 - 246, 31 * 86_400)
    assert told["nextIn"] == round(datetime(2027, 2, 1, tzinfo=UTC).timestamp() - JANUARY)
    later(MONTH)
    assert in_the_books(table)


def test_an_override_may_change_the_credits_of_a_month(table: Table, client: TableClient) -> None:
    now = int(time.time())
    override = {"limits": {"creditsPerMonth": 5_000}, "startsAt": now - 1, "endsAt": now + 60}
    table.fill([{"pk": f"user#{OWNER}", "sk": "override", **override}])
    ask(admitting(client, a_month=0))
    assert in_the_books(table)
    assert kept(table)["allowance"] == 5_000_000


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


def test_of_two_that_race_for_a_new_month_one_brings_the_refill(
    table: Table, client: TableClient, other: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    end(ask(by))
    later(MONTH)
    with just_before(client.client, WRITE, lambda: ask(admitting(other, a_month=1_000), "chat-2")):
        ask(by, "chat-3")
    item = kept(table)
    assert item["balance"] + item["held"] == 1_000_000
    assert in_the_books(table)


def test_of_two_that_race_for_a_better_tier_one_brings_its_credits(
    table: Table, client: TableClient, other: TableClient
) -> None:
    by = admitting(client, a_month=1_000)
    end(ask(by))
    with just_before(client.client, WRITE, lambda: ask(admitting(other, a_month=1_000), "chat-2", tier=Tier.PRO)):
        ask(by, "chat-3", tier=Tier.PRO)
    item = kept(table)
    assert item["balance"] + item["held"] == 5_000_000 - 100 * 240 - 10 * 60
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


def test_what_is_spent_while_a_month_begins_counts_for_the_new_one(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    later(datetime(2027, 2, 1, tzinfo=UTC).timestamp() - JANUARY - 60)
    running = ask(by)
    later(60)
    with just_before(client.client, WRITE, lambda: end(running)):
        ask(by, "chat-2")
    assert kept(table)["spent"] == 100 * 240 + 10 * 60
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
