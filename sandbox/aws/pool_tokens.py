"""Access tokens with another expiry than Cognito's emulation gives them, signed by its key.

moto signs the tokens of all pools with one private key, which is part of its package: whoever has moto can do this, so
a sandbox's tokens are no secret and prove nothing outside of it.
"""

import base64
import gzip
import json
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from joserfc import jwt
from joserfc.jwk import RSAKey

KEY_FILE = "cognitoidp/resources/jwks-private.json.gz"
"""Below moto's package. It is read without importing that, which takes a second: moto has a process of its own."""
HOUR = 3600


def with_expiry(token: str, seconds: int) -> str:
    """The same token, but for its expiry: so many seconds from now, or ago if negative."""
    now = int(time.time())
    header, claims = (_decoded(part) for part in token.split(".")[:2])
    issued = now if seconds > 0 else now + seconds - HOUR
    claims |= {"iat": issued, "auth_time": issued, "exp": now + seconds}
    return jwt.encode(header, claims, _key())


@cache
def _key() -> RSAKey:
    moto = find_spec("moto")
    assert moto is not None
    assert moto.origin is not None
    return RSAKey.import_key(json.loads(gzip.decompress((Path(moto.origin).parent / KEY_FILE).read_bytes())))


def _decoded(part: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
