"""One connection: frames are sent in order and again when API Gateway is busy, and it can be closed."""

import time

import pytest

from handlers.websocket.connection import Connection
from shared.generation.delivery import ReceiverGone, TryAgain
from tests.support.websocket import CONNECTION, World


def connected(seconds: float = 60.0) -> Connection:
    """The client's connection; a call is tried again for so long."""
    return Connection(CONNECTION, time.monotonic() + seconds)


@pytest.mark.parametrize("failures", [[429], [500, 503], [0], [429, 0, 500, 504]])
def test_a_frame_is_sent_again_after(failures: list[int | None], world: World) -> None:
    world.connections.failures.are(failures)
    connection = connected()
    connection.send('{"type": "one"}')
    connection.send('{"type": "two"}')
    assert [frame["type"] for frame in world.connections.frames(CONNECTION)] == ["one", "two"]
    assert len(world.connections.received) == len(failures) + 2


@pytest.mark.parametrize("failures", [[], [429], [503, 0]])
def test_a_connection_is_closed_though_api_gateway_is_busy(failures: list[int | None], world: World) -> None:
    world.connections.failures.are(failures)
    connected().close()
    assert world.connections.closed == [CONNECTION]


def test_a_frame_is_given_up_when_api_gateway_stays_busy_until_time_is_up(world: World) -> None:
    world.connections.failures.are([429], for_ever=True)
    with pytest.raises(TryAgain):
        connected(seconds=0.3).send("{}")
    assert len(world.connections.received) > 1


def test_nothing_is_begun_when_time_is_up(world: World) -> None:
    for call in (lambda: connected(seconds=0).send("{}"), connected(seconds=0).close):
        with pytest.raises(TryAgain):
            call()
    assert world.connections.received == []


def test_a_frame_to_nobody_is_not_sent_again(world: World) -> None:
    world.connections.failures.are([410])
    with pytest.raises(ReceiverGone):
        connected().send("{}")
    assert len(world.connections.received) == 1


def test_what_is_closed_may_be_closed(world: World) -> None:
    world.connections.failures.are([410])
    connected().close()
    assert len(world.connections.received) == 1


@pytest.mark.parametrize("status", [400, 403, 413])
def test_a_frame_that_is_refused_for_good_is_not_sent_again(status: int, world: World) -> None:
    world.connections.failures.are([status])
    with pytest.raises(Exception, match=str(status)):
        connected().send("{}")
    assert len(world.connections.received) == 1


def test_calls_are_signed_for_the_stage(world: World) -> None:
    connected().send("{}")
    connected().close()
    for received in world.connections.received:
        assert "/us-east-1/execute-api/aws4_request" in received.headers["authorization"]
        assert received.headers["x-amz-security-token"] == "session"
