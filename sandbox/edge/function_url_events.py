"""Payload format 2.0: the event that a plain function gets for a request to its URL, and what its answer becomes.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl

from sandbox.functions.service import WebRequest

# Which types these are AWS does not document; https://github.com/ministackorg/ministack/pull/766 reports it.
TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")
"""Beginnings of the content types whose bodies travel as text; all others travel in base64."""
STATUSES = range(HTTPStatus.OK, 600)


class MalformedAnswer(Exception):
    """What the function returned is no HTTP response: the client gets a 502."""


@dataclass(frozen=True)
class Answer:
    """The function's HTTP answer, whole."""

    status: int
    headers: list[tuple[bytes, bytes]]
    """Names in lower case."""
    body: bytes


def event_of(request: WebRequest) -> bytes:
    """The event for `request`, as JSON."""
    path, _, query = request.target.partition("?")
    headers = dict(request.headers)
    cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
    text = _text(headers.get("content-type", ""), request.body)
    event: dict[str, object] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": request.context,
        "isBase64Encoded": text is None,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = _parameters(query)
    if request.body:
        event["body"] = base64.b64encode(request.body).decode() if text is None else text
    return json.dumps(event).encode()


def answer_of(payload: bytes) -> Answer:
    """The answer that the function returned as JSON. Raises `MalformedAnswer`.

    An object with a `statusCode` describes a response; anything else is the body itself, of a 200.
    """
    returned: object = json.loads(payload)
    json_type = {"content-type": "application/json"}
    if not isinstance(returned, dict) or "statusCode" not in returned:
        return Answer(HTTPStatus.OK, _encoded(json_type), payload)
    described = cast("Mapping[str, object]", returned)
    status = described["statusCode"]
    if not isinstance(status, int) or status not in STATUSES:
        raise MalformedAnswer(f"statusCode is {status!r}")
    headers: object = described.get("headers") or {}
    cookies: object = described.get("cookies") or []
    if not isinstance(headers, dict) or not isinstance(cookies, list):
        raise MalformedAnswer("headers is no object, or cookies no list")
    named = {name.lower(): value for name, value in cast("Mapping[str, object]", headers).items()}
    set_cookies = [("set-cookie", cookie) for cookie in cast("list[object]", cookies)]
    return Answer(status, [*_encoded({**json_type, **named}), *_encoded(set_cookies)], _body(described))


def _text(content_type: str, body: bytes) -> str | None:
    """The body as text; None when it travels in base64."""
    if body and not content_type.lower().startswith(TEXT_TYPES):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _parameters(query: str) -> dict[str, str]:
    """Values of one name are joined by commas."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return {name: ",".join(each) for name, each in values.items()}


def _body(described: Mapping[str, object]) -> bytes:
    body = described.get("body") or ""
    if not isinstance(body, str):
        raise MalformedAnswer(f"body is {type(body).__name__}, not text")
    try:
        return base64.b64decode(body, validate=True) if described.get("isBase64Encoded") else body.encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedAnswer(f"body: {error}") from None


def _encoded(fields: Mapping[str, object] | list[tuple[str, object]]) -> list[tuple[bytes, bytes]]:
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    try:
        return [(name.encode("ascii"), _field(value)) for name, value in pairs]
    except UnicodeEncodeError as error:
        raise MalformedAnswer(f"a header: {error}") from None


def _field(value: object) -> bytes:
    if not isinstance(value, str | int | float):
        raise MalformedAnswer(f"a header is {type(value).__name__}, not text")
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    if not text.isprintable():
        raise MalformedAnswer(f"a header is {text!r}")
    return text.encode("latin-1")
