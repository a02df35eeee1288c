"""The public keys of an issuer, fetched once and kept by key id.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import cast

import jwt
import urllib3

from shared.errors import Busy, Unauthenticated

ALGORITHM = "RS256"
MAX_AGE_SECONDS = 3600
"""Keys are asked for again after this, so that a withdrawn key does not live as long as its environment."""
MIN_REFRESH_SECONDS = 30
"""A token with an unknown key id makes us ask, but no more often: or anyone could turn us on the issuer."""
RETRY_SECONDS = 2
"""Without any keys we ask again after this, and not for each token that comes meanwhile."""


_UNUSABLE = (
    urllib3.exceptions.HTTPError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    jwt.PyJWTError,
)
"""What asking for a key set, and reading an answer that is none, may raise."""


class Jwks:
    """Keys by `kid`. Threads may share one."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._http = urllib3.PoolManager(
            num_pools=1, timeout=urllib3.Timeout(connect=2, read=3), retries=urllib3.Retry(1, redirect=0)
        )
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._failure: Exception | None = None
        self._asked_at = -math.inf
        self._got_at = -math.inf

    def key(self, kid: str) -> jwt.PyJWK:
        """The key of this id. Raises Unauthenticated for an unknown one, Busy when no keys can be had."""
        with self._lock:
            now = self._clock()
            wanted = kid not in self._keys or now - self._got_at > MAX_AGE_SECONDS
            if wanted and now - self._asked_at > (MIN_REFRESH_SECONDS if self._keys else RETRY_SECONDS):
                self._refresh(now)
            if not self._keys:
                message = "Tokens cannot be checked at the moment. Please try again."
                raise Busy(message, retry_after=RETRY_SECONDS) from self._failure
            if kid not in self._keys:
                raise Unauthenticated("The access token is not signed by a key of its issuer.")
            return self._keys[kid]

    def _refresh(self, now: float) -> None:
        self._asked_at = now
        try:
            response = self._http.request("GET", self._url)
            if response.status != 200:
                raise ValueError(f"the key set's address answered {response.status}")
            document = cast("dict[str, list[dict[str, str]]]", json.loads(response.data))
            keys = {key["kid"]: jwt.PyJWK(key) for key in document["keys"] if _signs(key)}
            if not keys:
                raise ValueError("the key set holds no RSA key that signs")
            self._keys, self._got_at = keys, now
        except _UNUSABLE as error:
            self._failure = error  # known keys stay good while the issuer cannot be reached


def _signs(key: Mapping[str, str]) -> bool:
    """A key set may list keys for encryption, and keys of algorithms that are not taken here, beside those that sign.

    https://datatracker.ietf.org/doc/html/rfc7517#section-4
    """
    given = key.get("kty"), key.get("use", "sig"), key.get("alg", ALGORITHM)
    return given == ("RSA", "sig", ALGORITHM) and "kid" in key
