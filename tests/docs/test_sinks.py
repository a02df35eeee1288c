"""The example sinks, against a server that reads what Sentry's and PostHog's pages say of the wire."""

import importlib.util
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from shared.telemetry.events import Frame, Sink, StreamEnded, UnexpectedError
from tests.docs.pages import ROOT
from tests.support.server import Answer, LocalServer, Received

IDS = {"streamId": "s-1", "correlation_id": "c-1"}
FAILED = UnexpectedError(
    "production",
    "appsync",
    "the request failed",
    "botocore.exceptions.ClientError",
    (Frame("api.py", "handler", 7),),
    IDS,
)
ENDED = StreamEnded("production", "appsync", IDS, "nova", "end_turn", False, False, 11, 7, 0.1, 312.0, 51.0, 900.0)


def example(name: str) -> Any:
    """The module of an example, as it would be imported from `shared/telemetry/`."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "examples" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sentry(url: str) -> Sink:
    return example("sentry_sink").sentry(f"{url.replace('://', '://0123abcd@')}/42")


def posthog(url: str) -> Sink:
    return example("posthog_sink").posthog(url, "phc_key")


def test_sentry_gets_an_envelope_with_one_event() -> None:
    """https://develop.sentry.dev/sdk/foundations/transport/envelopes/"""
    with LocalServer(lambda _: Answer(200)) as server:
        sink = sentry(server.url)
        sink(ENDED)
        sink(FAILED)
    [request] = server.received
    assert (request.method, request.path) == ("POST", "/api/42/envelope/")
    assert request.headers["content-type"] == "application/x-sentry-envelope"
    kind, _, pairs = request.headers["x-sentry-auth"].partition(" ")
    assert kind == "Sentry"
    auth = dict(pair.split("=") for pair in pairs.split(", "))
    assert (auth["sentry_version"], auth["sentry_key"]) == ("7", "0123abcd")
    header, item_header, rest = request.body.split(b"\n", 2)
    described = json.loads(item_header)
    assert described["type"] == "event"
    item, end = rest[: described["length"]], rest[described["length"] :]
    assert end == b"\n"
    event = json.loads(item)
    assert event["event_id"] == json.loads(header)["event_id"]
    assert re.fullmatch(r"[0-9a-f]{32}", event["event_id"])
    assert (event["platform"], event["level"], event["environment"]) == ("python", "error", "production")
    assert event["logentry"] == {"formatted": "the request failed"}
    [error] = event["exception"]["values"]
    assert (error["module"], error["type"]) == ("botocore.exceptions", "ClientError")
    assert error["stacktrace"]["frames"] == [{"filename": "api.py", "function": "handler", "lineno": 7}]
    assert event["tags"] == {"architecture": "appsync", **IDS}


def test_posthog_gets_one_event_of_no_person() -> None:
    """https://posthog.com/docs/api/capture"""
    with LocalServer(lambda _: Answer(200)) as server:
        sink = posthog(server.url)
        sink(FAILED)
        sink(ENDED)
    [request] = server.received
    assert (request.method, request.path) == ("POST", "/i/v0/e/")
    assert request.headers["content-type"] == "application/json"
    event = json.loads(request.body)
    assert (event["api_key"], event["event"], event["distinct_id"]) == ("phc_key", "stream ended", "production/appsync")
    assert datetime.fromisoformat(event["timestamp"]).tzinfo
    properties = event["properties"]
    assert properties["$process_person_profile"] is False
    assert (properties["model"], properties["output_tokens"], properties["failed"]) == ("nova", 7, False)


@pytest.mark.parametrize(("make", "event"), [(sentry, FAILED), (posthog, ENDED)])
def test_a_sink_that_is_refused_says_so_and_tries_no_second_time(make: Callable[[str], Sink], event: Any) -> None:
    def refuse(_: Received) -> Answer:
        return Answer(429)

    with LocalServer(refuse) as server:
        with pytest.raises(OSError, match="answered 429"):
            make(server.url)(event)
        assert len(server.received) == 1
