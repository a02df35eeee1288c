"""What the access tokens of an OIDC issuer that is no Cognito say, and what is wrong with those that are refused."""

import time
from collections.abc import Mapping
from typing import Any

from tests.support.claims import ABSENT, changed

API = "https://chat.example.com/api"
"""Whom its access tokens are for."""
TIER = "https://chat.example.com/tier"
USE = "typ=Bearer"
SUB = "google-oauth2|104"

REFUSED: Mapping[str, dict[str, object]] = {
    "of another issuer": {"iss": "https://another.example/"},
    "of the issuer without its slash": {"iss": ABSENT},
    "for another audience": {"aud": "https://another.example.com/api"},
    "for an audience that begins like ours": {"aud": f"{API}/more"},
    "for an audience that fits ours as a pattern": {"aud": API.replace(".", "x")},
    "for nobody": {"aud": ABSENT},
    "for an empty list": {"aud": []},
    "for a list of others": {"aud": ["https://another.example.com/api", "x"]},
    "for a list with more than texts": {"aud": [API, 7]},
    "for an object": {"aud": {API: True}},
    "that names us as a Cognito token would": {"aud": "another", "client_id": API},
    "that is an ID token": {"typ": "ID"},
    "that says nothing of its use": {"typ": ABSENT},
    "whose use is a list": {"typ": ["Bearer"]},
    "that says its use as a Cognito token would": {"typ": ABSENT, "token_use": "access"},
    "whose tier is a number": {TIER: 3},
    "whose tier is null": {TIER: None},
    "whose tier is true": {TIER: True},
    "whose tier is an object": {TIER: {"enterprise": True}},
    "whose tiers are not all texts": {TIER: ["pro", None]},
    "whose sub has a sign of ours": {"sub": "ada#1"},
    "whose sub is a path": {"sub": "../ada"},
    "whose sub is dots": {"sub": ".."},
    "whose sub is too long": {"sub": "a" * 129},
    "without a sub": {"sub": ABSENT},
    "that has expired": {"exp": int(time.time()) - 5},
    "that lives for a week": {"exp": int(time.time()) + 7 * 24 * 3600},
}
"""What is wrong with a token of the issuer's own key → the claims that are."""
TIERS: Mapping[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "one tier": ({TIER: "enterprise"}, ("enterprise",)),
    "tiers and other groups": ({TIER: ["staff", "pro", "free", "Enterprise"]}, ("free", "pro")),
    "hundreds of groups of a company": ({TIER: [f"g{n}" for n in range(300)]}, ()),
    "a tier that does not exist": ({TIER: "platinum"}, ()),
    "a tier in another case": ({TIER: "PRO"}, ()),
    "several in one text": ({TIER: "pro,enterprise"}, ()),
    "an empty text": ({TIER: ""}, ()),
    "no claim": ({TIER: ABSENT}, ()),
    "the groups of Cognito": ({TIER: ABSENT, "cognito:groups": ["enterprise"]}, ()),
}
"""What a token says → the claims, and the groups that its user is in."""


def claims_of(issuer: str, **changes: object) -> dict[str, Any]:
    """Those of a good access token, with changes; `issuer` ends with a slash."""
    now = int(time.time())
    good = {"iss": issuer, "sub": SUB, "aud": [API, f"{issuer}userinfo"], "azp": "page", "typ": "Bearer"}
    return changed({**good, TIER: "pro", "iat": now, "exp": now + 3600}, changes)


def environment_of(issuer: str, jwks_url: str) -> dict[str, str]:
    """What a function is told that takes these tokens."""
    return {
        "TOKEN_ISSUER": issuer,
        "TOKEN_JWKS_URL": jwks_url,
        "TOKEN_CLIENT_IDS": f"another-of-ours,{API}",
        "TOKEN_CLIENT_CLAIM": "aud",
        "TOKEN_USE": USE,
        "TOKEN_TIER_CLAIM": TIER,
    }
