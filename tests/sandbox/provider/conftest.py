"""A sandbox that serves a provider, and an engine that speaks to it."""

from collections.abc import Iterator

import grpc
import pytest

from sandbox.engine.deployment import GRPC_OPTIONS
from sandbox.engine.protocol import provider_pb2_grpc
from tests.support.sandbox import FAST, RunningSandbox, running_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """Empty until an engine fills it."""
    with running_sandbox("--provider", *FAST) as running:
        yield running


@pytest.fixture(scope="module")
def stub(sandbox: RunningSandbox) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """One connection to its provider."""
    with grpc.insecure_channel(f"127.0.0.1:{sandbox.state.provider_port}", options=GRPC_OPTIONS) as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
