"""Sinks of the function URL: its client has the end of a stream before them, and Lambda freezes nothing after them."""

import asyncio
import threading

import pytest

from handlers.http.app import app
from handlers.http.reported import Reported
from shared.streams import metrics
from shared.telemetry.events import Event, StreamEnded
from shared.telemetry.log import logger
from shared.telemetry.reports import reports_of
from tests.support import function_url
from tests.support.function_url import Watching, World
from tests.support.server import WAIT_SECONDS


@pytest.mark.usefixtures("world")
async def test_a_client_has_the_whole_stream_before_the_sinks_and_the_body_ends_after_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, free, told = threading.Event(), threading.Event(), list[Event]()

    def sink(event: Event) -> None:
        asked.set()
        assert free.wait(WAIT_SECONDS)
        told.append(event)

    reports = reports_of([sink])
    monkeypatch.setattr(metrics, "reports", reports)
    monkeypatch.setattr("shared.telemetry.reports.FINISH_SECONDS", WAIT_SECONDS)
    monkeypatch.setattr(function_url.function_url, "app", Reported(app, reports))
    exchange = Watching()
    running = asyncio.create_task(exchange.run())
    await exchange.hears("[DONE]")
    assert await asyncio.to_thread(asked.wait, WAIT_SECONDS)
    assert exchange.sent[-1]["more_body"]
    assert not told
    free.set()
    await running
    assert not exchange.sent[-1]["more_body"]
    assert [isinstance(event, StreamEnded) for event in told] == [True]
    logger._logger.removeHandler(reports)


async def test_the_readiness_check_is_no_invocation(world: World) -> None:  # noqa: ARG001
    exchange = Watching(method="GET", path="/healthz")
    exchange.scope["headers"] = []
    await Reported(app, reports_of([]))(exchange.scope, exchange.receive, exchange.send)
    assert exchange.body == "ok"
