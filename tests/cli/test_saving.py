"""`--save`: what a command found out lies in a new file, labelled, and with nothing that nobody else may see."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from streamways.bench import package
from streamways.cli.app import run
from streamways.clients.outputs import StackOutputs
from streamways.errors import CommandError
from streamways.results.page import PAGE, contributed, written
from streamways.results.saved import Label, Saved, label_of
from tests.clients.servers import DONE, FINISH, HELLO, START, HttpExchange, http_server, sse

SECRET = "a.secret.token"
PROMPT, ANSWER = "What do I earn?", "Héllo"
AWS = {
    "functionUrl": "https://abc.lambda-url.eu-west-1.on.aws/",
    "webSocketUrl": "wss://abc.execute-api.eu-west-1.amazonaws.com/live",
    "issuer": "https://id.example.com/",
    "region": "eu-west-1",
}


async def raced(folder: Path, monkeypatch: pytest.MonkeyPatch, exchange: HttpExchange | None = None) -> int:
    """A race of a real client against a server on this machine, which is named by a file of outputs."""
    monkeypatch.setenv("STREAMWAYS_TOKEN", SECRET)
    async with http_server(exchange or HttpExchange([sse(START, HELLO, FINISH), DONE])) as origin:
        file = folder / "outputs.json"
        file.write_text(json.dumps({"functionUrl": f"{origin}/", "region": "us-east-1"}))
        return await asyncio.to_thread(
            run, ["race", PROMPT, "--outputs", str(file), "--save", str(folder / "results" / "mine")]
        )


async def test_a_race_is_saved_with_its_figures_date_machine_and_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await raced(tmp_path, monkeypatch) == 0
    [path] = (tmp_path / "results" / "mine").iterdir()
    assert f"streamways: saved in {path}" in capsys.readouterr().err
    saved = Saved.read(path)
    assert (saved.what, saved.label, saved.region) == ("race", Label.EMULATED, "us-east-1")
    assert saved.date[:4].isdigit()
    assert saved.date.endswith("Z")
    assert "cores" in saved.machine
    assert saved.versions.keys() >= {"streamways", "pulumi"}
    [row] = saved.tables["streams"]
    assert row["architecture"] == "function-url"
    assert row["failed"] is False
    assert isinstance(row["ttftMs"], float)


async def test_neither_prompt_answer_token_nor_address_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await raced(tmp_path, monkeypatch)
    [path] = (tmp_path / "results" / "mine").iterdir()
    text = path.read_text()
    assert [word for word in (PROMPT, ANSWER, SECRET, "127.0.0.1", "://") if word in text] == []


async def test_of_an_answer_that_failed_nothing_is_saved_but_that_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = HttpExchange([b'{"error": {"code": "internal", "message": "db-7 is down"}}'], "500 Internal Server Error")
    assert await raced(tmp_path, monkeypatch, refusal) == 1
    [path] = (tmp_path / "results" / "mine").iterdir()
    [row] = Saved.read(path).tables["streams"]
    assert row["failed"] is True
    assert "db-7" not in path.read_text()


async def test_the_outcome_of_a_check_is_saved_without_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAMWAYS_TOKEN", SECRET)
    async with http_server(HttpExchange([b"{}"], "500 Internal Server Error")) as origin:
        file = tmp_path / "outputs.json"
        file.write_text(json.dumps({"functionUrl": f"{origin}/"}))
        arguments = ["check", "no-token", "--outputs", str(file), "--save", str(tmp_path / "results")]
        assert await asyncio.to_thread(run, arguments) == 1
    [path] = (tmp_path / "results").iterdir()
    [row] = [row for row in Saved.read(path).tables["cases"] if row["on"] == "function-url"]
    assert {key: row[key] for key in ("case", "on", "outcome")} == {
        "case": "no-token",
        "on": "function-url",
        "outcome": "failed",
    }
    assert "://" not in path.read_text()


def test_a_benchmark_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "measure_packages", lambda: [{"package": "function-url", "megabytes": 6.8}])
    assert run(["bench", "package", "--save", str(tmp_path)]) == 0
    [path] = tmp_path.iterdir()
    saved = Saved.read(path)
    assert (saved.what, saved.label) == ("bench package", Label.EMULATED)
    assert saved.tables == {"rows": [{"package": "function-url", "megabytes": 6.8}]}


@pytest.mark.parametrize(
    ("outputs", "label"),
    [
        (AWS, Label.ON_AWS),
        ({**AWS, "functionUrl": "https://chat.example.com/"}, Label.ELSEWHERE),
        ({**AWS, "functionUrl": "https://amazonaws.com.example.com/"}, Label.ELSEWHERE),
        ({**AWS, "functionUrl": "http://127.0.0.1:9100/"}, Label.EMULATED),
        ({**AWS, "cognitoEndpoint": "http://localhost:9100/cognito"}, Label.EMULATED),
        (None, Label.EMULATED),
    ],
)
def test_only_a_stack_whose_every_address_is_aws_was_measured_on_aws(
    outputs: dict[str, Any] | None, label: Label
) -> None:
    assert label_of(None if outputs is None else StackOutputs.from_json(outputs)) is label


def test_nothing_is_overwritten_and_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    saved = Saved.now("race", {})
    saved.write(tmp_path)
    with pytest.raises(CommandError, match="File exists; nothing was saved"):
        saved.write(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="nothing was saved"):
        saved.write(tmp_path / "file")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"what": 1}', "\x00"],
)
def test_a_file_that_is_no_result_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(CommandError, match="is not what --save writes"):
        contributed(tmp_path)


def test_a_label_that_nobody_gives_is_refused(tmp_path: Path) -> None:
    path = Saved.now("race", {}).write(tmp_path)
    path.write_text(path.read_text().replace('"emulated"', '"faster than anything"'))
    with pytest.raises(CommandError, match="is not what --save writes"):
        Saved.read(path)


def test_a_result_of_aws_stands_beside_the_emulated_ones(tmp_path: Path) -> None:
    row = {
        "architecture": "appsync",
        "runs": 5,
        "ttftMs": 412.5,
        "tokensPerSecond": 71.2,
        "messages": 40,
        "totalMs": 5213.0,
    }
    assert contributed(tmp_path).startswith("There are none yet")
    Saved.now("race", {"streams": [row]}).write(tmp_path)
    assert "There are none yet" in contributed(tmp_path)
    measured = Saved.now("race", {"streams": [row]}, StackOutputs.from_json(AWS)).write(tmp_path)
    Saved.now("check", {"cases": [{"outcome": "passed"}, {"outcome": "passed"}, {"outcome": "not run"}]}).write(
        tmp_path
    )
    text = contributed(tmp_path)
    assert "There are none yet" not in text
    emulated, _, on_aws = text.partition("*Measured on AWS*:")
    assert f"[race](results/{measured.name}) | eu-west-1 |" in on_aws
    assert "appsync: first text after 412.5 ms, 71.2 tokens/s, 40 messages, 5213.0 ms in all (runs: 5)" in on_aws
    assert "*Emulated*:" in emulated
    assert "2 passed, 1 not run" in emulated


def test_the_page_shows_what_was_contributed() -> None:
    """Write it again with `python -m streamways.results.page`."""
    text = PAGE.read_text(encoding="utf-8")
    assert written(text) == text
