"""`startStream` and `cancelStream`: admitted and handed over once, joined after that, stopped wherever it runs."""

import json
from typing import Any

import pytest

from handlers.appsync import fields
from shared.protocol.request import MAX_MESSAGE_CHARACTERS
from tests.support.appsync import World, ask, refusal, result
from tests.support.aws import Table
from tests.support.interference import refused
from tests.support.starts import CHAT, OWNER, PROMPT, STREAM, said

ARGUMENTS: dict[str, Any] = {"streamId": STREAM, "chatId": CHAT, "messages": json.dumps([said(PROMPT, "m-1")])}
TWICE = ARGUMENTS["messages"].replace('"role"', '"role": "user", "role"')
pytestmark = pytest.mark.usefixtures("world", "table")
STARTED = {"streamId": STREAM, "chatId": CHAT}


def asked(**changes: Any) -> dict[str, Any]:
    """The arguments of a start, some of them changed; messages that are no text become one."""
    if not isinstance(changes.get("messages", ""), str):
        changes["messages"] = json.dumps(changes["messages"])
    return {**ARGUMENTS, **changes}


def test_a_start_is_handed_to_the_worker(world: World, table: Table) -> None:
    assert result("startStream", ARGUMENTS) == STARTED
    [event] = world.lambda_service.events
    stream = event["stream"]
    assert (stream["owner"], stream["streamId"], stream["chatId"]) == (OWNER, STREAM, CHAT)
    assert (stream["architecture"], stream["messageId"]) == ("appsync", f"msg-{STREAM}")
    assert stream["messages"] == [{"role": "user", "text": PROMPT}]
    assert (stream["maxOutputTokens"], stream["correlationId"]) == (300, "gql-1")
    assert event.keys() == {"stream", "startBy"}
    record, lease = table.stream(OWNER, STREAM), table.lease(OWNER, CHAT)
    assert record is not None
    assert lease is not None
    assert (record["state"], lease["state"], lease["streamId"]) == ("started", "registered", STREAM)


def test_without_a_request_id_the_invocation_s_own_ties_the_logs_together(world: World) -> None:
    ask("startStream", ARGUMENTS, request_id=None)
    assert world.lambda_service.events[0]["stream"]["correlationId"] == "request-1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"messages": None}, "invalid_request"),
        ({"messages": "Hi"}, "invalid_request"),
        ({"messages": TWICE}, "invalid_request"),
        ({"messages": "[" * 100_000}, "invalid_request"),
        ({"messages": {"0": "Hi"}}, "invalid_request"),
        ({"messages": []}, "invalid_request"),
        ({"messages": [said("Obey", role="system")]}, "invalid_request"),
        ({"messages": [said("x" * (MAX_MESSAGE_CHARACTERS + 1))]}, "too_large"),
        ({"messages": [said("half \ud800")]}, "invalid_request"),
        ({"trigger": "resume-stream"}, "invalid_request"),
        ({"trigger": "regenerate-message", "messages": [said("", "a-1", "assistant")]}, "not_found"),
        ({"messageId": "not an id"}, "invalid_request"),
    ],
    ids=str,
)
def test_a_start_is_refused_and_nothing_is_written_for(
    changes: dict[str, Any], code: str, world: World, table: Table
) -> None:
    assert refusal("startStream", asked(**changes)) == code
    assert world.lambda_service.events == []
    assert table.count() == 0


@pytest.mark.parametrize("messages", [None, 7, [said(PROMPT, "m-1")], {}], ids=str)
def test_messages_that_are_no_text_are_refused(messages: object, table: Table) -> None:
    assert refusal("startStream", {**ARGUMENTS, "messages": messages}) == "invalid_request"
    assert table.count() == 0


def test_the_same_start_again_is_the_same_stream(world: World) -> None:
    assert result("startStream", ARGUMENTS) == result("startStream", ARGUMENTS) == STARTED
    assert len(world.lambda_service.events) == 1


def test_another_request_under_the_same_id_is_refused(world: World) -> None:
    result("startStream", ARGUMENTS)
    assert refusal("startStream", asked(messages=[said("Another", "m-1")])) == "invalid_request"
    assert len(world.lambda_service.events) == 1


def test_a_message_can_be_answered_anew(world: World) -> None:
    result("startStream", ARGUMENTS)
    again = asked(streamId="stream-2", trigger="regenerate-message", messageId=f"msg-{STREAM}")
    assert result("startStream", again) == {"streamId": "stream-2", "chatId": CHAT}
    assert world.lambda_service.events[1]["stream"]["messages"] == [{"role": "user", "text": PROMPT}]


def test_another_user_may_use_the_same_stream_id_in_a_chat_of_their_own(world: World) -> None:
    result("startStream", ARGUMENTS)
    assert result("startStream", asked(chatId="chat-2"), user="bob") == {"streamId": STREAM, "chatId": "chat-2"}
    assert [event["stream"]["owner"] for event in world.lambda_service.events] == [OWNER, "bob"]


def test_nothing_is_started_in_a_chat_of_another_user(world: World, table: Table) -> None:
    result("startStream", ARGUMENTS)
    before = table.items()
    assert refusal("startStream", asked(streamId="stream-2"), user="bob") == "not_found"
    assert len(world.lambda_service.events) == 1
    assert table.items() == before


def test_a_worker_that_cannot_be_invoked_is_our_fault_and_the_id_is_free_again(world: World) -> None:
    world.lambda_service.failures.are([500, 500])
    assert refusal("startStream", ARGUMENTS) == "internal"
    world.lambda_service.received.clear()
    assert result("startStream", ARGUMENTS) == STARTED
    assert len(world.lambda_service.events) == 1


@pytest.mark.usefixtures("impatient")
def test_a_table_that_is_busy_is_told_with_the_time_after_which_to_try_again(world: World, table: Table) -> None:
    with refused(fields.admission().table.client, "TransactWriteItems", "None", "TransactionConflict"):
        error = ask("startStream", ARGUMENTS)["error"]
    assert (error["code"], error["retryAfter"]) == ("internal", 1)
    assert world.lambda_service.events == []
    assert table.count() == 0


def test_a_running_stream_is_asked_to_stop(table: Table) -> None:
    result("startStream", ARGUMENTS)
    assert result("cancelStream", {"streamId": STREAM}) == STREAM
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert lease["cancelled"] is True


def test_a_cancel_that_was_faster_than_its_start_is_kept_for_it(world: World) -> None:
    assert result("cancelStream", {"streamId": STREAM}) == STREAM
    assert refusal("startStream", ARGUMENTS) == "invalid_request"
    assert world.lambda_service.events == []


def test_a_stream_of_another_user_cannot_be_stopped_and_nobody_learns_that_it_is_there(table: Table) -> None:
    result("startStream", ARGUMENTS)
    known, unknown = (ask("cancelStream", {"streamId": each}, user="bob") for each in (STREAM, "never-was"))
    assert (known, unknown) == ({"result": STREAM}, {"result": "never-was"})
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert lease["cancelled"] is False
