"""An OIDC issuer that is no Cognito: discovery, a key set with more than signing keys, and its own ideas of claims."""

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.support.claims import ABSENT, changed
from tests.support.pool import KID, OTHER_KEY, OUR_KEY, public_jwk, segment, signed
from tests.support.server import Answer, LocalServer, Received

API = "https://chat.example.com/api"
"""Whom its access tokens are for."""
TIER = "https://chat.example.com/tier"
USE = "typ=Bearer"
SUB = "google-oauth2|104"
ENCRYPTION_KID = "key-for-encryption"

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


class Issuer(LocalServer):
    """Serves `/.well-known/openid-configuration` and `/keys`; its address is its name, with a slash."""

    def __init__(self) -> None:
        super().__init__(self._serve)

    @property
    def name(self) -> str:
        """The `iss` of its tokens."""
        return f"{self.url}/"

    @property
    def jwks_url(self) -> str:
        """The `jwks_uri` of its discovery document."""
        return f"{self.url}/keys"

    @property
    def environment(self) -> dict[str, str]:
        """What a function is told that takes its tokens."""
        return {
            "TOKEN_ISSUER": self.name,
            "TOKEN_JWKS_URL": self.jwks_url,
            "TOKEN_CLIENT_IDS": f"another-of-ours,{API}",
            "TOKEN_CLIENT_CLAIM": "aud",
            "TOKEN_USE": USE,
            "TOKEN_TIER_CLAIM": TIER,
        }

    def claims(self, **changes: object) -> dict[str, Any]:
        """Those of a good access token, with changes."""
        now = int(time.time())
        good = {"iss": self.name, "sub": SUB, "aud": [API, f"{self.url}/userinfo"], "azp": "page", "typ": "Bearer"}
        return changed({**good, TIER: "pro", "iat": now, "exp": now + 3600}, changes)

    def token(self, changes: Mapping[str, object] | None = None) -> str:
        """A token of its own key."""
        changes = dict(changes or {})
        if changes.get("iss") is ABSENT:
            changes["iss"] = self.url
        return signed(json.dumps(self.claims(**changes)).encode())

    def token_by_another_key(self, kid: str = KID) -> str:
        """A good token, but for its signature; an issuer lists this key for encryption."""
        return signed(json.dumps(self.claims()).encode(), key=OTHER_KEY, kid=kid)

    def unsigned(self) -> str:
        """A good token without a signature."""
        return f"{segment({'alg': 'none', 'kid': KID})}.{segment(self.claims())}."

    def _serve(self, received: Received) -> Answer:
        if received.path == "/.well-known/openid-configuration":
            return Answer(body=json.dumps({"issuer": self.name, "jwks_uri": self.jwks_url}).encode())
        if received.path != "/keys":
            return Answer(404)
        encryption = {**public_jwk(OTHER_KEY, ENCRYPTION_KID), "use": "enc", "alg": "RSA-OAEP"}
        elliptic = {"kty": "EC", "kid": "elliptic", "use": "sig", "crv": "P-256", "x": "AA", "y": "AA"}
        return Answer(body=json.dumps({"keys": [encryption, elliptic, public_jwk(OUR_KEY, KID)]}).encode())
