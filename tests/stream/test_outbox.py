"""The outbox: nothing is lost, doubled or reordered, whatever the pace of the model and of the transport."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol import parts
from shared.protocol.parts import Part
from shared.stream.outbox import (
    Outbox,
    OutboxSealed,
    serialised_bytes,
)
from tests.support.outboxes import Reader, drain, merged, unnumbered

FINISH = parts.finish("stop", {})

WORDS = st.text(max_size=12) | st.sampled_from(["", "\0\x01\x1f", "🎈" * 5, '"\\' * 6, "\u2028\u2029"])


@st.composite
def streams(draw: st.DrawFn) -> list[Part]:
    """The parts that a model's answer may become: blocks that open, interleave, and may be left open."""
    made: list[Part] = [parts.start("m", "s"), parts.start_step()]
    opened: set[tuple[str, str]] = set()
    for kind, block, words in draw(
        st.lists(st.tuples(st.sampled_from(["text", "reasoning"]), st.sampled_from("ab"), WORDS | st.none()))
    ):
        if (kind, block) not in opened:
            made.append({"type": f"{kind}-start", "id": block})
            opened.add((kind, block))
        if words is None:
            made.append({"type": f"{kind}-end", "id": block})
            opened.discard((kind, block))
        else:
            made.append({"type": f"{kind}-delta", "id": block, "delta": words})
    return made


def closing(stream: list[Part]) -> list[Part]:
    """The parts that close what a stream has left open: the blocks in the order of their opening, then the step."""
    opened: dict[tuple[str, object], Part] = {}
    for part in stream[2:]:
        kind, _, event = str(part["type"]).partition("-")
        if event == "start":
            opened[kind, part["id"]] = {"type": f"{kind}-end", "id": part["id"]}
        elif event == "end":
            opened.pop((kind, part["id"]), None)
    return [*opened.values(), {"type": "finish-step"}]


@given(streams(), st.data())
def test_whatever_the_interleaving_of_puts_and_takes_the_same_is_said_in_the_same_order(
    stream: list[Part], data: st.DataObject
) -> None:
    outbox = Outbox()
    batches = []
    for part in stream:
        outbox.put(part)
        if data.draw(st.booleans()):
            batches.append(outbox.take())
    outbox.end([FINISH])
    while batch := outbox.take():
        batches.append(batch)
    assert merged(unnumbered(batches)) == [*merged(stream), *closing(stream), FINISH]


@given(streams(), st.integers(150, 2000), st.integers(200, 900))
def test_nothing_is_lost_between_two_threads_and_no_part_or_batch_is_over_its_bound(
    stream: list[Part], max_pending: int, max_part: int
) -> None:
    outbox = Outbox(max_pending_bytes=max_pending, max_part_bytes=max_part)
    reader = Reader(outbox)
    for part in stream:
        outbox.put(part)
    outbox.end([])
    received = reader.rest()
    assert merged(received) == [*merged(stream), *closing(stream)]
    assert max(map(serialised_bytes, received)) <= max_part
    before_the_end = reader.batches[:-1]
    assert all(sum(serialised_bytes(each.part) for each in batch) < max_pending + max_part for batch in before_the_end)


def test_what_arrives_during_a_delivery_becomes_one_part() -> None:
    outbox = Outbox()
    outbox.put(parts.block_start("text", "t"))
    for word in ("One ", "two ", "three"):
        outbox.put(parts.block_delta("text", "t", word))
    assert [each.part for each in outbox.take()] == [
        parts.block_start("text", "t"),
        parts.block_delta("text", "t", "One two three"),
    ]


@pytest.mark.parametrize(
    "between",
    [
        {"type": "text-end", "id": "t"},
        parts.block_delta("text", "another", "x"),
        parts.block_delta("reasoning", "t", "x"),
        parts.start_step(),
    ],
    ids=lambda part: f"{part['type']} {part.get('id', '')}",
)
def test_deltas_are_not_merged_over(between: Part) -> None:
    outbox = Outbox()
    said = [parts.block_delta("text", "t", "a"), between, parts.block_delta("text", "t", "b")]
    for part in said:
        outbox.put(part)
    assert [each.part for each in outbox.take()] == said


def test_a_number_is_given_once_over_all_batches() -> None:
    outbox = Outbox()
    numbers = []
    for _ in range(3):
        outbox.put(parts.block_start("text", "t"))
        outbox.put(parts.block_delta("text", "t", "x"))
        numbers += [each.sequence for each in outbox.take()]
    assert numbers == [0, 1, 2, 3, 4, 5]


def test_the_end_closes_what_is_open_before_the_last_parts() -> None:
    outbox = Outbox()
    for part in (
        parts.start("m", "s"),
        parts.start_step(),
        parts.block_start("reasoning", "r"),
        parts.block_start("text", "t"),
        {"type": "reasoning-end", "id": "r"},
    ):
        outbox.put(part)
    outbox.end([FINISH])
    assert drain(outbox)[-3:] == [{"type": "text-end", "id": "t"}, {"type": "finish-step"}, FINISH]


def test_what_was_closed_is_not_closed_again() -> None:
    outbox = Outbox()
    closed: list[Part] = [
        parts.start_step(),
        parts.block_start("text", "t"),
        {"type": "text-end", "id": "t"},
        {"type": "finish-step"},
    ]
    for part in closed:
        outbox.put(part)
    outbox.end([FINISH])
    assert drain(outbox) == [*closed, FINISH]


@pytest.mark.parametrize("ending", ["seal", "end"])
def test_nothing_is_taken_after_the(ending: str) -> None:
    outbox = Outbox()
    outbox.put(parts.block_delta("text", "t", "heard"))
    outbox.seal()
    if ending == "end":
        outbox.end([FINISH])
    with pytest.raises(OutboxSealed):
        outbox.put(parts.block_delta("text", "t", "unheard"))
    if ending == "seal":
        outbox.end([FINISH])
    assert drain(outbox) == [parts.block_delta("text", "t", "heard"), FINISH]


def test_a_reader_that_waits_is_told_of_the_end() -> None:
    outbox = Outbox()
    reader = Reader(outbox)
    outbox.end([])
    assert reader.rest() == []


def test_a_reader_that_waits_is_told_of_the_end_even_when_all_was_abandoned() -> None:
    outbox = Outbox()
    reader = Reader(outbox)
    outbox.abandon()
    outbox.put(parts.start_step())
    outbox.end([FINISH])
    assert reader.rest() == []
