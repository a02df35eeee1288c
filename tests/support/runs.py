"""Streams that run in the test, from a scripted model to their last part."""

from typing import Any

from shared.generation.run import StreamRun
from shared.protocol.parts import Part, SequencedPart
from shared.streams.journal import JournalReader
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from tests.support.aws import Table
from tests.support.models import ScriptedModel
from tests.support.outboxes import drain, unnumbered
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, MINUTE, OWNER, STREAM, repository, running, table_client, within


def begun(
    model: ScriptedModel,
    start: StreamStart | None = None,
    *,
    streams: StreamRepository | None = None,
    seconds: float = MINUTE,
    min_interval: float = 0.0,
) -> StreamRun:
    """A stream whose function has so many seconds; its model is being read."""
    run = StreamRun(
        start or running(),
        model=model,
        repository=streams or repository(),
        ends_at=within(seconds),
        min_interval=min_interval,
    )
    run.begin()
    return run


def parts_of(model: ScriptedModel, *, streams: StreamRepository | None = None, seconds: float = MINUTE) -> list[Part]:
    """The parts of a whole stream; the journal has the same, unless the table is one that the test brings."""
    run = begun(model, streams=streams, seconds=seconds)
    parts = drain(run)
    run.join()
    assert model.left.wait(WAIT_SECONDS), "the model is still being read"
    assert streams is not None or journaled() == parts
    return parts


def journaled(stream_id: str = STREAM) -> list[Part]:
    """The parts in the journal; their numbers are 0, 1, 2…"""
    reader = JournalReader(table_client())
    pages: list[list[SequencedPart]] = []
    while page := reader.page(OWNER, stream_id, sum(map(len, pages))):
        pages.append(page)
    return unnumbered(pages)


def booked(table: Table, stream_id: str = STREAM) -> dict[str, Any]:
    """The record of a stream, which must have ended and left nothing open."""
    item = table.stream(OWNER, stream_id)
    assert item is not None
    assert item["state"] == "ended"
    assert "open" not in item
    lease = table.lease(OWNER, CHAT)
    assert lease is None or lease["streamId"] != stream_id
    return item


def types(parts: list[Part]) -> list[object]:
    """What kinds of parts these are."""
    return [part["type"] for part in parts]


def failure(parts: list[Part]) -> tuple[Any, object]:
    """The data of the `data-error` part and the text of the `error` part, which must be the last two."""
    assert types(parts)[-3:] == ["message-metadata", "data-error", "error"]
    return parts[-2]["data"], parts[-1]["errorText"]
