"""The outbox: nothing is lost, doubled or reordered, whatever the pace of the model and of the transport."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.generation.outbox import DETACHED_INTERVAL_SECONDS, Outbox, OutboxClosed
from shared.protocol import parts
from shared.protocol.part_size import serialised_bytes
from shared.protocol.parts import Part, SequencedPart
from tests.support.outboxes import Reader, drain, merged, taken, unnumbered

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


def end(outbox: Outbox, *last: Part) -> None:
    """The stream is over, and settled."""
    outbox.end(last)
    outbox.finish()


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
def test_whatever_the_interleaving_and_wherever_the_receiver_leaves_the_journal_has_what_was_said_and_agrees(
    stream: list[Part], data: st.DataObject
) -> None:
    journal: list[Sequence[SequencedPart]] = []
    delivered: list[Sequence[SequencedPart]] = []
    now = 0.0
    outbox = Outbox(on_numbered=journal.append, max_pending_bytes=10_000, clock=lambda: now)
    watched = True
    for part in stream:
        outbox.put(part)
        now += data.draw(st.sampled_from([0.0, 0.4, 2.0]))
        match data.draw(st.sampled_from(["put", "take", "take", "leave"])):
            case "take":
                now += DETACHED_INTERVAL_SECONDS
                delivered.append(outbox.take(most=data.draw(st.sampled_from([None, 1, 2]))) or [])
            case "leave" if watched:
                watched = data.draw(st.booleans())
                if not watched:
                    outbox.detach()
            case _:
                pass
    outbox.end([FINISH])
    assert merged(unnumbered(journal)) == [*merged(stream), *closing(stream), FINISH]
    outbox.finish()
    while (batch := outbox.take()) is not None:
        delivered.append(batch)
    journaled = [numbered for batch in journal for numbered in batch]
    received = [numbered for batch in delivered for numbered in batch]
    # Whoever stayed has all; whoever left has the beginning.
    assert received == journaled[: len(received)]
    assert not watched or received == journaled


@given(streams(), st.integers(150, 2000), st.integers(200, 900))
def test_nothing_is_lost_between_two_threads_and_no_part_or_batch_is_over_its_bound(
    stream: list[Part], max_pending: int, max_part: int
) -> None:
    outbox = Outbox(max_pending_bytes=max_pending, max_part_bytes=max_part)
    reader = Reader(outbox)
    for part in stream:
        outbox.put(part)
    end(outbox)
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
    assert taken(outbox) == [
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
    assert taken(outbox) == said


def test_who_takes_a_part_at_a_time_finds_the_next_ones_merged() -> None:
    numbered: list[SequencedPart] = []
    outbox = Outbox(on_numbered=numbered.extend)
    outbox.put(parts.block_start("text", "t"))
    outbox.put(parts.block_delta("text", "t", "One "))
    assert outbox.take(most=1) == [SequencedPart(0, parts.block_start("text", "t"))]
    assert len(numbered) == 1
    outbox.put(parts.block_delta("text", "t", "two"))
    outbox.put(parts.block_end("text", "t"))
    assert outbox.take(most=1) == [SequencedPart(1, parts.block_delta("text", "t", "One two"))]
    end(outbox, FINISH)
    assert [outbox.take(most=1) for _ in range(3)] == [
        [SequencedPart(2, parts.block_end("text", "t"))],
        [SequencedPart(3, FINISH)],
        None,
    ]


def test_a_number_is_given_once_over_all_batches() -> None:
    outbox = Outbox()
    numbers = []
    for _ in range(3):
        outbox.put(parts.block_start("text", "t"))
        outbox.put(parts.block_delta("text", "t", "x"))
        numbers += [each.sequence for each in outbox.take() or []]
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
    end(outbox, FINISH)
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
    end(outbox, FINISH)
    assert drain(outbox) == [*closed, FINISH]


@pytest.mark.parametrize("ending", ["seal", "end"])
def test_nothing_is_taken_after_the(ending: str) -> None:
    outbox = Outbox()
    outbox.put(parts.block_delta("text", "t", "heard"))
    outbox.close()
    if ending == "end":
        outbox.end([FINISH])
    with pytest.raises(OutboxClosed):
        outbox.put(parts.block_delta("text", "t", "unheard"))
    if ending == "seal":
        outbox.end([FINISH])
    outbox.finish()
    assert drain(outbox) == [parts.block_delta("text", "t", "heard"), FINISH]


def test_a_reader_that_waits_is_told_of_the_end() -> None:
    outbox = Outbox()
    reader = Reader(outbox)
    end(outbox)
    assert reader.rest() == []


def test_who_waits_only_so_long_is_given_nothing_and_who_waits_beyond_the_end_none() -> None:
    outbox = Outbox()
    assert outbox.take(0.0) == []
    outbox.put(parts.start_step())
    assert outbox.take(0.0) == [SequencedPart(0, parts.start_step())]
    outbox.end([])
    assert outbox.take(0.0) == [SequencedPart(1, {"type": "finish-step"})]
    assert outbox.take(0.0) == []
    outbox.finish()
    assert [outbox.take(0.0), outbox.take()] == [None, None]


def test_the_last_parts_alone_wait_for_their_release_but_not_for_their_numbers() -> None:
    numbered: list[SequencedPart] = []
    outbox = Outbox(on_numbered=numbered.extend)
    outbox.put(parts.block_delta("text", "t", "pending"))
    outbox.end([parts.message_metadata({}), parts.abort("cancelled")])
    assert [each.part["type"] for each in numbered] == ["text-delta", "message-metadata", "abort"]
    assert taken(outbox) == [parts.block_delta("text", "t", "pending")]
    assert outbox.take(0.0) == []
    outbox.finish()
    assert outbox.take() == numbered[1:]


def test_an_end_that_nobody_takes_is_numbered_all_the_same() -> None:
    numbered: list[SequencedPart] = []
    outbox = Outbox(on_numbered=numbered.extend)
    outbox.put(parts.block_start("text", "t"))
    outbox.end([FINISH])
    assert unnumbered([numbered]) == [parts.block_start("text", "t"), {"type": "text-end", "id": "t"}, FINISH]


def test_a_stream_that_another_has_ended_ends_without_another_part() -> None:
    numbered: list[SequencedPart] = []
    outbox = Outbox(on_numbered=numbered.extend)
    outbox.put(parts.start_step())
    outbox.discard()
    with pytest.raises(OutboxClosed):
        outbox.put(parts.block_start("text", "t"))
    outbox.end([FINISH])
    assert (outbox.take(), numbered) == (None, [])


def test_abandoning_takes_even_the_last_parts_back() -> None:
    outbox = Outbox()
    outbox.put(parts.start_step())
    outbox.end([FINISH])
    outbox.discard()
    outbox.finish()
    assert outbox.take() is None


def test_what_a_blocked_receiver_does_not_take_for_a_second_is_numbered_for_the_journal() -> None:
    numbered: list[SequencedPart] = []
    now = 10.0
    outbox = Outbox(on_numbered=numbered.extend, clock=lambda: now)
    assert outbox.number_waiting() == 1.0
    outbox.put(parts.block_delta("text", "t", "a"))
    now = 10.75
    outbox.put(parts.block_delta("text", "t", "b"))
    assert outbox.number_waiting() == 0.25
    assert numbered == []
    now = 11.0
    assert outbox.number_waiting() == 1.0
    assert unnumbered([numbered]) == [parts.block_delta("text", "t", "ab")]
    outbox.put(parts.block_delta("text", "t", "c"))
    assert outbox.take(most=1) == numbered
    outbox.put(parts.block_delta("text", "t", "d"))
    assert taken(outbox) == [parts.block_delta("text", "t", "cd")]


def test_a_receiver_that_takes_one_part_at_a_time_does_not_start_the_clock_of_the_others_anew() -> None:
    numbered: list[SequencedPart] = []
    now = 10.0
    outbox = Outbox(on_numbered=numbered.extend, clock=lambda: now)
    for part in (parts.start_step(), parts.block_start("text", "t"), parts.block_delta("text", "t", "a")):
        outbox.put(part)
    now = 10.5
    assert len(outbox.take(most=1) or []) == 1
    now = 11.0
    outbox.number_waiting()
    assert [each.part["type"] for each in numbered] == ["start-step", "text-start", "text-delta"]


def test_a_receiver_that_waits_for_its_interval_is_not_blocked() -> None:
    now = 10.0
    outbox = Outbox(min_interval=3600.0, clock=lambda: now)
    reader = Reader(outbox)
    outbox.put(parts.block_delta("text", "t", "a"))
    reader.wait_for_batches(1)
    outbox.put(parts.block_delta("text", "t", "b"))
    now = 12.0
    outbox.number_waiting()
    outbox.put(parts.block_delta("text", "t", "c"))
    outbox.end([])
    outbox.finish()
    assert reader.rest()[1:] == [parts.block_delta("text", "t", "bc")]
