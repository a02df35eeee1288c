"""Only a JSON object is taken for one, and every reader of it sees the same."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.protocol.strict_json import read_list, read_object

BAD: dict[str, str | bytes] = {
    "nothing": b"",
    "a word": b"hello",
    "cut short": b'{"id": "c", "messages": [',
    "two values": b"{}{}",
    "a list": b"[]",
    "null": "null",
    "a text": '"hello"',
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "in UTF-16": '{"id": "c"}'.encode("utf-16"),
    "of a byte order mark": b'\xef\xbb\xbf{"id": "c"}',
    "of a key twice": '{"id": "c", "id": "c"}',
    "of a key twice, once escaped": '{"id": "c", "\\u0069d": "c"}',
    "of a key twice, far down": '{"a": [{"b": {"c": 1, "c": 1}}]}',
    "of NaN": '{"a": NaN}',
    "of Infinity": '{"a": [Infinity]}',
    "of -Infinity": b'{"a": -Infinity}',
    "lists nested a hundred thousand deep": b"[" * 100_000,
    "objects nested a hundred thousand deep": b'{"a":' * 80_000,
    "a closed nest of lists": b"[" * 100_000 + b"]" * 100_000,
    "text that is nested": "[" * 100_000,
    "a number of a hundred thousand digits": b'{"a": ' + b"1" * 100_000 + b"}",
    "NUL": b"\0",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_it_is_no_json_object_what_is(body: str | bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"^The frame must be a JSON object in UTF-8") as refusal:
        read_object(body, "The frame")
    assert refusal.value.status == 400


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=4), st.booleans())
def test_a_json_object_is_read_as_it_was_written(value: dict[str, object], escaped: bool) -> None:
    written = json.dumps(value, ensure_ascii=escaped)
    assert read_object(written, "It") == read_object(written.encode(), "It") == value


@given(st.lists(VALUES, max_size=4), st.booleans())
def test_a_json_list_is_read_as_it_was_written(value: list[object], escaped: bool) -> None:
    assert read_list(json.dumps(value, ensure_ascii=escaped), "It") == value


@pytest.mark.parametrize(
    "what", ["{}", "null", "", "[", '[{"a": 1, "a": 1}]', "[NaN]", "[" * 100_000, None, 7, [], b"[]"]
)
def test_it_is_no_json_list_what_is(what: object) -> None:
    with pytest.raises(InvalidRequest, match=r"^The list must be a JSON list in UTF-8"):
        read_list(what, "The list")


@given(st.binary(max_size=40) | st.text(st.characters(), max_size=40))
def test_anything_is_refused_in_our_words_or_is_an_object(body: str | bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        assert isinstance(read_object(body, "It"), dict)
