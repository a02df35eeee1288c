"""Chooses the client for an architecture."""

from collections.abc import Callable, Mapping

import httpx

from shared.contract.architectures import appsync, function_url, websocket
from streamways.clients.appsync import AppSyncClient
from streamways.clients.client import SILENCE_SECONDS, Architecture, Client
from streamways.clients.function_url import FunctionUrlClient
from streamways.clients.outputs import OutputsError, StackOutputs
from streamways.clients.websocket import WebSocketClient


def _function_url(
    outputs: StackOutputs, token: str | None, silence_seconds: float, signer: httpx.Auth | None
) -> Client:
    return FunctionUrlClient(outputs[function_url.URL], token, signer=signer, silence_seconds=silence_seconds)


def _websocket(outputs: StackOutputs, token: str | None, silence_seconds: float, _: httpx.Auth | None) -> Client:
    return WebSocketClient(outputs[websocket.URL], token, silence_seconds=silence_seconds)


def _appsync(outputs: StackOutputs, token: str | None, silence_seconds: float, _: httpx.Auth | None) -> Client:
    return AppSyncClient(outputs[appsync.URL], outputs[appsync.REALTIME_URL], token, silence_seconds=silence_seconds)


CLIENTS: Mapping[Architecture, Callable[[StackOutputs, str | None, float, httpx.Auth | None], Client]] = {
    function_url.NAME: _function_url,
    websocket.NAME: _websocket,
    appsync.NAME: _appsync,
}


def client_for(
    architecture: Architecture,
    outputs: StackOutputs,
    token: str | None,
    *,
    signer: httpx.Auth | None = None,
    silence_seconds: float = SILENCE_SECONDS,
) -> Client:
    """The client that speaks with `architecture` of the stack, as the user of `token` (a Cognito access token).

    `signer` is `signing.signer_of` the stack: it signs what goes to a function URL that asks for signatures.

    Raises OutputsError when the stack lacks the architecture.
    """
    if architecture not in outputs.architectures:
        there = ", ".join(outputs.architectures) or "none"
        raise OutputsError(f"the stack has no {architecture}; it has: {there}")
    return CLIENTS[architecture](outputs, token, silence_seconds, signer)
