"""What an operator does with credits: each change is in the books, and changes nothing that cannot be."""

from typing import Any

import pytest

from shared.contract.credits import MOST_CREDITS
from shared.contract.tiers import Tier
from shared.models.events import Usage
from shared.streams.start import StreamStart
from streamways.cli.app import run
from streamways.credits.books import Books
from streamways.errors import CommandError, Misuse
from streamways.target import table as target
from streamways.target.table import StreamsTable
from tests.support.aws import TABLE, Table
from tests.support.command_line import error_line
from tests.support.credits import MOST_HELD, admitting, in_the_books, kept, ledger
from tests.support.interference import just_before, refused
from tests.support.starts import OWNER, asked, repository, table_client, used


@pytest.fixture
def books(table: Table) -> Books:  # noqa: ARG001
    return Books(StreamsTable(TABLE, table_client().client))


def start(chat_id: str = "chat-1", a_month: int = 0) -> StreamStart:
    outcome = admitting(table_client(), a_month=a_month).admit(
        OWNER, asked(chat_id=chat_id), tier=Tier.FREE, stream_id=None, correlation_id="c", running=True
    )
    assert isinstance(outcome, StreamStart)
    return outcome


def test_a_grant_can_be_spent(books: Books, table: Table) -> None:
    books.grant(OWNER, 1_000, "order 1234")
    start()
    item = kept(table)
    assert (item["balance"], item["held"]) == (1_000_000 - MOST_HELD, MOST_HELD)
    [entry] = ledger(table)
    assert (entry["kind"], entry["amount"], entry["reason"]) == ("grant", 1_000_000, "order 1234")
    assert in_the_books(table)


def test_a_grant_comes_on_top_of_a_month(books: Books, table: Table) -> None:
    books.grant(OWNER, 1_000, "first")
    stream = start(a_month=500)
    books.grant(OWNER, 1_000, "second")
    assert repository().end(stream, used(tokens=Usage(0, 0)), [])
    assert kept(table)["balance"] == 2_500_000
    assert in_the_books(table)


def test_a_correction_goes_both_ways_and_takes_no_more_than_there_is(books: Books, table: Table) -> None:
    books.grant(OWNER, 1_000, "g")
    books.correct(OWNER, -400, "too much")
    books.correct(OWNER, 100, "too little")
    start()
    before = table.items()
    with pytest.raises(CommandError, match="the user would have -1 credits; 0 to 2000000000 are allowed"):
        books.correct(OWNER, -455, "what is held is not there")
    assert table.items() == before
    assert kept(table)["balance"] == 700_000 - MOST_HELD
    assert in_the_books(table)


def test_a_user_has_no_more_than_the_most(books: Books, table: Table) -> None:
    books.grant(OWNER, MOST_CREDITS, "all")
    with pytest.raises(CommandError, match=f"would have {MOST_CREDITS + 1} credits"):
        books.grant(OWNER, 1, "one more")
    assert in_the_books(table)


def test_nothing_is_taken_from_a_user_who_was_never_here(books: Books, table: Table) -> None:
    with pytest.raises(CommandError, match="would have -1 credits"):
        books.correct(OWNER, -1, "?")
    assert table.count() == 0


@pytest.mark.parametrize("credits", [0, -1, MOST_CREDITS + 1])
def test_an_amount_that_is_no_grant_is_refused(credits: int, books: Books, table: Table) -> None:
    with pytest.raises(Misuse, match="whole number from 1"):
        books.grant(OWNER, credits, "why")
    assert table.count() == 0


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_change_has_a_reason(reason: str, books: Books, table: Table) -> None:
    with pytest.raises(Misuse, match="1 to 200 characters"):
        books.grant(OWNER, 1, reason)
    assert table.count() == 0


def test_a_change_that_meets_a_stream_of_the_user_is_tried_again(books: Books, table: Table) -> None:
    with refused(table_client().client, "TransactWriteItems", "TransactionConflict", "None", times=2):
        books.grant(OWNER, 5, "r")
    assert kept(table)["balance"] == 5_000
    assert in_the_books(table)


def test_a_statement_is_of_one_moment(books: Books) -> None:
    books.grant(OWNER, 1_000, "g")
    with just_before(table_client().client, "Query", lambda: books.correct(OWNER, -1, "meanwhile")):
        statement = books.statement(OWNER)
    assert (statement.balance, statement.held, statement.difference) == (999_000, 0, 0)
    assert [entry.kind for entry in statement.entries] == ["grant", "correction"]


def test_a_ledger_that_does_not_come_to_the_balance_says_so(
    books: Books, table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    books.grant(OWNER, 1_000, "g")
    table.change(f"user#{OWNER}", "credits", balance=1_000_001)

    def reached(name: str | None, port: int | None) -> StreamsTable:  # noqa: ARG001
        return StreamsTable(TABLE, table_client().client)

    monkeypatch.setattr(target, "streams_table", reached)
    assert run(["credits", "list", OWNER]) == 1
    assert "not explained by the ledger  0.001" in capsys.readouterr().out


@pytest.mark.usefixtures("table")
def test_the_commands_tell_what_was_done_and_what_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked_for: list[tuple[str | None, int | None]] = []

    def reached(name: str | None, port: int | None) -> StreamsTable:
        asked_for.append((name, port))
        return StreamsTable(TABLE, table_client().client)

    monkeypatch.setattr(target, "streams_table", reached)
    assert run(["credits", "grant", OWNER, "5000000", "--reason", "order 1234", "--table", "t"]) == 0
    assert run(["credits", "correct", OWNER, "--by", "-250", "--reason", "a slip\x1b[2J"]) == 0
    capsys.readouterr()
    assert run(["credits", "list", OWNER]) == 0
    first, second, left, held = capsys.readouterr().out.splitlines()
    assert first.split()[1:] == ["grant", "+5,000,000.000", "order", "1234"]
    assert second.split()[1:] == ["correction", "-250.000", "a", "slip[2J"]
    assert left.split() == ["left", "4,999,750.000"]
    assert held.split() == ["held", "by", "streams", "0.000"]
    assert asked_for[0] == ("t", None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grant", OWNER, "1.5", "--reason", "r"], "valid integer"),
        (["grant", OWNER, "0", "--reason", "r"], "greater than or equal to 1"),
        (["grant", OWNER, "9999999999", "--reason", "r"], "less than or equal to 2000000000"),
        (["grant", OWNER, "5"], "--reason"),
        (["correct", OWNER, "--by", "some", "--reason", "r"], "valid integer"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_in_a_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["credits", *arguments]) == 2
    assert said in error_line(capsys)


def test_without_a_sandbox_or_a_table_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sandbox.options.SandboxOptions.state_root", tmp_path, raising=False)
    assert run(["credits", "list", OWNER, "--port", "9"]) == 1
    assert "no sandbox runs on port 9" in error_line(capsys)
