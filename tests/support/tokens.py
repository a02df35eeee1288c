"""Tokens that only look right, signed with the key that the sandbox's Cognito signs with (moto's, which is public)."""

import gzip
import json
import time
from importlib import resources
from typing import Any

import jwt

from tests.support.sandbox import RunningSandbox

KEY_ID = "dummy"


def signed(sandbox: RunningSandbox, **claims: object) -> str:
    """A valid access token of the demo user, but for these claims; None leaves a claim out."""
    valid = jwt.decode(sandbox.token(), options={"verify_signature": False})
    changed = {name: value for name, value in {**valid, **claims}.items() if value is not None}
    return jwt.encode(changed, _key(), "RS256", headers={"kid": KEY_ID})


def expired(sandbox: RunningSandbox) -> str:
    return signed(sandbox, exp=int(time.time()) - 1)


def foreign_pool(sandbox: RunningSandbox) -> str:
    return signed(sandbox, iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_another")


def foreign_client(sandbox: RunningSandbox) -> str:
    return signed(sandbox, client_id="another")


def id_token(sandbox: RunningSandbox) -> str:
    return signed(sandbox, token_use="id", aud=sandbox.outputs.user_pool_client_id)


def tampered(sandbox: RunningSandbox) -> str:
    header, payload, signature = sandbox.token().split(".")
    other = jwt.encode({"sub": "somebody else"}, "k" * 32, "HS256").split(".")[1]
    return ".".join((header, payload[:-4] + other[-4:], signature))


def malformed(_: RunningSandbox) -> str:
    return "not.a.token"


def _key() -> Any:
    packed = resources.files("moto.cognitoidp").joinpath("resources/jwks-private.json.gz").read_bytes()
    return jwt.PyJWK(json.loads(gzip.decompress(packed)), "RS256").key
