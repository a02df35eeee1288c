"""The WebSocket architecture: tickets and an authorizer, the routes that admit, the worker that generates, a reaper.

Frames are those of the AI SDK's `WebSocketChatTransport`, so that it works unmodified, and a few of ours beside them.
"""
