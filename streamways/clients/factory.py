"""Chooses the client for an architecture."""

from streamways.clients.appsync import AppSyncClient
from streamways.clients.client import SILENCE_SECONDS, Architecture, Client
from streamways.clients.function_url import FunctionUrlClient
from streamways.clients.outputs import OutputsError, StackOutputs
from streamways.clients.websocket import WebSocketClient


def client_for(
    architecture: Architecture, outputs: StackOutputs, token: str | None, *, silence_seconds: float = SILENCE_SECONDS
) -> Client:
    """The client that speaks with `architecture` of the stack, as the user of `token` (a Cognito access token).

    Raises OutputsError when the stack lacks the architecture.
    """
    if architecture == "function-url" and outputs.function_url:
        return FunctionUrlClient(outputs.function_url, token, silence_seconds=silence_seconds)
    if architecture == "websocket" and outputs.web_socket_url:
        return WebSocketClient(outputs.web_socket_url, token, silence_seconds=silence_seconds)
    if architecture == "appsync" and outputs.app_sync_url and outputs.app_sync_realtime_url:
        return AppSyncClient(
            outputs.app_sync_url, outputs.app_sync_realtime_url, token, silence_seconds=silence_seconds
        )
    there = ", ".join(outputs.architectures) or "none"
    raise OutputsError(f"the stack has no {architecture}; it has: {there}")
