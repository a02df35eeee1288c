"""Two pages of a user over AppSync, of which one asks and the other follows the chat.

Stock chats in Node with a transport each, against a real sandbox.
"""

from typing import Any

import pytest

from tests.support.questions import SLOW, answer, prompt
from tests.support.sandbox import RunningSandbox
from tests.support.stock import StockClient, text_of

MEDIUM = {**SLOW, "tokensPerSecond": 150}
IDLE = {"as": "idle"}
OPENED = ({**IDLE, "load": True}, {**IDLE, "resume": True}, {**IDLE, "done": True}, {**IDLE, "follow": True})
"""What a page does that is opened; its last turn is reported."""


@pytest.fixture
def talk(stock: StockClient, stack: dict[str, object]) -> Any:
    def drive(*steps: dict[str, object]) -> list[dict[str, Any]]:
        return stock.talk("appsync", stack, *steps)

    return drive


def said(turn: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], text_of(message)) for message in turn["messages"]]


def told(*questions: str) -> list[tuple[str, str]]:
    return [line for asked in questions for line in (("user", asked), ("assistant", answer(asked)))]


def test_an_idle_page_shows_question_and_answer_while_another_asks(talk: Any, sandbox: RunningSandbox) -> None:
    sandbox.control("PUT", "/model/fault", MEDIUM)
    first, second = prompt(), prompt()
    *_, idle = talk(
        *OPENED,
        *({"send": first}, {**IDLE, "told": 1}, {"done": True}),
        *({"send": second}, {**IDLE, "told": 2}, {**IDLE, "done": True}),
    )
    assert said(idle) == told(first, second)
    assert (idle["status"], idle["error"], len(idle["told"])) == ("ready", None, 2)


def test_an_idle_page_shows_an_answer_as_it_grows(talk: Any, sandbox: RunningSandbox) -> None:
    """It has text while the other page is still being answered."""
    sandbox.control("PUT", "/model/fault", SLOW)
    asked = prompt()
    *_, stopped, idle = talk(
        *OPENED,
        *({"send": asked}, {"text": 10}, {**IDLE, "text": 10}, {"stop": True}, {"done": True}, {**IDLE, "told": 1}),
        {**IDLE, "done": True},
    )
    assert stopped["finish"]["isAbort"]
    [question, (role, text)] = said(idle)
    assert (question, role) == (("user", asked), "assistant")
    assert answer(asked).startswith(text)


def test_a_page_is_not_told_of_what_it_asks_or_resumes_itself(talk: Any, sandbox: RunningSandbox) -> None:
    sandbox.control("PUT", "/model/fault", MEDIUM)
    first, second = prompt(), prompt()
    *_, page, reloaded = talk(
        *({"follow": True}, {"send": first}, {"done": True}, {"send": second}, {"text": 10}),
        # As a page does that is mounted: it resumes at once, and nothing that runs then is another's.
        *({"as": "reloaded", "load": True}, {"as": "reloaded", "resume": True}, {"as": "reloaded", "follow": True}),
        *({"done": True}, {"as": "reloaded", "done": True}),
    )
    assert said(page) == said(reloaded) == told(first, second)
    assert page["told"] == reloaded["told"] == []


def test_a_page_whose_answer_gives_way_shows_that_of_the_other(talk: Any, sandbox: RunningSandbox) -> None:
    """It is told when its own stream is over: what that said is then in the history."""
    sandbox.control("PUT", "/model/fault", MEDIUM)
    first, second = prompt(), prompt()
    *_, page = talk(
        *({"follow": True}, {"send": first}, {"text": 10}),
        *({"as": "other", "load": True}, {"as": "other", "send": second}, {"as": "other", "done": True}),
        *({"told": 1}, {"done": True}),
    )
    (one, (role, text), *rest) = said(page)
    assert (one, role, rest) == (("user", first), "assistant", told(second))
    assert text
    assert answer(first).startswith(text)


def test_a_page_that_was_offline_is_told_of_what_began_meanwhile(talk: Any) -> None:
    asked = prompt()
    *_, idle = talk(
        *OPENED,
        *({"send": prompt()}, {**IDLE, "told": 1}, {"done": True}, {**IDLE, "offline": True}),
        *({"send": asked}, {"done": True}, {**IDLE, "offline": False}, {**IDLE, "told": 2}, {**IDLE, "done": True}),
    )
    assert said(idle)[2:] == told(asked)
    assert len(idle["told"]) == 2


def test_a_page_that_follows_no_more_is_not_told(talk: Any) -> None:
    first, second = prompt(), prompt()
    *_, idle, witness = talk(
        *OPENED,
        *({"as": "witness", "follow": True}, {"send": first}, {**IDLE, "told": 1}, {**IDLE, "follow": False}),
        *({"done": True}, {"send": second}, {"done": True}, {"as": "witness", "told": 2}),
        *({**IDLE, "done": True}, {"as": "witness", "done": True}),
    )
    assert said(idle) == told(first)
    assert said(witness) == told(first, second)
