"""The answer that a stream writes into the history: text and reasoning, block by block, as much as an item holds."""

from collections.abc import Iterable

import pytest

from shared.protocol import parts
from shared.protocol.parts import Part, SequencedPart
from shared.streams.answer import MAX_ANSWER_BYTES, Answer


def answer(stream: Iterable[Part]) -> Answer:
    made = Answer()
    for sequence, part in enumerate(stream):
        made.observe([SequencedPart(sequence, part)])
    return made


def test_an_answer_has_its_blocks_in_the_order_in_which_they_began() -> None:
    stream: list[Part] = [
        parts.start("m", "s"),
        parts.block_start("reasoning", "0"),
        parts.block_delta("reasoning", "0", "Hm. "),
        parts.block_start("text", "0"),
        parts.block_delta("text", "0", "Because "),
        parts.block_delta("reasoning", "0", "Yes."),
        parts.block_delta("text", "0", "of Rayleigh."),
        parts.block_end("text", "0"),
        parts.block_start("text", "1"),
        parts.block_delta("text", "1", "More."),
        parts.finish("stop", {}),
    ]
    assert answer(stream).parts() == [
        {"type": "reasoning", "text": "Hm. Yes."},
        {"type": "text", "text": "Because of Rayleigh."},
        {"type": "text", "text": "More."},
    ]


def test_a_stream_that_said_nothing_leaves_no_parts() -> None:
    stream = [parts.block_start("text", "0"), parts.block_delta("text", "0", ""), parts.abort("cancelled")]
    assert answer(stream).parts() == []


@pytest.mark.parametrize("character", ["x", "é", "字", "🎈", "\0"])
def test_an_answer_is_cut_where_its_item_would_be_too_large(character: str) -> None:
    piece = character * 10_001
    longer = (parts.block_delta("text", str(number % 2), piece) for number in range(60))
    made = answer([parts.block_delta("reasoning", "0", "-"), *longer])  # the cut is within a character
    thought, *kept = made.parts()
    assert thought["text"] == "-"
    assert MAX_ANSWER_BYTES - 8 < sum(len(str(part["text"]).encode()) for part in kept) <= MAX_ANSWER_BYTES
    assert all(set(str(part["text"])) == {character} for part in kept)
    assert made.characters == 60 * len(piece) + 1
