import json
from pathlib import Path

import pytest

from streamways.cli.app import run
from streamways.conformance.catalog import all_cases
from streamways.target.stack import TOKEN_VARIABLE

OUTPUTS = {"webSocketUrl": "ws://127.0.0.1:1/live"}


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stack that is nowhere, and a token for it."""
    monkeypatch.setenv(TOKEN_VARIABLE, "a.b.c")
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(OUTPUTS))
    return str(file)


def test_the_list_names_every_case_and_says_what_holds(capsys: pytest.CaptureFixture[str]):
    assert run(["check", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [case.name for case in all_cases()]
    assert all(line.endswith(".") for line in lines)


def test_a_case_that_is_not_there_is_misuse_with_the_nearest_name(capsys: pytest.CaptureFixture[str]):
    assert run(["check", "cancle"]) == 2
    assert "there is no case 'cancle'; did you mean cancel" in capsys.readouterr().err


def test_an_architecture_that_the_stack_lacks_is_misuse(outputs: str, capsys: pytest.CaptureFixture[str]):
    assert run(["check", "--on", "appsync", "--outputs", outputs]) == 2
    assert "the stack has no appsync; it has: websocket" in capsys.readouterr().err


def test_a_case_that_is_not_for_an_architecture_is_misuse(outputs: str, capsys: pytest.CaptureFixture[str]):
    assert run(["check", "foreign-parts", "--on", "websocket", "--outputs", outputs]) == 2
    assert "no case of foreign-parts runs on websocket" in capsys.readouterr().err


def test_a_stack_that_does_not_answer_fails_and_harm_is_not_done_to_it(
    outputs: str, capsys: pytest.CaptureFixture[str]
):
    assert run(["check", "order", "model-cut", "foreign-chat", "--on", "websocket", "--outputs", outputs]) == 1
    printed = capsys.readouterr().out
    assert "nothing answers at ws://127.0.0.1:1/live" in printed
    assert "not run: needs the sandbox, which can do harm on purpose" in printed
    assert "not run: needs a token of a second user: set STREAMWAYS_SECOND_TOKEN" in printed
    assert "1 failed, 2 not run" in printed


def test_a_run_in_which_nothing_could_run_is_no_success(outputs: str, capsys: pytest.CaptureFixture[str]):
    assert run(["check", "model-cut", "--on", "websocket", "--outputs", outputs, "--json"]) == 1
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == ["case", "summary"]
