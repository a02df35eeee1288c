"""What a sandbox tells other processes, and when they may believe it."""

import json
import stat
import subprocess
import sys
from pathlib import Path

from sandbox import state
from sandbox.iam.credentials import Keys
from sandbox.state import DemoUser, State

STATE = State(
    pid=1,
    port=9100,
    origin="http://127.0.0.1:9100",
    control_key="key",
    started_at="2026-11-21T00:00:00+00:00",
    region="us-east-1",
    outputs={"functionUrl": "http://127.0.0.1:9100/lambda-url/x/"},
    credentials=Keys("ASIA", "secret", "token"),
    users=(DemoUser("free", "free@example.com", "password"),),
)


def held(root: Path, port: int) -> state.Claim:
    claim = state.claim(root, port)
    assert claim is not None
    return claim


def test_a_published_state_is_read_as_it_was(tmp_path: Path) -> None:
    claim = held(tmp_path, 9100)
    path = claim.publish(STATE)
    assert state.read(tmp_path, 9100) == STATE
    assert state.running(tmp_path) == [STATE]
    assert json.loads(path.read_text())["controlKey"] == "key"
    claim.release()


def test_no_secret_is_in_what_is_printed_of_it() -> None:
    assert not [secret for secret in ("secret", "token", "password", "'key'") if secret in repr(STATE)]


def test_only_its_owner_may_read_the_keys_in_it(tmp_path: Path) -> None:
    claim = held(tmp_path, 9100)
    assert stat.S_IMODE(claim.publish(STATE).stat().st_mode) == 0o600
    claim.release()


def test_a_sandbox_that_is_not_ready_yet_is_not_running(tmp_path: Path) -> None:
    claim = held(tmp_path, 9100)
    assert state.read(tmp_path, 9100) is None
    claim.release()


def test_a_released_folder_has_no_state_but_its_logs(tmp_path: Path) -> None:
    claim = held(tmp_path, 9100)
    claim.publish(STATE)
    (claim.path / "sandbox.log").write_text("log")
    claim.release()
    assert state.running(tmp_path) == []
    assert not (claim.path / "state.json").exists()
    assert (claim.path / "sandbox.log").exists()


def test_the_next_sandbox_of_a_port_starts_with_an_empty_folder(tmp_path: Path) -> None:
    claim = held(tmp_path, 9100)
    (claim.path / "logs").mkdir()
    (claim.path / "logs" / "x.jsonl").write_text("")
    claim.release()
    again = held(tmp_path, 9100)
    assert [entry.name for entry in again.path.iterdir()] == ["lock"]
    again.release()


def test_the_state_of_a_sandbox_that_was_killed_is_stale_and_removed(tmp_path: Path) -> None:
    source = (
        "import os, pathlib; from sandbox import state; from tests.sandbox.test_state import STATE\n"
        f"state.claim(pathlib.Path({str(tmp_path)!r}), 9100).publish(STATE)\n"
        "os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", source], cwd=root, check=False)
    assert ended.returncode == -9
    assert (tmp_path / "9100" / "state.json").exists()
    assert state.running(tmp_path) == []
    assert not (tmp_path / "9100" / "state.json").exists()


def test_a_folder_that_a_living_sandbox_holds_is_not_given_away(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(state, "CLAIM_SECONDS", 0.05)
    claim = held(tmp_path, 9100)
    assert state.claim(tmp_path, 9100) is None
    claim.release()
    held(tmp_path, 9100).release()


def test_what_else_lies_in_the_state_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "state.json").write_text("mine")
    assert state.running(tmp_path) == []
    assert (tmp_path / "notes" / "state.json").read_text() == "mine"
