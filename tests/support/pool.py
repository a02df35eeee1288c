"""A user pool with real RSA keys, whose key set is served on a real port: it signs good tokens, and any forgery."""

import base64
import json
import threading
import time
from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.auth.accepted import AcceptedClaims
from shared.auth.jwks import Jwks
from shared.auth.tokens import TokenVerifier
from tests.support.claims import changed
from tests.support.server import WAIT_SECONDS, Answer, CutConnection, LocalServer, Received

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01"
CLIENT_ID = "4u3client"
KID = "key-of-the-pool"
OUR_KEY = "ours"
OTHER_KEY = "another's"


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:  # noqa: ARG001 - told apart by the cache
    """The RSA key of this name: made once, because making one takes long."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(name: str) -> bytes:
    """The public key in PEM, as an attacker knows it."""
    public = private_key(name).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def public_jwk(name: str, kid: str) -> dict[str, str]:
    """The public key as a key set lists it."""
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return {**algorithm.to_jwk(private_key(name).public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}


def segment(value: object) -> str:
    """A part of a token by hand, for what no library would sign."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def claims(**changes: object) -> dict[str, object]:
    """What a good access token says, with changes; None leaves a claim out."""
    now = int(time.time())
    good: dict[str, object] = {
        "sub": "a1b2c3d4",
        "iss": ISSUER,
        "client_id": CLIENT_ID,
        "token_use": "access",
        "username": "ada",
        "cognito:groups": ["pro"],
        "scope": "aws.cognito.signin.user.admin",
        "iat": now,
        "auth_time": now,
        "exp": now + 3600,
        "jti": "0d3a",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def token(*, key: str = OUR_KEY, headers: dict[str, object] | None = None, **changes: object) -> str:
    """A token, good unless told otherwise."""
    return jwt.encode(claims(**changes), private_key(key), "RS256", headers={"kid": KID, **(headers or {})})


def signed(payload: bytes, *, key: str = OUR_KEY, kid: str = KID) -> str:
    """A token that is properly signed, whatever its payload is."""
    message = f"{segment({'alg': 'RS256', 'kid': kid})}.{segment(payload)}"
    rsa_sha256 = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return f"{message}.{segment(rsa_sha256.sign(message.encode(), private_key(key)))}"


def token_with(changes: dict[str, object]) -> str:
    """A token of the pool's own key with these claims, which no library would sign."""
    return signed(json.dumps(changed(claims(), changes)).encode())


class Clock:
    """A clock that the test moves, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Pool(LocalServer):
    """Serves `keys` (kid → name of the key); `down` and `answer` make it fail, `holds` makes it wait."""

    def __init__(self) -> None:
        super().__init__(self._key_set)
        self.keys = {KID: OUR_KEY}
        self.down = False
        self.holds: threading.Event | None = None
        self.answer: Answer | None = None
        self.clock = Clock()

    @property
    def jwks_url(self) -> str:
        """Where its keys are."""
        return f"{self.url}/pool/.well-known/jwks.json"

    def verifier(self) -> TokenVerifier:
        """A verifier of this pool's tokens, on the pool's clock."""
        accepted = AcceptedClaims(frozenset({CLIENT_ID, "another-of-ours"}))
        return TokenVerifier(ISSUER, accepted, Jwks(self.jwks_url, self.clock))

    def _key_set(self, _: Received) -> Answer:
        if self.holds is not None:
            self.holds.wait(WAIT_SECONDS)
        if self.down:
            raise CutConnection
        if self.answer is not None:
            return self.answer
        keys = [public_jwk(name, kid) for kid, name in self.keys.items()]
        return Answer(body=json.dumps({"keys": keys}).encode())
