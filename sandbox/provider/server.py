"""Listens for engines, on a port of its own: gRPC, on loopback."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from sandbox.engine.deployment import GRPC_OPTIONS, THREADS
from sandbox.engine.protocol import provider_pb2_grpc
from sandbox.functions.settling import Settling
from sandbox.ports import LOOPBACK
from sandbox.provider.servicer import Provider
from sandbox.resources.handler import Cloud


class ProviderServer:
    """From `start` to `stop`. `on_rest` is called in the event loop each time an engine has ended its work."""

    def __init__(self, cloud: Cloud, settling: Settling, on_rest: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_rest = on_rest
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="provider")
        self._server = grpc.server(self._threads, options=GRPC_OPTIONS)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(
            Provider(cloud, settling.settle, self._rest), self._server
        )

    def start(self) -> int:
        """Listen; the port, which is a free one."""
        port = self._server.add_insecure_port(f"{LOOPBACK}:0")
        self._server.start()
        return port

    async def stop(self) -> None:
        """End every call."""
        await asyncio.to_thread(self._server.stop(grace=None).wait)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _rest(self) -> None:
        asyncio.run_coroutine_threadsafe(self._on_rest(), self._loop).result()
