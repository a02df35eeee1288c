"""A sink that sends unexpected errors to Sentry. Copy it to `shared/telemetry/`, and name it in `sinks.py` there:

    from shared.telemetry.sentry_sink import sentry

    SINKS = (sentry("https://KEY@o0.ingest.sentry.io/0"),)

https://develop.sentry.dev/sdk/foundations/transport/envelopes/
"""

import json
import time
import uuid
from urllib.parse import urlsplit

import urllib3

from shared.telemetry.events import Event, Sink, UnexpectedError


def sentry(dsn: str) -> Sink:
    """`dsn` is the project's, `https://KEY@HOST/PROJECT`. Its key can write only, and is no secret."""
    parts = urlsplit(dsn)
    place, _, project = parts.path.rpartition("/")
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{place}/api/{project}/envelope/"
    headers = {
        "content-type": "application/x-sentry-envelope",
        "x-sentry-auth": f"Sentry sentry_version=7, sentry_client=streamways/1, sentry_key={parts.username}",
    }
    http = urllib3.PoolManager(timeout=urllib3.Timeout(total=1.0), retries=False)

    def send(event: Event) -> None:
        if isinstance(event, UnexpectedError):
            answer = http.request("POST", address, body=_envelope(event), headers=headers)
            if answer.status != 200:
                raise OSError(f"Sentry answered {answer.status}")

    return send


def _envelope(event: UnexpectedError) -> bytes:
    """The envelope's header, the item's header and the item, a line each."""
    event_id = uuid.uuid4().hex
    module, _, kind = event.error.rpartition(".")
    frames = [{"filename": each.file, "function": each.function, "lineno": each.line} for each in event.frames]
    item = json.dumps(
        {
            "event_id": event_id,
            "timestamp": time.time(),
            "platform": "python",
            "level": "error",
            "environment": event.stack,
            "logentry": {"formatted": event.message},
            "exception": {"values": [{"type": kind, "module": module, "stacktrace": {"frames": frames}}]},
            "tags": {"architecture": event.architecture, **event.ids},
        }
    ).encode()
    item_header = {"type": "event", "content_type": "application/json", "length": len(item)}
    return b"\n".join([json.dumps({"event_id": event_id}).encode(), json.dumps(item_header).encode(), item, b""])
