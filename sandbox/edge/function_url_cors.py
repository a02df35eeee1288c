"""CORS of a function URL: Lambda answers preflights itself, and adds its headers to what the function sends.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors. Headers of the function's own are not
replaced: a function that sets them as well sends them twice, and browsers refuse that, as on AWS.
"""

from collections.abc import Sequence

from starlette.requests import Request

from sandbox.world import Cors


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what it may send."""
    return request.method == "OPTIONS" and {"origin", "access-control-request-method"} <= set(request.headers)


def preflight_headers(cors: Cors, request: Request) -> dict[str, str]:
    """The answer to a preflight; without the permissions when the origin is not allowed, which ends it."""
    headers = response_headers(cors, request)
    if headers:
        headers.pop("access-control-expose-headers", None)
        headers["access-control-allow-methods"] = _list(cors.allow_methods)
        headers["access-control-allow-headers"] = _list(cors.allow_headers)
        headers["access-control-max-age"] = str(cors.max_age_seconds)
    return {name: value for name, value in headers.items() if value}


def response_headers(cors: Cors, request: Request) -> dict[str, str]:
    """What Lambda adds to any answer; nothing when the request names no origin, or one that is not allowed."""
    origin = request.headers.get("origin")
    if origin is None or not ("*" in cors.allow_origins or origin in cors.allow_origins):
        return {}
    headers = {"access-control-allow-origin": origin, "vary": "Origin"}
    if cors.expose_headers:
        headers["access-control-expose-headers"] = _list(cors.expose_headers)
    if cors.allow_credentials:
        headers["access-control-allow-credentials"] = "true"
    return headers


def _list(values: Sequence[str]) -> str:
    return ",".join(values)
