"""A sink that sends ended streams to PostHog. Copy it to `shared/telemetry/`, and name it in `sinks.py` there.

https://posthog.com/docs/api/capture
"""

from datetime import UTC, datetime

import urllib3

from shared.telemetry.events import Event, Sink, StreamEnded


def posthog(host: str, api_key: str) -> Sink:
    """`host` is like `https://eu.i.posthog.com`; `api_key` is the project's, which can write only."""
    http = urllib3.PoolManager(timeout=urllib3.Timeout(total=1.0), retries=False)

    def send(event: Event) -> None:
        if isinstance(event, StreamEnded):
            answer = http.request("POST", f"{host}/i/v0/e/", json=_captured(event, api_key))
            if answer.status != 200:
                raise OSError(f"PostHog answered {answer.status}")

    return send


def _captured(event: StreamEnded, api_key: str) -> dict[str, object]:
    return {
        "api_key": api_key,
        "event": "stream ended",
        # No user is known here: the streams of an architecture count as one.
        "distinct_id": f"{event.stack}/{event.architecture}",
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {
            "$process_person_profile": False,
            **event.ids,
            "stack": event.stack,
            "architecture": event.architecture,
            "model": event.model,
            "stop_reason": event.stop_reason,
            "failed": event.failed,
            "reaped": event.reaped,
            "input_tokens": event.input_tokens,
            "output_tokens": event.output_tokens,
            "cost_usd": event.cost_usd,
            "first_text_ms": event.first_text_ms,
            "total_ms": event.total_ms,
        },
    }
