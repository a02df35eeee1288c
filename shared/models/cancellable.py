"""HTTP to a model over a connection that any thread can cancel, from dialling to the last byte.

A model answers nothing, not even headers, before its first token. Until then the caller is blocked inside the SDK's
call and holds no response that it could shut down. So ConverseStream is sent over connections of our own, which hand
their socket to the call's `CancellableConnection`. The SDK's public way in is the event `before-send`: the SDK takes a
response that a handler returns in place of its own sending; signing, parsing and errors stay the SDK's
(https://docs.aws.amazon.com/boto3/latest/guide/events.html). Nothing private or global is patched: boto3 comes with
Lambda's runtime, which AWS updates by itself.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout, proxy_from_url
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

SOCKET_OPTIONS = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]

MAX_IDLE_SECONDS = 30.0
"""A connection whose last call began longer ago is not used again: while a function is frozen nobody answers the other
side's keep-alives, and a call that is sent into a dead connection may have been billed, so it is not repeated."""


class ConnectionCancelled(Exception):
    """The connection was cancelled: nothing is sent over it any more."""


class CancellableConnection:
    """The connection of one call to a model. `cancel` may be called from any thread, at any time, and repeatedly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cancelled = threading.Event()

    @property
    def cancelled(self) -> bool:
        """Whether somebody has cancelled it."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ends the call: a thread that waits for the model is free at once, and the model hears of it."""
        with self._lock:
            self._cancelled.set()
            if self._socket is not None:
                # The TCP socket itself: `SSLSocket.shutdown` drops the TLS state that the reader is just using.
                # It may be closed, or reset by the model, at this very moment.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def wait(self, seconds: float) -> None:
        """Waits so long. Raises ConnectionCancelled as soon as somebody cancels."""
        if self._cancelled.wait(seconds):
            raise ConnectionCancelled

    @contextlib.contextmanager
    def used(self) -> Generator[None]:
        """Within the block, this thread's requests to the model go over this connection. Raises ConnectionCancelled."""
        if self.cancelled:
            raise ConnectionCancelled
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def hold(self, connected: socket.socket) -> None:
        """Takes the socket that the call goes over. Raises ConnectionCancelled."""
        with self._lock:
            if self.cancelled:
                raise ConnectionCancelled
            self._socket = connected

    def let_go(self) -> None:
        """Forgets the socket, which goes back to the pool and may serve another call."""
        with self._lock:
            self._socket = None


_current: ContextVar[CancellableConnection] = ContextVar("connection")


def _dialled(connection: HTTPConnection) -> None:
    """Hands the socket to the call's cancellable connection, before the request is sent."""
    if connection.sock is None:  # else it would be connected, and the request sent, within `request`
        connection.connect()
    _current.get().hold(cast("socket.socket", connection.sock))


class _HttpConnection(HTTPConnection):
    _used_at = 0.0

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._used_at = time.time()
        _dialled(self)
        super().request(*args, **kwargs)

    @property
    def is_connected(self) -> bool:
        """Whether the pool may use it for another call. By the wall clock: others stand still in a frozen function."""
        return super().is_connected and time.time() - self._used_at < MAX_IDLE_SECONDS


class _HttpsConnection(_HttpConnection, HTTPSConnection):
    pass


# urllib3's protocol for these attributes asks for more than its own classes have.
class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection  # pyright: ignore[reportAssignmentType]


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection  # pyright: ignore[reportAssignmentType]


POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _HttpPool, "https": _HttpsPool}


def make_cancellable(client: "BedrockRuntimeClient") -> None:
    """From now on this client sends ConverseStream over the caller's `CancellableConnection`."""
    pools = _pools(client)

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        response = pools.urlopen(
            request.method,
            request.url,
            body=request.body,
            headers=request.headers,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
            enforce_content_length=False,
        )
        return AWSResponse(request.url, response.status, response.headers, response)  # pyright: ignore[reportArgumentType]

    client.meta.events.register("before-send.bedrock-runtime.ConverseStream", cast("Callable[..., None]", send))


def _pools(client: "BedrockRuntimeClient") -> PoolManager:
    """Connections with the settings that the SDK would use: proxy and certificates from the environment."""
    url, config = client.meta.endpoint_url, cast("Any", client.meta.config)
    tls = create_urllib3_context()
    tls.load_verify_locations(os.environ.get("AWS_CA_BUNDLE") or get_cert_path(True))
    settings: dict[str, Any] = {
        "timeout": Timeout(connect=config.connect_timeout, read=config.read_timeout),
        "maxsize": config.max_pool_connections,
        "socket_options": SOCKET_OPTIONS,
        "ssl_context": tls,
    }
    proxy = get_environ_proxies(url).get(url.partition(":")[0])
    pools = proxy_from_url(proxy, **settings) if proxy else PoolManager(**settings)
    pools.pool_classes_by_scheme = POOLS
    return pools
