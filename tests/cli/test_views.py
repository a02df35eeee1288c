import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from streamways.cli.figures import summary_event
from streamways.cli.results_table import results
from streamways.cli.side_by_side import Columns
from streamways.cli.views import Answer, JsonLines, PlainLines
from streamways.clients.client import Architecture, Received
from streamways.clients.errors import Cut, Refused
from streamways.target.races import Raced
from streamways.target.streams import Outcome

METADATA = {
    "usage": {"inputTokens": 20, "outputTokens": 30, "totalTokens": 50},
    "cost": {"currency": "USD", "model": 0.0000123},
}
FINISH: dict[str, object] = {"type": "finish", "finishReason": "stop", "messageMetadata": METADATA}


def outcome(architecture: Architecture, *texts: str, last: dict[str, object] | None = FINISH) -> Outcome:
    parts: list[dict[str, object]] = [{"type": "text-delta", "id": "t", "delta": text} for text in texts]
    if last is not None:
        parts.append(last)
    return Outcome(architecture, [Received(n, part, 100.04 * (n + 1), n) for n, part in enumerate(parts)])


def show(view: Any, *outcomes: Outcome) -> None:
    for one in outcomes:
        for received in one.received:
            view.part(one.architecture, received)
        view.ended(one)


def test_json_is_a_line_per_part_and_one_summary(capsys: pytest.CaptureFixture[str]):
    show(JsonLines(), outcome("websocket", "One", " two"))
    first, _, _, summary = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first == {
        "architecture": "websocket",
        "event": "part",
        "sequence": 0,
        "atMs": 100.0,
        "part": {"type": "text-delta", "id": "t", "delta": "One"},
    }
    cost = summary.pop("cost")
    assert summary == {
        "architecture": "websocket",
        "event": "summary",
        "ttftMs": 100.0,
        "tokensPerSecond": 299.9,
        "messages": 3,
        "totalMs": 300.1,
        "usage": METADATA["usage"],
        "finishReason": "stop",
    }
    assert set(cost) == {"currency", "model", "services", "total", "pricesOf"}
    assert cost["model"] == 0.0000123
    assert cost["total"] == pytest.approx(cost["model"] + cost["services"])


def test_the_summary_of_a_refused_stream_has_no_figures_but_the_refusal():
    failed = Outcome("appsync", failure=Refused("rate_limited", "Slow down.", 7, 429))
    event = summary_event(failed)
    assert event["error"] == {"code": "rate_limited", "message": "Slow down.", "retryAfter": 7}
    assert (event["ttftMs"], event["usage"], event["cost"], event["finishReason"]) == (None, None, None, None)


def test_the_summary_of_a_stream_that_was_cut_says_so():
    failed = outcome("appsync", "One", last=None)
    failed.failure = Cut("the connection broke")
    assert summary_event(failed)["error"] == {"message": "the connection broke"}


@pytest.mark.parametrize("reason", ["stop", "length", "tool-calls"])
def test_a_stream_that_finished_well_has_no_problem(reason: str):
    assert outcome("appsync", "x", last={**FINISH, "finishReason": reason}).problem is None


@pytest.mark.parametrize(
    ("last", "problem"),
    [
        ({**FINISH, "finishReason": "other"}, "it finished with 'other'"),
        (
            {**FINISH, "finishReason": "other", "messageMetadata": {"stopReason": "deadline"}},
            "it finished with 'other' (deadline)",
        ),
        ({"type": "error", "errorText": "Busy."}, "Busy."),
        ({"type": "abort"}, "it finished with 'abort'"),
    ],
)
def test_any_other_end_is_a_problem(last: dict[str, object], problem: str):
    assert outcome("appsync", "x", last=last).problem == problem


def test_plain_lines_hold_every_word_of_the_answer_and_no_control_codes(capsys: pytest.CaptureFixture[str]):
    words = [f"word{number} " for number in range(60)]
    show(PlainLines(), outcome("function-url", *words, "\x1b[2Jend", "\nnext line"))
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("function-url | ") and len(line) <= 105 for line in lines)
    text = " ".join(line.removeprefix("function-url | ") for line in lines)
    assert lines[0] == "function-url | [first text after 100 ms]"
    assert lines[-1].startswith("function-url | [finished in ")
    assert [word for word in text.split() if word.startswith("word")] == [word.strip() for word in words]
    assert "\x1b" not in text
    assert lines[-2] == "function-url | next line"


def test_plain_lines_say_what_happens_to_a_stream_where_it_happens(capsys: pytest.CaptureFixture[str]):
    lines, [first, second] = PlainLines(), outcome("websocket", "One", " two", last=None).received
    lines.part("websocket", first)
    lines.said("websocket", "the connection is cut")
    lines.part("websocket", second)
    lines.said("websocket", "the answer has ended")
    told = [line.removeprefix("websocket    | ") for line in capsys.readouterr().out.splitlines()]
    assert told == ["[first text after 100 ms]", "One", "[the connection is cut]", "two", "[the answer has ended]"]


def test_plain_lines_tell_a_stream_that_could_not_begin(capsys: pytest.CaptureFixture[str]):
    show(PlainLines(), Outcome("websocket", failure=Cut("nothing came")))
    assert capsys.readouterr().out == "websocket    | [failed: nothing came]\n"


def test_an_answer_is_its_text_and_nothing_else(capsys: pytest.CaptureFixture[str]):
    show(Answer(), outcome("websocket", "One", " two"))
    assert capsys.readouterr().out == "One two\n"


def terminal(width: int) -> Console:
    return Console(file=StringIO(), force_terminal=True, width=width, height=30, color_system=None)


def drawn(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 140])
def test_columns_stand_side_by_side_within_the_width_and_show_the_end_of_each_answer(width: int):
    console = terminal(width)
    outcomes = [
        outcome("function-url", *(f"line {number}\n" for number in range(50)), "last words"),
        outcome("websocket", "short"),
        Outcome("appsync", failure=Refused("unauthenticated", "The token has expired.")),
    ]
    columns = Columns(["function-url", "websocket", "appsync"], console)
    show(columns, *outcomes)
    console.print(columns)
    picture = drawn(console).splitlines()
    assert all(len(line) <= width for line in picture)
    assert all(name in picture[0] for name in ("function-url", "websocket", "appsync"))
    text = "\n".join(picture)
    assert "last words" in text
    assert "line 1 " not in text
    assert "unauthenticated" in text


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_fits_and_labels_each_figure(width: int):
    console = terminal(width)
    outcomes = [outcome("function-url", "One", " two"), outcome("websocket", "x", last={"type": "error"})]
    console.print(results(Raced([outcomes], warm=False), emulated=True))
    text = drawn(console)
    assert all(len(line) <= width for line in text.splitlines())
    assert "20 / 30" in text
    assert text.count("emulated") >= 5
    assert "calculated" in text
    assert "websocket failed: no message" in text
    assert "one race" in text


def test_figures_of_a_deployed_stack_are_labelled_measured():
    console = terminal(140)
    console.print(results(Raced([[outcome("function-url", "One")]], warm=False), emulated=False))
    assert "emulated" not in drawn(console)
    assert "measured" in drawn(console)
