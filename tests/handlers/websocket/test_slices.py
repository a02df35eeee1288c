"""Long lists and long messages in frames: each fits, and together they are what they were."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.websocket import frames
from handlers.websocket.slices import pieces, slices

MAX_FRAME_BYTES = 128 * 1024
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""

TEXTS = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=3), st.sampled_from([1, 500, 60_000]))
PARTS = st.fixed_dictionaries({"type": st.sampled_from(["text", "reasoning"]), "text": TEXTS | st.just("")})
MESSAGES = st.lists(st.lists(PARTS | st.just({"type": "step-start"}), max_size=4), max_size=4).map(
    lambda all_parts: [{"id": f"m-{index}", "role": "user", "parts": parts} for index, parts in enumerate(all_parts)]
)


def sent(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The frames of a chat."""
    texts = [frames.result("r-1", {"messages": held}, more=more) for held, more in slices(pieces(messages))]
    assert max(len(text.encode()) for text in texts) <= MAX_FRAME_BYTES
    return [json.loads(text) for text in texts]


def joined(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a client makes of the frames, by the rule of the documentation."""
    messages: list[dict[str, Any]] = []
    for piece in (message for answer in answers for message in answer["result"]["messages"]):
        if not messages or messages[-1]["id"] != piece["id"]:
            messages.append({**piece, "parts": []})
        parts = messages[-1]["parts"]
        for part in piece["parts"]:
            if part.pop("continued", False):
                parts[-1]["text"] += part["text"]
            else:
                parts.append(part)
    return messages


@given(MESSAGES)
def test_a_client_that_joins_the_frames_has_the_messages(messages: list[dict[str, Any]]) -> None:
    answers = sent(messages)
    assert [answer.get("more", False) for answer in answers] == [True] * (len(answers) - 1) + [False]
    assert joined(answers) == messages


def test_an_empty_list_is_one_frame() -> None:
    assert list(slices([])) == [([], False)]


def test_what_fits_is_not_cut() -> None:
    message = {"id": "m", "role": "assistant", "parts": [{"type": "text", "text": "x" * 90_000}]}
    assert list(slices(pieces([message]))) == [([message], False)]


@pytest.mark.parametrize("character", ["x", "é", "🎈", "\0", '"', "\\"])
def test_a_long_text_is_cut_between_characters(character: str) -> None:
    message = {"id": "m", "role": "user", "parts": [{"type": "text", "text": character * 150_000}]}
    answers = sent([message])
    assert len(answers) > 1
    assert joined(answers) == [message]


def test_frames_are_filled() -> None:
    answers = sent([{"id": f"m-{index}", "role": "user", "parts": []} for index in range(10_000)])
    assert len(answers) < 10


def test_each_piece_says_all_that_is_not_its_parts() -> None:
    message = {"id": "m", "role": "assistant", "metadata": {"a": 1}, "parts": [{"type": "text", "text": "x" * 150_000}]}
    for answer in sent([message]):
        assert {(piece["id"], piece["role"], piece["metadata"]["a"]) for piece in answer["result"]["messages"]} == {
            ("m", "assistant", 1)
        }
