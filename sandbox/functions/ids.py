"""What names an invocation: its request id, and the trace that it belongs to."""

import secrets
import time
import uuid


def new_request_id() -> str:
    """An id for one invocation."""
    return str(uuid.uuid4())


def new_trace_id() -> str:
    """A value for `X-Amzn-Trace-Id`, not sampled."""
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
