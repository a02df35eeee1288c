"""`streamways copy`: what it refuses, what it leaves behind, and what it says of changes."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.contract.architectures import DESCRIPTORS
from streamways.cli import copying
from streamways.cli.app import run
from streamways.copy import destination
from streamways.copy.destination import check, package_name, write
from streamways.copy.difference import Change, difference
from streamways.copy.project import File
from streamways.copy.provenance import Provenance, public_url
from streamways.errors import CommandError, Misuse
from tests.copy.conftest import PACKAGE, Projects
from tests.support.imports import ROOT


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on standard error."""
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.fixture
def rendered(projects: Projects, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command writes the projects that are made already."""

    def made(architecture: object, package: str, root: Path) -> Mapping[str, File]:
        assert (package, root) == (PACKAGE, ROOT)
        return projects[next(name for name, each in DESCRIPTORS.items() if each == architecture)]

    monkeypatch.setattr(copying, "project", made)


@pytest.mark.usefixtures("rendered")
def test_a_project_is_written_whole_with_scripts_that_run(tmp_path: Path, projects: Projects) -> None:
    dest = tmp_path / PACKAGE
    assert run(["copy", "function-url", str(dest)]) == 0
    found = {path.relative_to(dest).as_posix() for path in dest.rglob("*") if path.is_file()}
    assert found == projects["function-url"].keys()
    assert os.access(dest / PACKAGE / "handlers/function_url/run.sh", os.X_OK) == os.access(
        ROOT / "handlers/function_url/run.sh", os.X_OK
    )
    assert [path.name for path in tmp_path.iterdir()] == [PACKAGE]
    assert stat.S_IMODE(dest.stat().st_mode) == 0o755


@pytest.mark.usefixtures("rendered")
def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    dest = tmp_path / PACKAGE
    dest.mkdir()
    assert run(["copy", "appsync", str(dest)]) == 0
    assert (dest / "streamways.json").is_file()


def test_a_folder_that_is_not_empty_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept").write_text("mine")
    assert run(["copy", "websocket", str(tmp_path), "--package", "chat"]) == 2
    assert "is not empty; name a folder that does not exist yet" in said(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_file_a_link_and_a_missing_parent_are_refused(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misuse, match="is a file"):
        check(file, ROOT)
    with pytest.raises(Misuse, match="is a symbolic link"):
        check(link, ROOT)
    with pytest.raises(Misuse, match="does not exist; make it first"):
        check(tmp_path / "a" / "b", ROOT)


@pytest.mark.parametrize("inside", ["theirs", "stacks/theirs", ".", "tests/../theirs"])
def test_a_folder_in_this_repository_is_refused(inside: str) -> None:
    with pytest.raises(Misuse, match="lies in this repository"):
        check(ROOT / inside, ROOT)


def test_a_link_into_this_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(ROOT / "docs")
    with pytest.raises(Misuse, match="lies in this repository"):
        check(tmp_path / "link" / "theirs", ROOT)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("class", "keyword"),
        ("match", "keyword"),
        ("json", "standard library"),
        ("pulumi_aws", "an installed distribution has it"),
        ("aws_lambda_powertools", "an installed distribution has it"),
        ("jwt", "an installed distribution has it"),
        ("shared", "a folder of this name"),
        ("sandbox", "a folder of this name"),
        ("tests", "a folder of this name"),
        ("Theirs", "lower-case letters"),
        ("9lives", "a letter first"),
        ("a.b", "lower-case letters"),
        ("../up", "lower-case letters"),
        ("", "lower-case letters"),
        ("a" * 41, "at most 40"),
    ],
)
def test_a_name_that_would_collide_is_refused(name: str, reason: str) -> None:
    with pytest.raises(Misuse, match=rf"cannot be called '{re.escape(name)}': .*{reason}.*--package"):
        package_name(name, Path("/somewhere"), ROOT)


def test_without_a_name_the_package_has_that_of_its_folder() -> None:
    assert package_name(None, Path("/somewhere/Our-chat.stream"), ROOT) == "our_chat_stream"


def test_an_unknown_architecture_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["copy", "sms", "/somewhere/theirs"]) == 2
    assert "'sms' is not one of 'function-url', 'websocket', 'appsync'" in said(capsys)


def test_a_copy_needs_an_architecture_and_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["copy", "websocket"]) == 2
    assert "copy needs an architecture and a folder" in said(capsys)


def test_nothing_is_left_of_a_project_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        write(tmp_path / "theirs", {"a": File(b""), "a/b": File(b"")}, ROOT)
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_takes_no_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(destination.tempfile, "mkdtemp", refuse)
    with pytest.raises(CommandError, match=rf"{re.escape(str(tmp_path))} cannot be written: Permission denied"):
        write(tmp_path / "theirs", {}, ROOT)


def test_the_provenance_says_what_each_file_was(projects: Projects, folders: Mapping[str, Path]) -> None:
    for name, folder in folders.items():
        document = json.loads((folder / "streamways.json").read_text())
        assert (document["architecture"], document["package"], document["version"]) == (name, PACKAGE, "0.1.0")
        assert re.fullmatch(r"[0-9a-f]{40}", document["commit"])
        assert document["files"].keys() == projects[name].keys() - {"streamways.json"}
        for path, entry in document["files"].items():
            assert entry["sha256"] == hashlib.sha256((folder / path).read_bytes()).hexdigest()
            assert entry["from"] is None or (ROOT / entry["from"]).is_file()


def test_a_remote_is_told_without_credentials_and_a_path_of_this_machine_is_not() -> None:
    assert public_url("https://ada:secret@git.example.com:8443/a/b.git") == "https://git.example.com:8443/a/b.git"
    assert public_url("ssh://git@git.example.com/a/b.git") == "ssh://git.example.com/a/b.git"
    assert public_url("/home/ada/streamways") is None
    assert public_url("git@git.example.com:a/b.git") is None


@pytest.mark.usefixtures("rendered")
def test_an_untouched_copy_differs_in_nothing(folders: Mapping[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["copy", "--diff", str(folders["appsync"])]) == 0
    assert capsys.readouterr().out == ""


def test_each_change_is_told_with_who_made_it(tmp_path: Path, projects: Projects) -> None:
    files = {name: projects["appsync"][name] for name in ("LICENSE", "Makefile", "README.md", "IAM.md", "uv.lock")}
    base = {name: (file.source, hashlib.sha256(file.content).hexdigest()) for name, file in files.items()}
    write(tmp_path / "theirs", {**files, "own.py": File(b"theirs alone")}, ROOT)
    remembered = Provenance.read(_remembering(tmp_path / "theirs", base))
    changed = {name: File(file.content + b"# upstream\n", file.source) for name, file in files.items()}
    today = {**files, "Makefile": changed["Makefile"], "README.md": changed["README.md"], "new.md": File(b"new")}
    del today["uv.lock"]
    (tmp_path / "theirs/LICENSE").unlink()
    (tmp_path / "theirs/IAM.md").write_bytes(b"theirs")
    (tmp_path / "theirs/README.md").write_bytes(b"theirs")
    (tmp_path / "theirs/Makefile").write_bytes(changed["Makefile"].content)

    assert difference(tmp_path / "theirs", remembered, today) == [
        Change("IAM.md", None, "changed", None),
        Change("LICENSE", "LICENSE", "removed", None),
        Change("README.md", None, "changed", "changed"),
        Change("new.md", None, None, "added"),
        Change("uv.lock", None, None, "removed"),
    ]


def _remembering(folder: Path, files: Mapping[str, tuple[str | None, str]]) -> Path:
    document = {"repository": None, "commit": None, "modified": False, "version": "0.1.0", "architecture": "appsync"}
    entries = {name: {"from": source, "sha256": digest} for name, (source, digest) in files.items()}
    (folder / "streamways.json").write_text(json.dumps({**document, "package": PACKAGE, "files": entries}))
    return folder


@pytest.mark.usefixtures("rendered")
def test_a_change_of_theirs_gives_the_exit_code_of_diff(
    tmp_path: Path, projects: Projects, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "theirs", projects["appsync"], ROOT)
    (tmp_path / "theirs" / PACKAGE / "shared/errors.py").write_text("")
    assert run(["copy", "--diff", str(tmp_path / "theirs")]) == 1
    assert capsys.readouterr().out == "theirs    changed  theirs/shared/errors.py  (shared/errors.py)\n"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": 3}', '{"files": {"a": 3}}'])
def test_what_is_no_provenance_is_refused_in_one_line(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "streamways.json").write_text(text)
    assert run(["copy", "--diff", str(tmp_path)]) == 1
    assert "is not what streamways copy has written" in said(capsys)


def test_a_folder_without_provenance_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["copy", "--diff", str(tmp_path)]) == 1
    assert "name the folder of a project that streamways copy has written" in said(capsys)
