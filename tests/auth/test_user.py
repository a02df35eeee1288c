"""What claims say of a user, where somebody else (AppSync) has verified the signature."""

import pytest

from shared.auth.user import User, check_claims, user_of
from shared.errors import Unauthenticated

CLIENTS = frozenset({"ours"})
GOOD: dict[str, object] = {"token_use": "access", "client_id": "ours", "sub": "s-1", "exp": 2_000_000_000}


@pytest.mark.parametrize(
    "changes",
    [
        {"token_use": "id"},
        {"token_use": None},
        {"token_use": ["access"]},
        {"client_id": "another"},
        {"client_id": None},
        {"client_id": ["ours"]},
        {"client_id": {"ours": 1}},
    ],
    ids=str,
)
def test_claims_are_refused_with(changes: dict[str, object]) -> None:
    check_claims(GOOD, CLIENTS)
    with pytest.raises(Unauthenticated):
        check_claims({**GOOD, **changes}, CLIENTS)


@pytest.mark.parametrize(
    "changes",
    [{"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": ["s-1"]}, {"exp": None}, {"exp": "soon"}],
    ids=str,
)
def test_claims_name_no_user_with(changes: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated):
        user_of({**GOOD, **changes})


def test_the_groups_of_a_user_are_those_of_the_token() -> None:
    claims = {**GOOD, "username": "ada", "cognito:groups": ["free", "pro"]}
    assert user_of(claims) == User("s-1", "ada", ("free", "pro"), 2_000_000_000)


@pytest.mark.parametrize("groups", [None, "pro", {"pro": 1}, 3], ids=str)
def test_groups_that_are_no_list_are_none(groups: object) -> None:
    assert user_of({**GOOD, "cognito:groups": groups}).groups == ()


def test_a_user_without_a_name_goes_by_the_sub() -> None:
    assert user_of(GOOD).username == "s-1"
