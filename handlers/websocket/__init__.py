"""The WebSocket architecture: an authorizer, the routes that admit, and the worker that generates.

Frames are those of the AI SDK's `WebSocketChatTransport`, so that it works unmodified.
"""
