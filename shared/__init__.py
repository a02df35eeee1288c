"""The streaming core, run inside every handler: protocol, auth, models, stream, telemetry.

It knows streams, models and tokens, and nothing of HTTP, sockets or GraphQL: those are the handlers'.
"""
