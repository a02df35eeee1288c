"""`--svg`: what is seen, in a file that loads nothing; and a name that cannot be written is refused at once."""

import asyncio
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.text import Text

from streamways.cli.app import run
from streamways.cli.picture import as_typed, write_picture
from tests.clients.servers import DONE, FINISH, HELLO, START, HttpExchange, http_server, sse
from tests.support.command_line import error_line

pytestmark = pytest.mark.usefixtures("state_root")

SVG = "{http://www.w3.org/2000/svg}"
FOREIGN = re.compile(r"(?:https?:)?//[^\s\"'<>]+|@import|@font-face|<script|<image|<foreignObject")


def words(file: Path) -> str:
    """All text of the picture. It has no-break spaces, so that none is dropped."""
    texts = ElementTree.fromstring(file.read_text(encoding="utf-8")).iter(f"{SVG}text")
    return " ".join("".join(text.itertext()) for text in texts).replace("\N{NO-BREAK SPACE}", " ")


async def raced(folder: Path, monkeypatch: pytest.MonkeyPatch, exchange: HttpExchange, *arguments: str) -> int:
    monkeypatch.setenv("STREAMWAYS_TOKEN", "a.b.c")
    async with http_server(exchange) as origin:
        file = folder / "outputs.json"
        file.write_text(json.dumps({"functionUrl": f"{origin}/"}))
        return await asyncio.to_thread(run, ["race", "Who goes first?", "--outputs", str(file), *arguments])


async def test_a_race_is_drawn_with_its_answers_its_table_and_what_its_labels_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, exchange = tmp_path / "race.svg", HttpExchange([sse(START, HELLO, FINISH), DONE])
    assert await raced(tmp_path, monkeypatch, exchange, "--svg", str(file)) == 0
    seen = words(file)
    for word in ("function-url", "Héllo", "finished in", "one race", "Who goes first?", "measured:", "calculated:"):
        assert word in seen
    assert len(exchange.received) == 1


async def test_the_picture_loads_nothing_and_names_no_other_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "race.svg"
    await raced(tmp_path, monkeypatch, HttpExchange([sse(START, HELLO, FINISH), DONE]), "--svg", str(file))
    drawn = file.read_text(encoding="utf-8")
    assert set(FOREIGN.findall(drawn)) == {"http://www.w3.org/2000/svg"}
    assert "a.b.c" not in drawn
    root = ElementTree.fromstring(drawn)
    assert (root.get("role"), root.findtext(f"{SVG}title")) == ("img", "streamways race")


async def test_runs_are_a_warm_up_and_so_many_races_and_the_picture_has_their_medians(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, exchange = tmp_path / "race.svg", HttpExchange([sse(START, HELLO, FINISH), DONE])
    assert await raced(tmp_path, monkeypatch, exchange, "--runs", "3", "--svg", str(file)) == 0
    bodies = [json.loads(body) for _, _, body in exchange.received]
    prompts = [body["messages"][0]["parts"][0]["text"] for body in bodies]
    assert prompts == ["What is a sequenced part?", *["Who goes first?"] * 3]
    assert len({body["id"] for body in bodies}) == 4
    out = capsys.readouterr().out
    assert out.count("Héllo") == 1
    assert "medians of 3 runs, after a warm-up" in out
    assert "medians of 3 runs, after a warm-up" in words(file)


async def test_scripts_get_every_run_that_counts_and_then_the_medians(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exchange = HttpExchange([sse(START, HELLO, FINISH), DONE])
    assert await raced(tmp_path, monkeypatch, exchange, "--runs", "2", "--json") == 0
    events = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events == [*["part", "part", "part", "summary"] * 2, "medians"]


async def test_where_nothing_finishes_well_no_further_run_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = HttpExchange([b'{"error":{"code":"unauthenticated","message":"Expired."}}'], "401 Unauthorized")
    assert await raced(tmp_path, monkeypatch, refusal, "--runs", "5") == 1
    assert len(refusal.received) == 2
    assert "function-url failed: unauthenticated: Expired." in capsys.readouterr().out


@pytest.mark.parametrize("command", [["race", "hi"], ["demo"]])
@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("race.png", "'{path}' does not end in .svg. See:"),
        ("missing/race.svg", "'{path}' cannot be written: No such file or directory. See:"),
        ("folder.svg", "'{path}' is a folder: name a file in it. See:"),
        ("file.txt/race.svg", "'{path}' cannot be written: Not a directory. See:"),
    ],
)
def test_a_name_that_cannot_be_written_is_told_in_one_line_before_anything_starts(
    command: list[str], name: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "file.txt").touch()
    path = tmp_path / name
    assert run([*command, "--svg", str(path)]) == 2
    assert complaint.format(path=path) in error_line(capsys)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file.txt", "folder.svg"]


def test_a_folder_in_which_nothing_can_be_made_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Not by its permissions: who runs tests as root may write everywhere that allows it."""
    assert run(["race", "hi", "--svg", "/dev/fd/race.svg"]) == 2
    assert "'/dev/fd/race.svg' cannot be written: " in error_line(capsys)


def test_a_picture_that_is_there_is_left_alone_until_another_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "race.svg"
    file.write_text("old")
    assert run(["race", "hi", "--svg", str(file)]) == 1
    assert "no sandbox runs" in error_line(capsys)
    assert file.read_text() == "old"
    write_picture(file, "new", "words")
    assert "words" in words(file)


def test_whatever_a_model_says_the_picture_is_well_formed(tmp_path: Path) -> None:
    file = tmp_path / "race.svg"
    write_picture(file, "a < b & c", as_typed('race "\x1b[2J</svg>"'), Text("half \ud83d none \uffff ]]> & <b> [bold]"))
    seen = words(file)
    assert "</svg>" in seen
    assert "half \ufffd none \ufffd ]]> & <b> [bold]" in seen
    assert ElementTree.fromstring(file.read_text(encoding="utf-8")).findtext(f"{SVG}title") == "a < b & c"
