"""What claims say of a user, whoever has verified their signature."""

import json
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.auth.accepted import AcceptedClaims
from shared.auth.user import CLOCK_SKEW_SECONDS, LONGEST_SECONDS, MAX_CLAIMS_BYTES, User, user_of
from shared.errors import Unauthenticated
from shared.table.attributes import to_attributes
from tests.support.claims import WRONG, changed

CLIENT_ID = "4u3client"
ACCEPTED = AcceptedClaims(frozenset({CLIENT_ID}))


def good() -> dict[str, Any]:
    """The claims of an access token that is good for a minute."""
    now = int(time.time())
    return {
        "sub": "s-1",
        "client_id": CLIENT_ID,
        "token_use": "access",
        "username": "ada",
        "cognito:groups": ["free", "pro"],
        "iat": now,
        "auth_time": now,
        "exp": now + 60,
    }


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_claims_are_refused_with(changes: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated):
        user_of(changed(good(), changes), ACCEPTED)


def test_claims_that_are_nested_without_end_are_refused() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(Unauthenticated):
        user_of({**good(), "custom": nested}, ACCEPTED)


def test_good_claims_speak_for_their_user() -> None:
    claims = good()
    assert user_of(claims, ACCEPTED) == User("s-1", "ada", ("free", "pro"), claims["exp"])


def test_a_user_without_a_name_goes_by_the_sub_and_may_be_in_no_group() -> None:
    claims = {name: value for name, value in good().items() if name not in ("username", "cognito:groups")}
    user = user_of(claims, ACCEPTED)
    assert (user.username, user.groups) == ("s-1", ())


@pytest.mark.parametrize("seconds", [1, 60.5, LONGEST_SECONDS, LONGEST_SECONDS + CLOCK_SKEW_SECONDS - 1])
def test_a_token_may_be_good_for_up_to_a_day(seconds: float) -> None:
    assert user_of({**good(), "exp": time.time() + seconds}, ACCEPTED).sub == "s-1"


@pytest.mark.parametrize("name", ["iat", "nbf", "auth_time"])
def test_the_pool_s_clock_may_be_ahead_by_seconds(name: str) -> None:
    assert user_of({**good(), name: time.time() + CLOCK_SKEW_SECONDS - 1}, ACCEPTED).sub == "s-1"


def test_claims_may_be_as_large_as_the_limit() -> None:
    room = MAX_CLAIMS_BYTES - len(json.dumps({**good(), "custom": ""}))
    assert user_of({**good(), "custom": "x" * room}, ACCEPTED).sub == "s-1"
    with pytest.raises(Unauthenticated):
        user_of({**good(), "custom": "x" * (room + 1)}, ACCEPTED)


NUMBERS = st.integers() | st.floats() | st.integers(-(10**400), 10**400) | st.just(10**4000)
TEXTS = st.text(st.characters(codec=None), max_size=200)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | st.sampled_from(["access", CLIENT_ID, "s-1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from([*good(), "nbf"]) | TEXTS


def is_whole(user: User) -> bool:
    """Whether a user can be written and told, as the authorizer, the tickets and every key do."""
    told = json.dumps([user.sub, user.username, user.groups], ensure_ascii=False).encode()
    to_attributes({"sub": user.sub, "username": user.username, "groups": [*user.groups], "at": user.expires_at})
    lives = user.expires_at - time.time()
    return bool(told) and "#" not in user.sub and -1 <= lives <= LONGEST_SECONDS + CLOCK_SKEW_SECONDS


@given(st.dictionaries(NAMES, VALUES, max_size=3))
@example({"exp": 1e300})
@example({"iat": float("nan")})
def test_any_claims_are_those_of_a_user_or_are_refused(changes: dict[str, object]) -> None:
    """Nothing else may come of them: what is no refusal would be a fault of ours, and a 500."""
    try:
        user = user_of({**good(), **changes}, ACCEPTED)
    except Unauthenticated:
        return
    assert is_whole(user)
    for name in ("iat", "nbf", "auth_time"):
        at: Any = changes.get(name, 0)
        assert 0 <= at <= time.time() + CLOCK_SKEW_SECONDS
    assert {**good(), **changes}["token_use"] == "access"


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_claims_that_are_nobody_s_are_refused(claims: dict[str, object]) -> None:
    with pytest.raises(Unauthenticated):
        user_of(claims, ACCEPTED)
