"""The command line: misuse, help, and the commands that show answers as they stream."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamways.cli.app import run
from tests.clients.servers import DONE, FINISH, HELLO, START, HttpExchange, http_server, sse
from tests.support.command_line import error_line

pytestmark = pytest.mark.usefixtures("state_root")

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["fly"], "No such command 'fly'"),
        (["ask"], "Missing argument 'PROMPT'"),
        (["ask", "   "], "the prompt is empty"),
        (["race", ""], "the prompt is empty"),
        (["ask", "hi", "--on", "carrier-pigeon"], "'carrier-pigeon' is not one of"),
        (["ask", "hi", "--wings"], "No such option"),
        (["token", "--as", "gold"], "'gold' is not one of"),
        (["token", "--port", "70000"], "--port"),
        (["sandbox"], "Missing command"),
        (["sandbox", "fly"], "No such command 'fly'"),
        (["bench"], "Missing command"),
        (["race", "hi", "--outputs", "nothing.json"], "nothing.json: No such file"),
    ],
)
def test_misuse_is_told_in_one_line_with_exit_code_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
):
    assert run(arguments) == 2
    assert complaint in error_line(capsys)


def test_a_port_in_the_environment_that_is_no_port_is_misuse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("STREAMWAYS_PORT", "many")
    assert run(["token"]) == 2
    assert "STREAMWAYS_PORT" in error_line(capsys)


@pytest.mark.parametrize(
    "arguments", [["race", "hi"], ["ask", "hi"], ["token"], ["users"], ["outputs"], ["logs"], ["sandbox", "status"]]
)
def test_without_a_sandbox_a_command_fails_and_names_the_next_step(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    assert run(arguments) == 1
    assert "no sandbox runs; start one with: streamways sandbox start" in error_line(capsys)


def test_stopping_when_no_sandbox_runs_is_fine(capsys: pytest.CaptureFixture[str]):
    assert run(["sandbox", "stop"]) == 0
    assert capsys.readouterr().out == "no sandbox runs\n"


def test_stopping_a_named_sandbox_that_does_not_run_fails(capsys: pytest.CaptureFixture[str]):
    assert run(["sandbox", "stop", "--port", "9199"]) == 1
    assert "on port 9199" in error_line(capsys)


def test_outputs_of_a_stack_need_a_token_in_the_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "outputs.json"
    file.write_text('{"functionUrl": "http://127.0.0.1:1/"}')
    assert run(["ask", "hi", "--outputs", str(file)]) == 2
    assert "STREAMWAYS_TOKEN is not set" in error_line(capsys)


def test_an_architecture_that_the_stack_lacks_is_misuse_that_names_those_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("STREAMWAYS_TOKEN", "t")
    file = tmp_path / "outputs.json"
    file.write_text('{"functionUrl": "http://127.0.0.1:1/"}')
    assert run(["ask", "hi", "--on", "appsync", "--outputs", str(file)]) == 2
    assert "the stack has no appsync; it has: function-url" in error_line(capsys)


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["demo", "--help"], ["race", "-h"], ["sandbox", "start", "--help"]]
)
def test_help_is_no_error(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(arguments) == 0
    assert "Usage: streamways" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        *(["demo"], ["race"], ["ask"], ["token"], ["users"], ["outputs"], ["logs"]),
        *(["sandbox", "start"], ["sandbox", "stop"], ["sandbox", "status"]),
        *(["preview", "plan"], ["preview", "comment"], ["preview", "sweep"]),
        *(["bench", "startup"], ["bench", "stream"], ["bench", "package"], ["bench", "lag"]),
    ],
)
def test_every_command_is_explained_by_example(command: list[str], capsys: pytest.CaptureFixture[str]):
    assert run([*command, "--help"]) == 0
    examples = capsys.readouterr().out.partition("Examples:")[2]
    assert f"streamways {' '.join(command)}" in examples


def test_help_imports_nothing_heavy():
    code = "import sys; from streamways.cli.app import run; run(['--help']); print([*sys.modules], file=sys.stderr)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"githubkit", "httpx", "websockets", "rich", "pulumi", "boto3", "asyncio", "starlette"}
    assert [name for name in heavy if f"'{name}'" in finished.stderr] == []


async def asked(
    exchange: HttpExchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, command: str = "ask"
) -> int:
    monkeypatch.setenv("STREAMWAYS_TOKEN", "a.b.c")
    file = tmp_path / "outputs.json"
    async with http_server(exchange) as origin:
        file.write_text(json.dumps({"functionUrl": f"{origin}/"}))
        return await asyncio.to_thread(run, [command, "hi", "--outputs", str(file), *arguments])


async def test_ask_prints_the_answer_and_its_figures_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    exchange = HttpExchange([sse(START, HELLO), sse(FINISH, first=2), DONE])
    assert await asked(exchange, tmp_path, monkeypatch) == 0
    out, err = capsys.readouterr()
    assert out == "Héllo\n"
    assert err.startswith("[function-url, measured: first text ")
    assert exchange.received[0][1]["authorization"] == "Bearer a.b.c"


@pytest.mark.parametrize("command", ["ask", "race"])
async def test_json_lines_end_with_the_summary(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    exchange = HttpExchange([sse(START, HELLO, FINISH), DONE])
    assert await asked(exchange, tmp_path, monkeypatch, "--json", command=command) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["part", "part", "part", "summary"]
    assert lines[1]["part"] == HELLO
    assert lines[-1]["finishReason"] == "stop"


async def test_a_race_into_a_pipe_is_plain_lines_and_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    exchange = HttpExchange([sse(START, HELLO, FINISH), DONE])
    assert await asked(exchange, tmp_path, monkeypatch, command="race") == 0
    out = capsys.readouterr().out
    assert "function-url | Héllo" in out
    assert "calculated" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("exchange", "complaint"),
    [
        (HttpExchange([sse(START, {"type": "error", "errorText": "Busy."}), DONE]), "function-url failed: Busy."),
        (HttpExchange([sse(START, HELLO)]), "without a terminal part"),
        (HttpExchange([sse({**FINISH, "finishReason": "other"}), DONE]), "it finished with 'other'"),
        (
            HttpExchange([b'{"error":{"code":"unauthenticated","message":"Expired."}}'], "401 Unauthorized", JSON),
            "unauthenticated: Expired.",
        ),
    ],
)
async def test_a_stream_that_did_not_finish_well_fails_the_command(
    exchange: HttpExchange,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    assert await asked(exchange, tmp_path, monkeypatch, "--json") == 1
    out, err = capsys.readouterr()
    assert complaint in err
    assert err.count("\n") == 1
    assert json.loads(out.splitlines()[-1])["event"] == "summary"


def test_a_reader_that_has_enough_is_no_crash():
    """`streamways … | head -1`: the pipe closes while the command still writes."""
    reading, writing = os.pipe()
    code = "import sys; from streamways.cli import app; sys.exit(app.run(['--help']))"
    os.close(reading)
    finished = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert b"Traceback" not in finished.stderr
