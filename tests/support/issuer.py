"""An OIDC issuer that is no Cognito: discovery, a key set with more than signing keys, and its own ideas of claims."""

import json
from collections.abc import Mapping
from typing import Any

from tests.support.claims import ABSENT
from tests.support.issuer_claims import claims_of, environment_of
from tests.support.pool import KID, OTHER_KEY, OUR_KEY, public_jwk, segment, signed
from tests.support.server import Answer, LocalServer, Received

ENCRYPTION_KID = "key-for-encryption"


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
        return environment_of(self.name, self.jwks_url)

    def claims(self, **changes: object) -> dict[str, Any]:
        """Those of a good access token, with changes."""
        return claims_of(self.name, **changes)

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
