"""The pool's keys: fetched once, again for a new key, and never so often that a flood of tokens becomes one of ours."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.auth.jwks import MAX_AGE_SECONDS, MIN_REFRESH_SECONDS, RETRY_SECONDS
from shared.auth.tokens import TokenVerifier
from shared.errors import Internal, Unauthenticated
from tests.support.pool import KID, OTHER_KEY, OUR_KEY, Pool, public_jwk, token
from tests.support.server import WAIT_SECONDS, Answer, LocalServer

NEW_KID = "key-after-rotation"


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A user pool of this test's own."""
    with Pool() as running:
        yield running


def rotated_token() -> str:
    return token(key=OTHER_KEY, headers={"kid": NEW_KID})


def refused(verifier: TokenVerifier, forged: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(forged)


def test_the_keys_are_fetched_once_for_many_tokens(pool: Pool) -> None:
    verifier = pool.verifier()
    for _ in range(5):
        verifier.verify(token())
    assert [received.path for received in pool.received] == ["/pool/.well-known/jwks.json"]


def test_a_key_that_is_new_in_the_pool_is_fetched_once(pool: Pool) -> None:
    verifier = pool.verifier()
    verifier.verify(token())
    pool.keys[NEW_KID] = OTHER_KEY
    pool.clock.now += MIN_REFRESH_SECONDS + 1
    for _ in range(3):
        verifier.verify(rotated_token())
        verifier.verify(token())
    assert len(pool.received) == 2


def test_a_flood_of_unknown_key_ids_asks_the_pool_once_per_interval(pool: Pool) -> None:
    verifier = pool.verifier()
    verifier.verify(token())
    for _ in range(3):
        pool.clock.now += MIN_REFRESH_SECONDS + 1
        for number in range(20):
            refused(verifier, token(headers={"kid": f"made-up-{number}"}))
    assert len(pool.received) == 1 + 3


def test_many_threads_that_need_the_keys_at_once_ask_the_pool_once(pool: Pool) -> None:
    verifier = pool.verifier()
    may_answer = threading.Event()
    pool.holds = may_answer
    with ThreadPoolExecutor(8) as threads:
        users = [threads.submit(verifier.verify, token()) for _ in range(8)]
        pool.wait_until_received(1)
        assert not pool.receives(2, within=0.1)
        may_answer.set()
        assert {user.result(WAIT_SECONDS).sub for user in users} == {"a1b2c3d4"}
    assert len(pool.received) == 1


def test_a_good_token_is_accepted_in_the_middle_of_a_flood(pool: Pool) -> None:
    verifier = pool.verifier()
    refused(verifier, token(headers={"kid": "made-up"}))
    assert verifier.verify(token()).sub == "a1b2c3d4"


def test_a_key_that_was_withdrawn_is_refused_once_the_keys_have_aged(pool: Pool) -> None:
    verifier = pool.verifier()
    verifier.verify(token())
    pool.keys = {NEW_KID: OTHER_KEY}
    verifier.verify(token())
    pool.clock.now += MAX_AGE_SECONDS + 1
    refused(verifier, token())
    assert verifier.verify(rotated_token()).sub == "a1b2c3d4"


def test_an_exchanged_key_under_the_same_id_counts_once_the_keys_have_aged(pool: Pool) -> None:
    verifier = pool.verifier()
    verifier.verify(token())
    pool.keys[KID] = OTHER_KEY
    pool.clock.now += MAX_AGE_SECONDS + 1
    refused(verifier, token(key=OUR_KEY))


def test_known_keys_stay_good_while_the_pool_is_down(pool: Pool) -> None:
    verifier = pool.verifier()
    verifier.verify(token())
    pool.down = True
    pool.clock.now += MAX_AGE_SECONDS + 1
    assert verifier.verify(token()).sub == "a1b2c3d4"
    refused(verifier, rotated_token())


def test_a_pool_that_is_down_is_not_asked_for_each_token_while_its_keys_are_known(pool: Pool) -> None:
    verifier = pool.verifier()
    verifier.verify(token())
    pool.down = True
    pool.clock.now += MAX_AGE_SECONDS + 1
    verifier.verify(token())
    asked = len(pool.received)
    verifier.verify(token())
    assert len(pool.received) == asked


def test_without_any_keys_a_token_cannot_be_checked_and_that_is_our_fault(pool: Pool) -> None:
    pool.down = True
    verifier = pool.verifier()
    with pytest.raises(Internal):
        verifier.verify(token())
    pool.down = False
    pool.clock.now += RETRY_SECONDS + 1
    assert verifier.verify(token()).sub == "a1b2c3d4"


def test_without_any_keys_a_flood_of_tokens_asks_the_pool_once_per_interval(pool: Pool) -> None:
    pool.answer = Answer(500)
    verifier = pool.verifier()
    for _ in range(3):
        pool.clock.now += RETRY_SECONDS + 1
        for _ in range(5):
            with pytest.raises(Internal):
                verifier.verify(token())
    assert len(pool.received) == 3


def test_the_first_token_after_a_boot_is_checked_however_young_the_clock(pool: Pool) -> None:
    pool.clock.now = 0.0
    verifier = pool.verifier()
    assert verifier.verify(token()).sub == "a1b2c3d4"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b"oops"),
        Answer(404, b"{}"),
        Answer(200, b"<html>"),
        Answer(200, b"\xff\xfe"),
        Answer(200, b"[]"),
        Answer(200, b"null"),
        Answer(200, b'{"keys": null}'),
        Answer(200, b'{"keys": []}'),
        Answer(200, b'{"keys": {"kid": 1}}'),
        Answer(200, b'{"keys": ["key"]}'),
        Answer(200, b'{"keys": [{"kty": "RSA"}]}'),
        Answer(200, b'{"keys": [{"kty": "RSA", "kid": []}]}'),
        Answer(200, b'{"keys": [{"kty": "RSA", "kid": "a", "n": "x", "e": "y"}]}'),
        Answer(200, b'{"keys": [{"kty": "RSA", "kid": "a", "n": 1, "e": 2}]}'),
        Answer(200, b"[" * 100_000),
        Answer(204),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:40]!r}",
)
def test_an_answer_that_is_no_key_set_is_our_fault_and_known_keys_survive_it(answer: Answer, pool: Pool) -> None:
    pool.answer = answer
    with pytest.raises(Internal):
        pool.verifier().verify(token())
    pool.answer = None
    verifier = pool.verifier()
    verifier.verify(token())
    pool.answer = answer
    pool.clock.now += MAX_AGE_SECONDS + 1
    assert verifier.verify(token()).sub == "a1b2c3d4"


def test_a_key_that_cannot_sign_tokens_is_passed_over(pool: Pool) -> None:
    secret = {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}
    pool.answer = Answer(body=json.dumps({"keys": [secret, public_jwk(OUR_KEY, KID)]}).encode())
    verifier = pool.verifier()
    assert verifier.verify(token()).sub == "a1b2c3d4"
    refused(verifier, token(headers={"kid": "secret"}))


def test_a_redirect_is_not_followed(pool: Pool) -> None:
    with LocalServer(lambda _: Answer(body=json.dumps({"keys": [public_jwk(OUR_KEY, KID)]}).encode())) as elsewhere:
        pool.answer = Answer(302, headers={"location": elsewhere.url})
        with pytest.raises(Internal):
            pool.verifier().verify(token())
        assert elsewhere.received == []
