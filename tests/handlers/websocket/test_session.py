"""The session of a connection: as long as a token is good, that of the handshake or that of a later frame."""

import subprocess
import sys
import time
from typing import Any

import pytest

from handlers.websocket import session
from handlers.websocket.caller import Caller
from handlers.websocket.routes import RECEIVERS, STOPPING
from shared.contract.limits import CONNECTION_SECONDS
from shared.table.client import TableClient
from shared.table.keys import session_key
from tests.support import pool
from tests.support.aws import TABLE, Table
from tests.support.claims import WRONG
from tests.support.logs import Logs
from tests.support.pool import token, token_with
from tests.support.websocket import CONNECTION, OWNER, World, error_of, frame_event, receive

RESUME: dict[str, Any] = {"type": "resume", "requestId": "r-1", "id": "chat-1", "headers": {}, "body": {}}
NOTHING = {"type": "no-active", "requestId": "r-1"}
"""The answer to a frame that was taken."""


def resume(headers: object = None, **changes: Any) -> None:
    receive({**RESUME, "headers": headers}, **changes)


def bearer(**claims: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {token(**claims)}"}


def other_environment() -> None:
    """From now on a function answers that has not heard of any session."""
    session.sessions.cache_clear()


def told(world: World) -> dict[str, Any]:
    """The one error of the request."""
    [frame] = world.connections.frames(CONNECTION)
    return error_of(frame)


def kept() -> dict[str, Any] | None:
    return TableClient(TABLE).get(session_key(CONNECTION))


def test_a_connection_that_has_outlived_its_token_is_told_and_closed(world: World) -> None:
    resume(expires_in=-1)
    assert told(world)["code"] == "unauthenticated"
    assert world.connections.closed == [CONNECTION]
    assert [received.method for received in world.connections.received] == ["POST", "DELETE"]


@pytest.mark.parametrize("frame", sorted(set(RECEIVERS) - set(STOPPING)))
def test_every_frame_that_is_no_stop_needs_a_session(frame: str, world: World, table: Table) -> None:
    receive({**RESUME, "type": frame}, expires_in=-1)
    assert told(world)["code"] == "unauthenticated"
    assert table.count() == 0


@pytest.mark.parametrize("frame", [{"type": "abort"}, {"type": "cancel", "streamId": "r-1"}])
def test_a_user_may_stop_a_stream_though_the_token_has_expired(frame: dict[str, Any], world: World) -> None:
    receive({"requestId": "r-1", **frame}, expires_in=-1)
    assert not [each for each in world.connections.frames(CONNECTION) if each["type"] == "error"]
    assert world.connections.closed == []


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
def test_a_frame_s_own_token_renews_the_session_for_it_and_for_later_frames(name: str, world: World) -> None:
    resume({name: f"Bearer {token()}", "x-other": "y"}, expires_in=-1)
    resume({}, expires_in=-1)
    other_environment()
    resume({}, expires_in=-1)
    assert world.connections.frames(CONNECTION) == [NOTHING] * 3


def test_what_is_kept_of_a_renewal_is_its_expiry_and_goes_with_the_connection(world: World) -> None:  # noqa: ARG001
    expires = int(time.time()) + 600
    resume(bearer(exp=expires), expires_in=-1, connected_for=100)
    item = kept()
    assert item is not None
    assert (item["tokenExpiresAt"], item.keys()) == (expires, {"pk", "sk", "tokenExpiresAt", "expiresAt"})
    assert abs(item["expiresAt"] - (time.time() - 100 + CONNECTION_SECONDS)) < 5


def test_another_connection_of_the_user_is_not_renewed(world: World) -> None:
    resume(bearer(), expires_in=-1)
    resume({}, expires_in=-1, connection_id="another")
    [frame] = world.connections.frames("another")
    assert error_of(frame)["code"] == "unauthenticated"
    assert world.connections.closed == ["another"]


def test_a_renewal_ends_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    resume(bearer(exp=int(time.time()) + 600), expires_in=-1)
    later = time.time() + 601
    event = frame_event('{"type": "list", "requestId": "r-1"}', expires_in=-1)
    monkeypatch.setattr("handlers.websocket.session.time.time", lambda: later)
    caller = Caller.of(event["requestContext"])
    for _ in range(2):
        with pytest.raises(session.SessionOver):
            session.sessions().check(caller, {})
        other_environment()
    assert world.connections.closed == []


def test_an_older_token_shortens_no_session(world: World) -> None:
    late, early = int(time.time()) + 900, int(time.time()) + 300
    resume(bearer(exp=late), expires_in=-1)
    other_environment()
    resume(bearer(exp=early), expires_in=-1)
    item = kept()
    assert item is not None
    assert item["tokenExpiresAt"] == late
    assert world.connections.frames(CONNECTION) == [NOTHING] * 2


def test_a_token_that_says_nothing_new_costs_no_write(world: World, table: Table) -> None:
    resume(bearer(exp=int(time.time()) + 60), expires_in=600)
    assert world.connections.frames(CONNECTION) == [NOTHING]
    assert table.count() == 0


def test_the_same_renewal_is_written_once(world: World, table: Table) -> None:
    headers = bearer(exp=int(time.time()) + 600)
    resume(headers, expires_in=-1)
    written = kept()
    TableClient(TABLE).delete_all([session_key(CONNECTION)])
    resume(headers, expires_in=-1)
    assert written is not None
    assert table.count() == 0
    assert world.connections.frames(CONNECTION) == [NOTHING] * 2


BAD: dict[str, dict[str, object]] = {
    "another user's": bearer(sub="mallory"),
    "expired": bearer(exp=1),
    "foreign": bearer(key=pool.OTHER_KEY),
    "an ID token": bearer(token_use="id"),
    "of another client": bearer(client_id="another"),
    "nonsense": {"authorization": "Bearer nonsense"},
    "without its scheme": {"authorization": token()},
    "empty": {"authorization": ""},
    "a number": {"authorization": 7},
    "null": {"authorization": None},
    "given twice": {"authorization": f"Bearer {token()}", "Authorization": f"Bearer {token()}"},
}


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD.keys())
def test_a_frame_with_a_token_is_refused_that_is(headers: dict[str, object], world: World, table: Table) -> None:
    resume(headers)
    assert told(world)["code"] == "unauthenticated"
    assert world.connections.closed == [], "the connection stays with its own user"
    assert table.count() == 0


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD.keys())
def test_a_token_saves_no_session_that_is_over_if_it_is(headers: dict[str, object], world: World, table: Table) -> None:
    resume(headers, expires_in=-1)
    assert told(world)["code"] == "unauthenticated"
    assert world.connections.closed == [CONNECTION], "so that the client connects anew, with a new ticket"
    assert table.count() == 0


@pytest.mark.parametrize("headers", [[], "Bearer x", 7, True])
def test_headers_are_an_object(headers: object, world: World) -> None:
    resume(headers)
    assert told(world)["code"] == "invalid_request"


def test_keys_that_cannot_be_had_close_no_connection(world: World) -> None:
    world.pool.down = True
    try:
        resume(bearer(), expires_in=-1)
    finally:
        world.pool.down = False
    assert told(world)["code"] == "internal"
    assert world.connections.closed == []


def test_a_connection_is_closed_though_its_client_cannot_be_told(world: World) -> None:
    world.connections.failures.are([403])
    resume(expires_in=-1)
    assert world.connections.closed == [CONNECTION]


@pytest.mark.parametrize("failures", [[None, 410], [410, 410], [None, 429, None], [None, 0, None], [None, 403]])
def test_closing_what_is_closed_or_busy_raises_nothing(failures: list[int | None], world: World) -> None:
    world.connections.failures.are(failures)
    resume(expires_in=-1)
    assert world.connections.received[-1].method == "DELETE"


def test_an_environment_remembers_no_more_sessions_than_it_has_room_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "REMEMBERED_SESSIONS", 2)
    headers = bearer()
    for number in range(4):
        resume(headers, expires_in=-1, connection_id=f"c-{number}")
    assert len(session.sessions()._renewed) == 2
    resume({}, expires_in=-1, connection_id="c-0")
    assert world.connections.frames("c-0") == [NOTHING] * 2


def test_cryptography_is_not_imported_before_a_token_comes() -> None:
    source = "import sys, handlers.websocket.routes; assert not {'jwt', 'cryptography'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", source], check=True)


def test_no_token_is_logged(world: World, logs: Logs) -> None:
    good = token()
    resume({"authorization": f"Bearer {good}"}, expires_in=-1)
    resume({"authorization": f"Bearer {good}x"}, expires_in=-1)
    world.pool.down = True
    other_environment()
    resume({"authorization": f"Bearer {good}"}, sub=OWNER)
    world.pool.down = False
    assert logs.lines("a frame failed") == []
    assert not any(piece in logs.text for piece in good.split("."))


def test_a_frame_s_token_renews_nothing_whatever_claim_of_it_is_wrong(world: World) -> None:
    for changes in WRONG.values():
        world.connections.forget()
        resume({"authorization": f"Bearer {token_with(changes)}"})
        assert told(world)["code"] == "unauthenticated"
        assert world.connections.closed == []
    assert kept() is None
