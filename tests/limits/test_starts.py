"""Starts under limits, against the table: what is refused, what is held, and what gives it back."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from shared.contract.policy import Policy, policy_with
from shared.contract.tiers import Tier
from shared.errors import ConcurrencyExceeded, NotFound, RateLimited
from shared.limits.account import LEASE_MILLISECONDS
from shared.models.events import Usage
from shared.protocol.request import ChatRequest
from shared.streams.admission import Admission, Joined
from shared.streams.records import LEASE_SECONDS
from shared.streams.start import StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.interference import just_before, sent
from tests.support.logs import Logs
from tests.support.starts import OWNER, admission, admission_to, asked, repository, said, used

READ, WRITE = "BatchGetItem", "TransactWriteItems"


@pytest.fixture(scope="module")
def client() -> TableClient:
    """Of a second function: what the test lets come in between does not disturb it."""
    return TableClient(TABLE)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Has that many seconds pass, and no others."""
    now = [time.time()]
    monkeypatch.setattr("time.time", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def ask(
    chat_id: str,
    *,
    by: Admission | None = None,
    tier: Tier = Tier.FREE,
    request: ChatRequest | None = None,
    stream_id: str | None = None,
    running: bool = True,
) -> StreamStart:
    outcome = (by or admission()).admit(
        OWNER,
        request or asked(chat_id=chat_id),
        tier=tier,
        stream_id=stream_id,
        correlation_id="c-1",
        running=running,
    )
    assert isinstance(outcome, StreamStart)
    return outcome


def under(client: TableClient, **free: int) -> Admission:
    """Who admits to the table where a free user has these limits."""
    return admission_to(client, policy=policy(**free))


def policy(**free: int) -> Policy:
    return policy_with({"free": {"requestsPerHour": 1000, "concurrentStreams": 100, **free}})


def end(stream: StreamStart, stop_reason: str = "end_turn", output_tokens: int = 1) -> None:
    usage = Usage(1, output_tokens)
    booked = UsageRecord("m", stop_reason, usage, None, 1.0, None)
    assert repository().end(stream, booked, [{"type": "text", "text": "Because"}])


def taken(table: Table) -> dict[str, Any]:
    item = table.item(f"user#{OWNER}", "limits")
    assert item is not None
    return item


def running(table: Table) -> set[str]:
    return set(taken(table)["leases"])


def test_the_eleventh_request_of_a_free_user_is_refused_to_the_second(
    table: Table, later: Callable[[float], None], logs: Logs
) -> None:
    for number in range(10):
        end(ask(f"chat-{number}"))
    before = table.items()
    with pytest.raises(RateLimited) as refused:
        ask("chat-10")
    error = refused.value
    assert (error.status, error.code, error.retry_after) == (429, "rate_limited", 360)
    limit = {"name": "requests", "tier": "free", "limit": 10, "remaining": 0, "nextIn": 360, "windowSeconds": 3600}
    assert error.to_json()["limit"] == limit
    assert error.headers()["ratelimit"] == '"requests";r=0;t=360'
    assert error.headers()["ratelimit-policy"] == '"requests";q=10;w=3600'
    assert table.items() == before, "a refusal writes nothing"
    [line] = logs.lines("refused")
    assert (line["code"], line["limit"], line["correlation_id"]) == ("rate_limited", limit, "c-1")
    [metrics] = logs.metrics()
    assert (metrics["RefusedStreams"], metrics["service"], metrics["stack"]) == ([1], "test", "pr-7")
    later(360)
    ask("chat-10")


def test_a_user_runs_as_many_answers_at_once_as_the_tier_says(table: Table) -> None:
    first, second, third = (ask(f"chat-{number}", tier=Tier.PRO) for number in range(3))
    with pytest.raises(ConcurrencyExceeded) as refused:
        ask("chat-3", tier=Tier.PRO)
    error = refused.value
    assert (error.status, error.code, error.retry_after) == (429, "concurrency_exceeded", 5)
    assert error.headers()["ratelimit"] == '"concurrent-streams";r=0'
    assert error.headers()["ratelimit-policy"] == '"concurrent-streams";q=3;qu="concurrent-requests"'
    end(second)
    ask("chat-3", tier=Tier.PRO)
    assert running(table) == {first.chat_id, third.chat_id, "chat-3"}


def test_who_sends_again_while_an_answer_runs_is_not_one_more(table: Table) -> None:
    first = ask("chat-1")
    second = ask("chat-1", request=asked("Another"))
    assert running(table) == {"chat-1"}
    assert repository().end(first, used(), [], holds_lease=False)
    assert repository().end(first, used(), []) is False
    with pytest.raises(ConcurrencyExceeded):
        ask("chat-2")
    end(second)
    ask("chat-2")


def test_the_end_of_a_superseded_stream_does_not_give_back_the_lease_of_its_successor(table: Table) -> None:
    first = ask("chat-1")
    second = ask("chat-1", request=asked("Another"))
    end(first)  # it does not know that it was superseded
    assert taken(table)["leases"]["chat-1"]["token"] == second.fencing_token


def test_a_start_that_was_withdrawn_was_no_request(table: Table) -> None:
    end(ask("chat-0"))
    before = taken(table)["fullAt"]
    stream = ask("chat-1", running=False)
    assert taken(table)["fullAt"] > before
    assert repository().withdraw(stream)
    assert (taken(table)["fullAt"], running(table)) == (before, set())


def test_a_joined_start_and_one_that_is_refused_for_another_reason_are_no_requests(table: Table) -> None:
    ask("chat-1", stream_id="s-1")
    before = taken(table)
    joined = admission().admit(
        OWNER, asked(chat_id="chat-1"), tier=Tier.FREE, stream_id="s-1", correlation_id="c", running=True
    )
    assert joined == Joined("s-1")
    with pytest.raises(NotFound):
        ask("theirs-and-gone", request=regeneration("theirs-and-gone"))
    assert taken(table) == before


def regeneration(chat_id: str) -> ChatRequest:
    return ChatRequest.from_client({"id": chat_id, "messages": [said("?", "a", "assistant")]})


def continuation(of: StreamStart) -> ChatRequest:
    return ChatRequest.from_client({"id": of.chat_id, "messages": [said("", of.message_id, "assistant")]})


@pytest.mark.parametrize("stop_reason", ["deadline", "internal"])
def test_going_on_with_an_answer_that_we_broke_off_is_no_request_and_spends_what_it_has_left(
    table: Table, stop_reason: str
) -> None:
    first = ask("chat-1")
    assert first.max_output_tokens == 1000
    end(first, stop_reason, output_tokens=400)
    before = taken(table)["fullAt"]
    second = ask("chat-1", request=continuation(first))
    assert (second.max_output_tokens, taken(table)["fullAt"]) == (600, before)
    with pytest.raises(ConcurrencyExceeded):
        ask("chat-2")
    end(second, stop_reason, output_tokens=599)
    third = ask("chat-1", request=continuation(first))
    assert (third.max_output_tokens, taken(table)["fullAt"]) == (1, before)
    end(third, stop_reason)
    fourth = ask("chat-1", request=continuation(first))
    assert fourth.max_output_tokens == 1000
    assert taken(table)["fullAt"] > before, "nothing was left of it"


@pytest.mark.parametrize("stop_reason", ["max_tokens", "cancelled", "end_turn", "superseded", "content_blocked"])
def test_going_on_with_any_other_answer_is_a_request(table: Table, stop_reason: str) -> None:
    first = ask("chat-1")
    end(first, stop_reason, output_tokens=400)
    before = taken(table)["fullAt"]
    second = ask("chat-1", request=continuation(first))
    assert second.max_output_tokens == 1000
    assert taken(table)["fullAt"] > before


@pytest.mark.usefixtures("table")
def test_the_answer_is_as_long_as_the_shorter_of_tier_and_stack_allows(client: TableClient) -> None:
    short = under(client, maxOutputTokens=70)
    assert ask("chat-1", by=short).max_output_tokens == 70
    assert ask("chat-2", by=short, tier=Tier.PRO).max_output_tokens == 1000


def test_an_override_counts_from_the_next_start_on(table: Table) -> None:
    ask("chat-1")
    with pytest.raises(ConcurrencyExceeded):
        ask("chat-2")
    now = int(time.time())
    table.fill([{"pk": f"user#{OWNER}", "sk": "override", "tier": "pro", "startsAt": now - 1, "endsAt": now + 60}])
    ask("chat-2")


def test_a_lease_that_nobody_gave_back_ends_with_the_longest_stream(
    table: Table, later: Callable[[float], None]
) -> None:
    ask("chat-1")
    later(LEASE_MILLISECONDS / 1000 + 1)
    ask("chat-2")
    assert running(table) == {"chat-2"}


def test_the_lease_of_a_dead_worker_is_found_with_one_more_read(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    dead = ask("chat-1")
    later(LEASE_SECONDS + 1)
    end_of_other = ask("chat-2", tier=Tier.PRO)
    end(end_of_other)
    by = under(client, concurrentStreams=1)
    with sent(client.client) as requests:
        ask("chat-2", by=by, request=asked("Again", "chat-2"))
    assert requests == [READ, READ, "Query", WRITE]
    assert running(table) == {"chat-2"}
    end(dead, "internal")
    assert running(table) == {"chat-2"}, "its late end gives nothing back that is another's"


@pytest.mark.usefixtures("table")
def test_a_start_takes_three_requests_and_one_that_is_refused_takes_one(client: TableClient) -> None:
    by = under(client, requestsPerHour=2)
    end(ask("chat-1", by=by))
    with sent(client.client) as requests:
        end(ask("chat-1", by=by, request=asked("And?", "chat-1")))
    assert requests == [READ, "Query", WRITE]
    with sent(client.client) as requests, pytest.raises(RateLimited):
        ask("chat-1", by=by, request=asked("And?", "chat-1"))
    assert requests == [READ]


@pytest.mark.parametrize("first_ever", [True, False], ids=["an unknown user", "a user who was idle"])
def test_a_start_that_met_another_of_its_user_decides_anew_without_another_read(
    first_ever: bool, table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    if not first_ever:
        end(ask("chat-0"))
        later(3600)
    by = under(client, concurrentStreams=3)
    with sent(client.client) as requests, just_before(client.client, WRITE, lambda: ask("chat-1", tier=Tier.PRO)):
        ask("chat-2", by=by)
    assert requests == [READ, WRITE, WRITE]
    assert running(table) == {"chat-1", "chat-2"}


def test_starts_that_have_room_do_not_refuse_each_other(table: Table, client: TableClient) -> None:
    end(ask("chat-0", tier=Tier.PRO))
    by = under(client, concurrentStreams=3)
    with sent(client.client) as requests, just_before(client.client, WRITE, lambda: ask("chat-1", tier=Tier.PRO)):
        ask("chat-2", by=by)
    assert requests == [READ, WRITE]
    assert running(table) == {"chat-1", "chat-2"}


RACES: dict[str, dict[str, int]] = {
    "the last request": {"requestsPerHour": 2},
    "the last place": {"concurrentStreams": 1},
}


@pytest.mark.parametrize("about", RACES)
def test_of_two_that_race_for_the_last_one_of_them_is_refused(about: str, table: Table, client: TableClient) -> None:
    by = under(client, **RACES[about])
    end(ask("chat-0", by=by))
    with (
        just_before(client.client, WRITE, lambda: ask("chat-1", tier=Tier.PRO)),
        pytest.raises((RateLimited, ConcurrencyExceeded)),
    ):
        ask("chat-2", by=by)
    assert running(table) == {"chat-1"}


def test_of_two_that_race_for_the_only_request_of_an_idle_user_one_is_refused(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = under(client, requestsPerHour=1)
    end(ask("chat-0", by=by))
    later(3600)
    with (
        just_before(client.client, WRITE, lambda: ask("chat-1", by=under(admission().table, requestsPerHour=1))),
        pytest.raises(RateLimited),
    ):
        ask("chat-2", by=by)
    assert running(table) == {"chat-1"}


def test_of_two_that_race_for_the_place_of_a_dead_one_one_is_refused(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    ask("chat-0")
    later(LEASE_MILLISECONDS / 1000 + 1)
    by = under(client, concurrentStreams=1)
    with just_before(client.client, WRITE, lambda: ask("chat-1")), pytest.raises(ConcurrencyExceeded):
        ask("chat-2", by=by)
    assert running(table) == {"chat-1"}


def test_who_supersedes_a_stream_that_ends_meanwhile_needs_a_place_of_its_own(
    table: Table, client: TableClient
) -> None:
    first = ask("chat-1")
    by = under(client, concurrentStreams=1)

    def overtake() -> None:
        end(first)
        ask("chat-2")

    with just_before(client.client, WRITE, overtake), pytest.raises(ConcurrencyExceeded):
        ask("chat-1", by=by, request=asked("Another", "chat-1"))
    assert running(table) == {"chat-2"}


def test_who_supersedes_a_dead_stream_whose_place_another_takes_meanwhile_is_refused(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    ask("chat-1")
    later(LEASE_SECONDS + 1)
    by = under(client, concurrentStreams=1)
    with just_before(client.client, WRITE, lambda: ask("chat-2")), pytest.raises(ConcurrencyExceeded):
        ask("chat-1", by=by, request=asked("Another", "chat-1"))
    assert running(table) == {"chat-2"}


def test_a_moment_that_a_wrong_clock_has_written_refuses_nobody(table: Table) -> None:
    end(ask("chat-0"))
    table.change(f"user#{OWNER}", "limits", fullAt=int((time.time() + 86_400) * 1000))
    end(ask("chat-1"))
    assert taken(table)["fullAt"] < (time.time() + 3600) * 1000
