"""Tokens of an issuer that is no Cognito user pool: which claims count, and which grant nothing."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.auth.accepted import AcceptedClaims
from shared.auth.tokens import TokenVerifier
from shared.auth.user import User, user_of
from shared.contract.tiers import Tier
from shared.errors import Unauthenticated
from tests.support.issuer import ENCRYPTION_KID, Issuer
from tests.support.issuer_claims import API, REFUSED, SUB, TIER, TIERS
from tests.support.pool import token as token_of_a_pool

ACCEPTED = AcceptedClaims(frozenset({API}), "aud", ("typ", "Bearer"), TIER, only_tiers=True)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


@pytest.fixture(scope="module")
def verifier(issuer: Issuer) -> Iterator[TokenVerifier]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in issuer.environment.items():
            patch.setenv(name, value)
        yield TokenVerifier.from_environment()


@pytest.mark.parametrize("what", REFUSED)
def test_a_token_is_refused(what: str, issuer: Issuer, verifier: TokenVerifier) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(issuer.token(REFUSED[what]))


def test_a_token_by_another_key_is_refused_and_so_is_one_by_a_key_for_encryption(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    forged = (
        issuer.token_by_another_key(),
        issuer.token_by_another_key(ENCRYPTION_KID),
        issuer.unsigned(),
        token_of_a_pool(),
    )
    for token in forged:
        with pytest.raises(Unauthenticated):
            verifier.verify(token)


def test_a_good_token_speaks_for_its_user_beside_keys_that_are_not_for_signing(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    claims = issuer.claims()
    assert verifier.verify(issuer.token()) == User(SUB, SUB, ("pro",), claims["exp"])


@pytest.mark.parametrize("aud", [API, [API], ["x", API], "another-of-ours"], ids=str)
def test_a_token_for_us_is_good_whoever_else_it_is_for(aud: object, issuer: Issuer, verifier: TokenVerifier) -> None:
    assert verifier.verify(issuer.token({"aud": aud})).sub == SUB


@pytest.mark.parametrize("sub", [SUB, "ada@example.com", "f:7-8:ada", "00u1a2b3", "_x", "a" * 128])
def test_a_sub_may_be_what_issuers_make_of_it(sub: str, issuer: Issuer, verifier: TokenVerifier) -> None:
    assert verifier.verify(issuer.token({"sub": sub})).sub == sub


@pytest.mark.parametrize("what", TIERS)
def test_of_groups_those_count_that_are_tiers(what: str, issuer: Issuer, verifier: TokenVerifier) -> None:
    changes, groups = TIERS[what]
    assert verifier.verify(issuer.token(changes)).groups == groups


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_claim_makes_a_tier_that_there_is_not(value: object) -> None:
    claims: dict[str, Any] = {"sub": SUB, "aud": API, "typ": "Bearer", TIER: value, "exp": time.time() + 60}
    try:
        groups = user_of(claims, ACCEPTED).groups
    except Unauthenticated:
        return
    assert set(groups) <= {tier.value for tier in Tier}


def test_an_issuer_that_says_nothing_of_use_and_tiers_is_read_without_them(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in issuer.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TOKEN_USE")
    monkeypatch.delenv("TOKEN_TIER_CLAIM")
    verifier = TokenVerifier.from_environment()
    assert verifier.verify(issuer.token({"typ": "ID"})).groups == ()
    with pytest.raises(Unauthenticated):
        verifier.verify(issuer.token({"aud": "page"}))  # an ID token as most issuers make it: for the client


def test_another_claim_may_name_the_client_and_is_one_text(issuer: Issuer) -> None:
    by_azp = AcceptedClaims(frozenset({"page"}), "azp", None, None, only_tiers=True)
    assert user_of(issuer.claims(), by_azp).sub == SUB
    for client in ("another", ["page"], None):
        with pytest.raises(Unauthenticated):
            user_of(issuer.claims(azp=client), by_azp)


def test_without_the_claims_of_an_issuer_tokens_are_read_as_a_user_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN_CLIENT_CLAIM", "TOKEN_USE", "TOKEN_TIER_CLAIM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOKEN_CLIENT_IDS", "a,b")
    assert AcceptedClaims.from_environment() == AcceptedClaims(frozenset({"a", "b"}))
