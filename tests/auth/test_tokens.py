"""The one verifier of access tokens, attacked: real RSA keys, and a real key set on a socket."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from functools import partial

import jwt
import pytest

from shared.auth.tokens import MAX_TOKEN_CHARACTERS, TokenVerifier
from shared.auth.user import User
from shared.errors import Unauthenticated
from tests.support import pool as pools
from tests.support.claims import WRONG
from tests.support.pool import KID, OTHER_KEY, Pool, claims, segment, signed, token, token_with


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool() as running:
        yield running


@pytest.fixture(scope="module")
def verifier(pool: Pool) -> TokenVerifier:
    """One verifier for the whole table: each attack meets the keys that the ones before have left."""
    return pool.verifier()


def unsigned(header: dict[str, object]) -> str:
    """A token with this header and a signature that is no signature."""
    return f"{segment(header)}.{segment(claims())}.{segment(b'signature')}"


def hmac_of_public_key(algorithm: str = "HS256") -> str:
    """The public key is public: were it taken for an HMAC secret, anyone could sign."""
    message = f"{segment({'alg': algorithm, 'kid': KID, 'typ': 'JWT'})}.{segment(claims())}"
    return f"{message}.{segment(hmac.digest(pools.public_pem(pools.OUR_KEY), message.encode(), hashlib.sha256))}"


def parts(good: str) -> list[str]:
    return good.split(".")


def with_payload(payload: dict[str, object]) -> str:
    """A good token whose payload was exchanged."""
    header, _, signature = parts(token())
    return f"{header}.{segment(payload)}.{signature}"


def with_own_key(name: str, value: object) -> str:
    """Signed by the attacker's key, which the header itself brings along."""
    return token(key=OTHER_KEY, headers={name: value})


ATTACKS: dict[str, Callable[[], str]] = {
    "algorithm none, without a signature": lambda: f"{segment({'alg': 'none', 'kid': KID})}.{segment(claims())}.",
    "algorithm None, in another case": lambda: f"{segment({'alg': 'nOnE', 'kid': KID})}.{segment(claims())}.",
    "algorithm none with the signature of a good token": lambda: ".".join(
        [segment({"alg": "none", "kid": KID}), *parts(token())[1:]]
    ),
    "no algorithm": lambda: unsigned({"kid": KID}),
    "an algorithm that is no text": lambda: unsigned({"alg": ["RS256"], "kid": KID}),
    "HS256 with the public key as secret": hmac_of_public_key,
    "HS256 named RS256": lambda: hmac_of_public_key("RS256"),
    "RS512 by the pool's own key": lambda: jwt.encode(
        claims(), pools.private_key(pools.OUR_KEY), "RS512", headers={"kid": KID}
    ),
    "PS256 by the pool's own key": lambda: jwt.encode(
        claims(), pools.private_key(pools.OUR_KEY), "PS256", headers={"kid": KID}
    ),
    "another key under the pool's key id": lambda: token(key=OTHER_KEY),
    "an unknown key id": lambda: token(headers={"kid": "nobody's"}),
    "no key id": lambda: unsigned({"alg": "RS256"}),
    "a key id that is a number": lambda: unsigned({"alg": "RS256", "kid": 1}),
    "a key id that is null": lambda: unsigned({"alg": "RS256", "kid": None}),
    "a key id that is a list": lambda: unsigned({"alg": "RS256", "kid": [KID]}),
    "a key id that is an object": lambda: unsigned({"alg": "RS256", "kid": {KID: KID}}),
    "a key id that is empty": lambda: unsigned({"alg": "RS256", "kid": ""}),
    "a key id that is a path": lambda: unsigned({"alg": "RS256", "kid": "../../../dev/null"}),
    "a key of its own in `jwk`": lambda: with_own_key("jwk", pools.public_jwk(OTHER_KEY, KID)),
    "a key set of its own in `jku`": lambda: with_own_key("jku", "https://attacker.example/jwks.json"),
    "a certificate of its own in `x5u`": lambda: with_own_key("x5u", "https://attacker.example/cert.pem"),
    "a certificate of its own in `x5c`": lambda: with_own_key("x5c", ["MIIB"]),
    "a critical extension that nobody knows": lambda: token(headers={"crit": ["exp"], "exp": 1}),
    "a detached payload": lambda: token(headers={"b64": False, "crit": ["b64"]}),
    "another pool's issuer": lambda: token(iss=pools.ISSUER + "x"),
    "another pool's key and issuer": lambda: token(key=OTHER_KEY, iss="https://attacker.example"),
    "an issuer that is a list with ours in it": lambda: token_with({"iss": [pools.ISSUER]}),
    "expired": lambda: token(exp=int(time.time()) - 1),
    "not valid yet": lambda: token(nbf=int(time.time()) + 600),
    "issued in the future": lambda: token(iat=int(time.time()) + 60),
    "no exp": lambda: token(exp=None),
    "no iss": lambda: token(iss=None),
    "no sub": lambda: token(sub=None),
    "an empty sub": lambda: token(sub=""),
    "no token_use": lambda: token(token_use=None),
    "an ID token": lambda: token(token_use="id", client_id=None, aud=pools.CLIENT_ID),
    "an ID token with our client_id": lambda: token(token_use="id"),
    "no client_id": lambda: token(client_id=None),
    "a foreign client": lambda: token(client_id="another-application"),
    "an empty client_id": lambda: token(client_id=""),
    "a client_id that is a list": lambda: token(client_id=[pools.CLIENT_ID]),
    "a payload exchanged under a good signature": lambda: with_payload(claims(sub="somebody else")),
    "a payload that is no object": lambda: signed(b'["sub"]'),
    "a payload that is not JSON": lambda: signed(b"sub=1"),
    "a payload in UTF-16": lambda: signed(json.dumps(claims()).encode("utf-16")),
    "a payload with a claim twice": lambda: signed(json.dumps(claims()).encode()[:-1] + b', "sub": "somebody-else"}'),
    "a payload that is nested thousands deep": lambda: signed(b'{"custom": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
    "a good token cut short": lambda: token()[:-20],
    "a good token without its signature": lambda: ".".join(parts(token())[:2]),
    "a good token with an empty signature": lambda: ".".join([*parts(token())[:2], ""]),
    "a segment twice": lambda: ".".join([*parts(token())[:2], *parts(token())[1:]]),
    "a token twice": lambda: f"{token()}.{token()}",
    "two tokens with a comma": lambda: f"{token()},{token()}",
    "an encrypted token of five segments": lambda: ".".join([segment({"alg": "RSA-OAEP", "enc": "A256GCM"}), *"abcd"]),
    "empty": lambda: "",
    "dots": lambda: "..",
    "text": lambda: "not a token",
    "not ASCII": lambda: "tökén.ü.ß",
    "half a surrogate pair": lambda: "\ud800.a.b",
    "NUL": lambda: "\0.\0.\0",
    "a header that is no object": lambda: f"{segment(['RS256'])}.{segment(claims())}.c2ln",
    "a header that is nested ten thousand deep": lambda: f"{segment(b'[' * 10_000)}.{segment(claims())}.c2ln",
    "a good token made huge by a claim": lambda: token(filler="x" * MAX_TOKEN_CHARACTERS),
    "megabytes": lambda: "a." * 2_000_000,
}


WRONG_CLAIMS: dict[str, Callable[[], str]] = {what: partial(token_with, changes) for what, changes in WRONG.items()}


@pytest.mark.parametrize("attack", (ATTACKS | WRONG_CLAIMS).values(), ids=(ATTACKS | WRONG_CLAIMS).keys())
def test_a_token_is_refused_without_repeating_it_that_is(attack: Callable[[], str], verifier: TokenVerifier) -> None:
    forged = attack()
    with pytest.raises(Unauthenticated) as refusal:
        verifier.verify(forged)
    assert refusal.value.to_json()["code"] == "unauthenticated"
    assert not any(piece in refusal.value.message for piece in forged.split(".") if len(piece) > 8)


def test_a_good_token_speaks_for_its_user(verifier: TokenVerifier) -> None:
    expires = int(time.time()) + 60
    user = verifier.verify(token(exp=expires))
    assert user == User(sub="a1b2c3d4", username="ada", groups=("pro",), expires_at=expires)


def test_a_token_of_a_pool_whose_clock_is_ahead_by_seconds_is_accepted(verifier: TokenVerifier) -> None:
    assert verifier.verify(token(iat=int(time.time()) + 4)).sub == "a1b2c3d4"


def test_each_of_our_clients_is_accepted(verifier: TokenVerifier) -> None:
    assert verifier.verify(token(client_id="another-of-ours")).sub == "a1b2c3d4"


def test_a_user_without_groups_or_name_is_accepted(verifier: TokenVerifier) -> None:
    user = verifier.verify(token(username=None, **{"cognito:groups": None}))
    assert (user.username, user.groups) == ("a1b2c3d4", ())


def test_a_token_bound_to_a_resource_is_accepted(verifier: TokenVerifier) -> None:
    assert verifier.verify(token(aud="https://api.example")).sub == "a1b2c3d4"


def test_a_hand_made_signature_is_accepted_so_the_forgeries_fail_for_what_they_are(verifier: TokenVerifier) -> None:
    assert verifier.verify(token_with({})).sub == "a1b2c3d4"


def test_the_settings_come_from_the_environment(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_ISSUER", pools.ISSUER)
    monkeypatch.setenv("TOKEN_JWKS_URL", pool.jwks_url)
    monkeypatch.setenv("TOKEN_CLIENT_IDS", f"one,{pools.CLIENT_ID}")
    verifier = TokenVerifier.from_environment()
    assert verifier.verify(token()).sub == "a1b2c3d4"
    with pytest.raises(Unauthenticated):
        verifier.verify(token(client_id=f"one,{pools.CLIENT_ID}"))
