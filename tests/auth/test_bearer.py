"""The credential of an HTTP request."""

import pytest

from shared.auth.bearer import bearer
from shared.errors import Unauthenticated


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   abc  ", "abc"),
        (" Bearer abc", "abc"),
    ],
)
def test_the_token_of_a_header_is(header: str, expected: str) -> None:
    assert bearer(header) == expected


@pytest.mark.parametrize(
    "header", [None, "", " ", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc", "Token Bearer"]
)
def test_there_is_no_token_in_the_header(header: str | None) -> None:
    with pytest.raises(Unauthenticated, match="Bearer <token>"):
        bearer(header)
