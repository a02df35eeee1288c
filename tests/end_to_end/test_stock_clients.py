"""The clients that people have: `useChat`'s default transport, `WebSocketChatTransport`, and our AppSync transport.

Each through send, resume, stop and error, in Node, against a real sandbox.
"""

import json

import pytest

from tests.support.model_calls import calls, ended_call
from tests.support.questions import SLOW, answer, prompt
from tests.support.sandbox import RunningSandbox
from tests.support.stock import StockClient, text_of

each_transport = pytest.mark.parametrize("transport", ["http", "websocket", "appsync"])


@each_transport
def test_send(stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str) -> None:
    asked = prompt()
    [turn] = stock.talk(transport, stack, {"send": asked}, {"done": True})
    assert text_of(turn["message"]) == answer(asked)
    assert (turn["status"], turn["finish"]["finishReason"]) == ("ready", "stop")
    assert turn["message"]["metadata"]["usage"]["outputTokens"] > 0
    assert len(calls(sandbox, asked)) == 1


@each_transport
def test_a_second_message_goes_on_with_the_first(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    first, second = prompt(), prompt()
    stock.talk(transport, stack, {"send": first}, {"done": True}, {"send": second}, {"done": True})
    [call] = calls(sandbox, second)
    assert [message["role"] for message in call["messages"]] == ["user", "assistant", "user"]
    assert call["messages"][1]["text"].strip() == answer(first).strip()


@each_transport
def test_stop_reaches_the_model_and_the_chat_goes_on(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    sandbox.control("PUT", "/model/fault", SLOW)
    first, second = prompt(), prompt()
    stopped, after = stock.talk(
        transport,
        stack,
        *({"send": first}, {"text": 10}, {"stop": True}, {"done": True}),
        *({"send": second}, {"done": True}),
    )
    assert stopped["finish"]["isAbort"]
    assert text_of(after["message"]) == answer(second)
    assert ended_call(sandbox, first)["ended"] == "hung_up"
    assert answer(first).startswith(text_of(stopped["message"]))


@each_transport
def test_a_page_that_comes_back_resumes(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 150})
    asked = prompt()
    [resumed] = stock.talk(
        transport,
        stack,
        *({"send": asked}, {"text": 10}, {"close": True}),
        *({"as": "reloaded", "resume": True}, {"as": "reloaded", "done": True}),
    )
    assert text_of(resumed["message"]) == answer(asked)
    assert (resumed["status"], resumed["error"]) == ("ready", None)
    assert len(calls(sandbox, asked)) == 1


@each_transport
def test_a_page_that_is_reloaded_while_an_answer_is_continued_shows_all_of_it(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    """`useChat` empties the message at the first `start` of a replay, and the stream is the second half alone."""
    sandbox.control("PUT", "/model/fault", {"fault": "cut", "afterTokens": 10})
    broken, whole, reloaded = stock.talk(
        transport,
        stack,
        *({"send": prompt()}, {"done": True}),
        *({"continue": True}, {"more": 10}, {"as": "reloaded", "resume": True}, {"done": True}),
        {"as": "reloaded", "done": True},
    )
    assert len(text_of(broken["message"])) > 10
    assert text_of(whole["message"]).startswith(text_of(broken["message"]))
    assert text_of(reloaded["message"]) == text_of(whole["message"])
    assert reloaded["message"]["id"] == whole["message"]["id"] == broken["message"]["id"]


@each_transport
def test_two_tabs_see_the_same_stream(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 150})
    asked = prompt()
    own, other = stock.talk(
        transport,
        stack,
        *({"send": asked}, {"text": 10}, {"as": "other tab", "resume": True}),
        *({"done": True}, {"as": "other tab", "done": True}),
    )
    assert text_of(own["message"]) == text_of(other["message"]) == answer(asked)
    assert own["message"]["id"] == other["message"]["id"]


@each_transport
def test_a_component_that_mounts_twice_cancels_nothing(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    """React's StrictMode: resume, and at once resume again, which aborts the first."""
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 60})
    asked = prompt()
    [resumed] = stock.talk(
        transport,
        stack,
        *({"send": asked}, {"text": 10}, {"close": True}),
        *({"as": "strict", "resume": True}, {"as": "strict", "resume": True}, {"as": "strict", "done": True}),
    )
    assert text_of(resumed["message"]) == answer(asked)
    assert ended_call(sandbox, asked)["ended"] == "finished"


@each_transport
def test_there_may_be_nothing_to_resume(stock: StockClient, stack: dict[str, object], transport: str) -> None:
    [turn] = stock.talk(transport, stack, {"resume": True}, {"done": True})
    assert (turn["message"], turn["status"], turn["error"]) == (None, "ready", None)


@each_transport
def test_a_refusal_can_be_read(stock: StockClient, stack: dict[str, object], transport: str) -> None:
    """An empty message: refused before anything is spent."""
    [turn] = stock.talk(transport, stack, {"send": "   "}, {"done": True})
    assert (turn["status"], turn["errorCode"]) == ("error", "invalid_request")
    assert not turn["error"].startswith("{"), "a text for people"


each_stock_transport = pytest.mark.parametrize("transport", ["stock http", "stock websocket"])


@each_stock_transport
def test_the_ai_sdks_own_transports_need_nothing_of_ours(
    stock: StockClient, stack: dict[str, object], transport: str
) -> None:
    first, second = prompt(), prompt()
    turns = stock.talk(transport, stack, {"send": first}, {"done": True}, {"send": second}, {"done": True})
    assert [text_of(turn["message"]) for turn in turns] == [answer(first), answer(second)]


@each_stock_transport
def test_a_bad_token_is_told_to_them_as_it_is(stock: StockClient, stack: dict[str, object], transport: str) -> None:
    """Over the WebSocket it is the ticket that is refused, before a browser would see a bare 1006."""
    [turn] = stock.talk(transport, {**stack, "token": "expired"}, {"send": prompt()}, {"done": True})
    assert turn["status"] == "error"
    assert json.loads(turn["error"])["error"]["code"] == "unauthenticated"


@each_transport
def test_an_error_of_the_model_is_told_with_what_came_before(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    sandbox.control("PUT", "/model/fault", {"fault": "cut", "afterTokens": 20})
    asked = prompt()
    [turn] = stock.talk(transport, stack, {"send": asked}, {"done": True})
    assert turn["status"] == "error"
    assert "broke off" in turn["error"]
    assert turn["errorCode"] == "model_unavailable"
    assert 0 < len(text_of(turn["message"])) < len(answer(asked))


@each_transport
def test_a_failure_inside_a_stream_has_its_code_and_the_seconds_to_wait(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    sandbox.control("PUT", "/model/fault", {"fault": "exception", "exception": "throttlingException"})
    failed, resumed = stock.talk(
        transport,
        stack,
        *({"send": prompt()}, {"done": True}),
        *({"as": "reloaded", "resume": True}, {"as": "reloaded", "done": True}),
    )
    assert (failed["status"], failed["errorCode"], failed["retryAfter"]) == ("error", "model_throttled", 5)
    assert {key: resumed[key] for key in ("error", "errorCode", "retryAfter")} == {
        key: failed[key] for key in ("error", "errorCode", "retryAfter")
    }


def test_a_page_that_lost_the_network_goes_on_when_it_is_shown_again(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object]
) -> None:
    """The AI SDK resumes by itself after what it knows for a lost network, and after nothing else."""
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 30})
    asked = prompt()
    lost, shown = stock.talk(
        "appsync",
        stack,
        *({"send": asked}, {"text": 10}, {"offline": True}, {"done": True}),
        *({"offline": False}, {"visible": True}, {"done": True}),
    )
    assert (lost["status"], lost["finish"]["isDisconnect"]) == ("error", True)
    assert (shown["status"], text_of(shown["message"])) == ("ready", answer(asked))


@pytest.mark.parametrize("fault", ["dropped", "duplicated", "reordered"])
def test_what_appsync_does_to_messages_is_not_seen(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], fault: str
) -> None:
    """Some of the first messages are lost, come twice or too late; the journal has what is missing."""
    sandbox.control("PUT", "/appsync/fault", {"fault": fault, "calls": 3, "after": 1})
    asked = prompt()
    [turn] = stock.talk("appsync", stack, {"send": asked}, {"done": True})
    assert sandbox.control("GET", "/appsync/fault").json()["calls"] == 0
    assert text_of(turn["message"]) == answer(asked)


def test_a_refused_connection_is_opened_anew(stock: StockClient, stack: dict[str, object]) -> None:
    """The token had expired; with a good one the same page goes on."""
    asked = prompt()
    refused, good = stock.talk(
        "appsync",
        {**stack, "tokens": ["expired"]},
        *({"send": asked}, {"done": True}),
        *({"send": asked}, {"done": True}),
    )
    assert (refused["status"], refused["errorCode"]) == ("error", "unauthenticated")
    assert text_of(good["message"]) == answer(asked)
