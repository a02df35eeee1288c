"""What the demo's second act says of what it saw."""

from io import StringIO

import pytest
from rich.console import Console

from streamways.cli.one_answer import OneAnswer
from streamways.cli.second_act import told
from streamways.clients.client import Received
from streamways.target.interrupted import Interrupted

DELTAS: list[dict[str, object]] = [{"type": "text-delta", "id": "t", "delta": f"word{number} "} for number in range(6)]
ABORT: dict[str, object] = {"type": "abort", "reason": "cancelled"}
PARTS = [*DELTAS, ABORT]


def received(*parts: dict[str, object]) -> list[Received]:
    return [
        Received(number, part, 100.0 * (number + 1), number, f"place-{number}") for number, part in enumerate(parts)
    ]


def interrupted(
    before: list[dict[str, object]] = PARTS[:3],
    after: list[dict[str, object]] = PARTS[3:],
    recorded: list[dict[str, object]] = PARTS,
) -> Interrupted:
    three = Interrupted("function-url", "websocket", "appsync")
    three.before, three.after, three.recorded = received(*before), received(*after), received(*recorded)
    return three


def said(seen: Interrupted, made: int | None = 40, whole: int | None = 100, width: int = 400) -> str:
    console = Console(file=StringIO(), width=width)
    console.print(told(seen, made, whole))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_what_happened_is_said_with_the_numbers_of_the_parts_and_the_tokens_that_were_saved() -> None:
    assert [line.rstrip() for line in said(interrupted()).splitlines()] == [
        "cut, resumed  begun over function-url, cut after part 2, 0.5 s without a connection; resumed over websocket, "
        "where the next part came after 100 ms",
        "complete      parts 0 to 6: none is missing and none came twice; they are, part by part, the recorded answer "
        "as a reader over appsync gets it now",
        "stopped       what the model wrote until the stop reached it came too: 40 of the 100 tokens that this answer "
        "has in the race, so the stop saved 60 (emulated)",
    ]
    assert interrupted().exact


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PARTS[:3], PARTS[4:]),
        (PARTS[:3], PARTS[2:]),
        (PARTS[:3], [DELTAS[4], DELTAS[3], *PARTS[5:]]),
        (PARTS[:3], PARTS[3:-1]),
        (PARTS[1:3], PARTS[3:]),
    ],
    ids=["missing", "twice", "in another order", "without its end", "without its beginning"],
)
def test_a_part_that_is_missing_or_came_twice_is_noticed(
    before: list[dict[str, object]], after: list[dict[str, object]]
) -> None:
    seen = interrupted(before, after)
    assert not seen.exact
    assert f"complete      no: {len(before) + len(after)} parts came, and they are not the 7 that are recorded" in said(
        seen
    )


def test_an_answer_that_ended_by_itself_saved_nothing() -> None:
    finish: dict[str, object] = {"type": "finish", "finishReason": "stop"}
    seen = interrupted(after=[*PARTS[3:6], finish], recorded=[*DELTAS, finish])
    assert seen.exact
    assert "came to its end before the stop arrived, so nothing was saved" in said(seen)
    assert "saved 60" not in said(seen)


def test_an_answer_that_was_over_before_the_cut_is_told_with_what_to_do() -> None:
    seen = interrupted(before=PARTS, after=[], recorded=[])
    assert seen.over
    assert "--tokens-per-second" in said(seen)


def test_what_went_wrong_is_told_beside_what_went_well() -> None:
    seen = interrupted(recorded=[])
    seen.problem = "forbidden: \x1b[2JNo."
    text = said(seen)
    assert "cut, resumed  begun over function-url" in text
    assert "failed        forbidden: [2JNo." in text
    assert "complete" not in text


def test_where_nobody_knows_how_many_tokens_were_made_none_are_counted() -> None:
    assert "stopped       the model stopped" in said(interrupted(), made=None)
    assert "saved" not in said(interrupted(), whole=None)


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits_the_terminal(width: int) -> None:
    assert all(len(line) <= width for line in said(interrupted(), width=width).splitlines())


def test_the_answer_is_shown_in_the_colours_of_its_ways_with_what_happened_in_between() -> None:
    console = Console(file=StringIO(), force_terminal=True, width=60, height=24, color_system="standard")
    view = OneAnswer(console)
    for each in received(*DELTAS[:2]):
        view.part("function-url", each)
    view.said("function-url", "the connection is cut after part 1")
    for each in received({"type": "text-delta", "id": "t", "delta": " \x1b[2Jword2\n\nword3"}):
        view.part("websocket", each)
    console.print(view)
    assert isinstance(console.file, StringIO)
    drawn = console.file.getvalue()
    assert "\x1b[36mword0 " in drawn
    assert "▸ function-url: the connection is cut after part 1" in drawn
    assert "\x1b[32m[2Jword2" in drawn
    assert "\x1b[2J" not in drawn
    assert len(drawn.splitlines()) == 6
