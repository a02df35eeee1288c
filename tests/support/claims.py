"""Claims that a pool would never sign, and yet: each must be refused, on every transport, whoever signed it."""

import math
import time
from typing import Any

ABSENT = object()
"""Instead of a value: the claim is left out."""
NO_TIMES: dict[str, object] = {
    "null": None,
    "a boolean": True,
    "a text": "soon",
    "a number in a text": str(int(time.time())),
    "a list": [int(time.time())],
    "an object": {"seconds": 1},
    "NaN": math.nan,
    "infinite": math.inf,
    "infinitely long ago": -math.inf,
    "far too large": 1e300,
    "far too small": -1e300,
    "an integer of 4,000 digits": 10**4000,
    "before the epoch": -1,
}
NO_TEXTS: dict[str, object] = {
    "null": None,
    "a number": 7,
    "a boolean": True,
    "a list": ["ada"],
    "an object": {"ada": 1},
    "empty": "",
    "half a surrogate pair": "\ud800",
    "too long": "a" * 129,
}


def _wrong() -> dict[str, dict[str, object]]:
    now = int(time.time())
    times = {"iat": now + 3600, "nbf": now + 3600, "auth_time": now + 3600, "exp": now - 1}
    wrong: dict[str, dict[str, object]] = {f"{name} of another hour": {name: at} for name, at in times.items()}
    for what, value in NO_TIMES.items():
        wrong |= {f"{name} that is {what}": {name: value} for name in times}
    for what, value in NO_TEXTS.items():
        names = ("sub", "username", "token_use", "client_id")
        wrong |= {f"{name} that is {what}": {name: value} for name in names}
        wrong[f"a group that is {what}"] = {"cognito:groups": ["pro", value]}
        if not isinstance(value, list):
            wrong[f"groups that are {what}"] = {"cognito:groups": value}
    wrong |= {f"no {name}": {name: ABSENT} for name in ("exp", "sub", "token_use", "client_id")}
    return wrong | {
        "a life of over a day": {"exp": now + 25 * 3600},
        "a sub with a sign of ours": {"sub": "ada#1"},
        "the token_use of an ID token": {"token_use": "id"},
        "another client": {"client_id": "another"},
        "20 KB of claims": {"custom": "x" * 20_000},
        "8 KB of claims in another alphabet": {"custom": "é" * 1_400},
        "thousands of groups": {"cognito:groups": ["g"] * 5_000},
    }


WRONG = _wrong()
"""What is wrong → the claims that are."""


def changed(claims: dict[str, Any], changes: dict[str, object]) -> dict[str, Any]:
    """These claims with changes."""
    return {name: value for name, value in {**claims, **changes}.items() if value is not ABSENT}
