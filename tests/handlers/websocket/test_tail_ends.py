"""How a reader's request ends where its client was let go while the table fails."""

import time
from typing import Any

import pytest

from handlers.websocket import store, worker
from handlers.websocket.requests import Request
from tests.support.aws import Table
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.starts import CHAT, OWNER, STREAM, running
from tests.support.websocket import CONNECTION, World

READER = Request(OWNER, CONNECTION, "r-2")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long."""
    for module in ("follower", "requests"):
        monkeypatch.setattr(f"handlers.websocket.{module}.RESUMED_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr("shared.table_client.LONGEST_WAIT_SECONDS", 0.01)


def read() -> None:
    """One event, as the routes send it for a `resume`."""
    READER.resume(STREAM, CHAT)
    tail = {"owner": OWNER, "streamId": STREAM, "chatId": CHAT, "resumed": True, "cursor": None}
    event = {"connectionId": CONNECTION, "requestId": "r-2", "connectedAt": int(time.time()), "tail": tail}
    worker.handler(event, lambda_context(30.0))  # pyright: ignore


def frames(world: World) -> list[dict[str, Any]]:
    return world.connections.frames(CONNECTION)


@pytest.mark.parametrize("operation", ["PutItem", "Query"])
def test_a_stop_outlasts_a_table_that_fails_for_a_moment(operation: str, world: World, table: Table) -> None:
    running()
    READER.detach()
    with refused(store.table().client, operation, "InternalServerError", times=3):
        read()
    assert frames(world) == []
    slot = table.slot(OWNER, CHAT)
    assert slot is not None
    assert slot["cancelled"]
    assert table.items(f"user#{OWNER}", "request#") == []


def test_a_stop_that_a_table_loses_is_logged(world: World, logs: Logs) -> None:  # noqa: ARG001
    running()
    READER.detach()
    with refused(store.table().client, "PutItem", "InternalServerError", times=10):
        read()
    [line] = logs.lines("a stop may be lost")
    assert (line["level"], line["streamId"]) == ("ERROR", STREAM)
