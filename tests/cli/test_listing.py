"""What a stack or a sandbox has: tokens, users, outputs and logs, for people and for programs."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import state
from sandbox.iam.credentials import Keys
from streamways.cli.app import run
from tests.clients.servers import HttpExchange, http_server
from tests.support.command_line import error_line

pytestmark = pytest.mark.usefixtures("state_root")

JSON = {"content-type": "application/json"}


@contextmanager
def claimed(
    state_root: Path,
    port: int,
    origin: str = "http://127.0.0.1:1",
    users: tuple[state.DemoUser, ...] = (),
    **outputs: str,
) -> Iterator[state.Claim]:
    """A sandbox as the commands see it: a state file whose lock is held, and an origin that may answer."""
    claim = state.claim(state_root, port)
    assert claim is not None
    credentials = Keys("a", "b", "c")
    known = {"functionUrl": f"{origin}/", "region": "us-east-1", **outputs}
    claim.publish(
        state.State(os.getpid(), port, origin, "key", "2026-01-01T00:00:00Z", "us-east-1", known, credentials, users)
    )
    try:
        yield claim
    finally:
        claim.release()


async def test_token_prints_the_access_token_alone(state_root: Path, capsys: pytest.CaptureFixture[str]):
    exchange = HttpExchange([b'{"accessToken":"x.y.z"}'], headers=JSON)
    async with http_server(exchange) as origin:
        with claimed(state_root, 9105, origin):
            assert await asyncio.to_thread(run, ["token", "--as", "pro"]) == 0
    assert capsys.readouterr().out == "x.y.z\n"
    [(line, headers, body)] = exchange.received
    assert line == "POST /_sandbox/token HTTP/1.1"
    assert headers["x-sandbox-key"] == "key"
    assert json.loads(body) == {"tier": "pro"}


USERS = (state.DemoUser("free", "free@example.com", "Aa1!one"), state.DemoUser("pro", "pro@example.com", "Aa1!two"))
POOL = {"cognitoEndpoint": "http://127.0.0.1:1/cognito", "userPoolId": "us-east-1_A", "userPoolClientId": "4u3"}


def test_users_as_json_are_all_that_a_client_needs_to_sign_in(state_root: Path, capsys: pytest.CaptureFixture[str]):
    with claimed(state_root, 9105, users=USERS, **POOL):
        assert run(["users", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        **POOL,
        "region": "us-east-1",
        "users": [
            {"tier": "free", "username": "free@example.com", "password": "Aa1!one"},
            {"tier": "pro", "username": "pro@example.com", "password": "Aa1!two"},
        ],
    }


def test_users_for_a_person_are_a_table_below_the_pool(state_root: Path, capsys: pytest.CaptureFixture[str]):
    with claimed(state_root, 9105, users=USERS, **POOL):
        assert run(["users"]) == 0
    pool, _, table = capsys.readouterr().out.partition("\n\n")
    assert [line.split() for line in pool.splitlines()] == [
        ["cognitoEndpoint", "http://127.0.0.1:1/cognito"],
        ["region", "us-east-1"],
        ["userPoolId", "us-east-1_A"],
        ["userPoolClientId", "4u3"],
    ]
    assert table.splitlines() == [
        "tier  username          password",
        "free  free@example.com  Aa1!one",
        "pro   pro@example.com   Aa1!two",
    ]


def test_a_program_without_demo_users_is_told_what_it_lacks(state_root: Path, capsys: pytest.CaptureFixture[str]):
    with claimed(state_root, 9105):
        assert run(["users"]) == 1
    assert "the program must declare a user pool with groups and export userPoolClientId" in error_line(capsys)


ISSUER = "https://login.example.com/"


@pytest.mark.parametrize("command", [["token"], ["token", "--as", "pro"], ["users"], ["users", "--json"]])
def test_with_a_foreign_issuer_there_is_nobody_to_sign_in_and_where_is_said(
    command: list[str], state_root: Path, capsys: pytest.CaptureFixture[str]
):
    with claimed(state_root, 9105, issuer=ISSUER):
        assert run(command) == 1
    assert f"this sandbox takes the tokens of {ISSUER}; sign in there" in error_line(capsys)


@pytest.mark.parametrize("command", [["ask", "hi"], ["race", "hi"], ["check", "no-token"]])
def test_with_a_foreign_issuer_a_token_of_its_is_asked_for(
    command: list[str], state_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("STREAMWAYS_TOKEN", raising=False)
    with claimed(state_root, 9105, issuer=ISSUER):
        assert run(command) == 2
    assert f"STREAMWAYS_TOKEN is not set; this sandbox takes the tokens of {ISSUER}" in error_line(capsys)


async def test_with_a_foreign_issuer_the_token_of_the_environment_is_sent(
    state_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("STREAMWAYS_TOKEN", "of.an.issuer")
    exchange = HttpExchange([b'{"error": {"code": "unauthenticated", "message": "no"}}'], "401 Unauthorized", JSON)
    async with http_server(exchange) as origin:
        with claimed(state_root, 9105, origin, issuer=ISSUER):
            assert await asyncio.to_thread(run, ["ask", "hi"]) == 1
    assert capsys.readouterr().out == ""
    [(_, headers, _)] = exchange.received
    assert headers["authorization"] == "Bearer of.an.issuer"


def test_outputs_as_json_are_one_object_without_what_is_absent(state_root: Path, capsys: pytest.CaptureFixture[str]):
    with claimed(state_root, 9105):
        assert run(["outputs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"functionUrl": "http://127.0.0.1:1/", "region": "us-east-1"}


def test_with_several_sandboxes_one_must_be_chosen(
    state_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    one, other = (claimed(state_root, port, f"http://127.0.0.1:{port}") for port in (9105, 9107))
    with one, other:
        assert run(["outputs"]) == 2
        assert "2 sandboxes run, on ports 9105, 9107; choose one with --port" in error_line(capsys)
        monkeypatch.setenv("STREAMWAYS_PORT", "9107")
        assert run(["outputs"]) == 0
        assert "http://127.0.0.1:9107/" in capsys.readouterr().out
        assert run(["outputs", "--port", "9106"]) == 1
        assert "no sandbox runs on port 9106 (but on 9105, 9107)" in error_line(capsys)


def test_a_sandbox_that_does_not_answer_is_told_with_the_next_step(
    state_root: Path, capsys: pytest.CaptureFixture[str]
):
    with claimed(state_root, 9105):
        assert run(["token"]) == 1
    assert "does not answer" in error_line(capsys)


def test_logs_are_printed_by_time_without_control_characters(state_root: Path, capsys: pytest.CaptureFixture[str]):
    with claimed(state_root, 9105) as claim:
        folder = claim.path / "logs"
        folder.mkdir()
        events = [(2000, "worker", "second\nline"), (1000, "routes", "\x1b[2Jfirst"), (3000, "worker", "third")]
        for timestamp, function, message in events:
            with (folder / f"{function}.jsonl").open("a") as file:
                file.write(json.dumps({"timestamp": timestamp, "function": function, "message": message}) + "\n")
        with (folder / "worker.jsonl").open("a") as file:
            file.write('{"timestamp": 4000, "function": "wor')  # being written
        assert run(["logs"]) == 0
    lines = [line.split("  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert lines == ["routes  [2Jfirst", "worker  second", "worker  line", "worker  third"]
