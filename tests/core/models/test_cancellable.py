"""The connection to the model: cancelled by anyone, at any time, and never when it already serves another call."""

import socket
import threading
from collections.abc import Iterator

import pytest

from shared.models.cancellable import CancellableConnection, ConnectionCancelled
from tests.support.server import WAIT_SECONDS


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of one connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(WAIT_SECONDS)
        yield ours, theirs


def test_hanging_up_frees_who_waits_and_tells_the_other_side(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    connection = CancellableConnection()
    connection.hold(ours)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append(ours.recv(1)), daemon=True)
    reader.start()
    connection.cancel()
    reader.join(WAIT_SECONDS)
    assert heard == [b""]
    assert theirs.recv(1) == b""


@pytest.mark.parametrize("gone", ["theirs", "ours"])
def test_hanging_up_is_harmless_when_the_connection_is_gone(
    gone: str, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    connection = CancellableConnection()
    connection.hold(ours)
    (theirs if gone == "theirs" else ours).close()
    connection.cancel()
    connection.cancel()
    assert connection.cancelled


def test_a_line_that_was_let_go_leaves_the_socket_to_the_next_call(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    connection = CancellableConnection()
    connection.hold(ours)
    connection.let_go()
    connection.cancel()
    ours.sendall(b"x")
    assert theirs.recv(1) == b"x"


def test_nothing_goes_over_a_line_that_was_hung_up(pair: tuple[socket.socket, socket.socket]) -> None:
    connection = CancellableConnection()
    connection.cancel()
    with pytest.raises(ConnectionCancelled):
        connection.hold(pair[0])
    with pytest.raises(ConnectionCancelled), connection.used():
        pytest.fail("a block was entered whose connection was cancelled")
    with pytest.raises(ConnectionCancelled):
        connection.wait(WAIT_SECONDS)


def test_a_wait_passes_when_nobody_hangs_up() -> None:
    CancellableConnection().wait(0.0)
