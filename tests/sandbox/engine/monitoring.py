"""A monitor on a real gRPC server, without a program."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from sandbox.engine.changes import Changes
from sandbox.engine.monitor import Engine, Monitor
from sandbox.engine.resource import Deployment
from tests.sandbox.resources.account import Account


@contextmanager
def monitoring(account: Account, deployment: Deployment, on_message: Callable[[str], None]) -> Iterator[str]:
    """Serves as long as the block; its address."""
    threads = ThreadPoolExecutor(4)
    server = grpc.server(threads)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(Changes(account.cloud), deployment), server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(deployment, on_message), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
        threads.shutdown()
