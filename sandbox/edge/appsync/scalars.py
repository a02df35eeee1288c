"""AppSync's own scalars. Values keep their JSON form; AWSJSON is parsed on the way in and made a string on the way out.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html. AWSJSON's output is a JSON text of whatever
the resolver returned: a resolver that returns a *string* gets that string quoted once more, as AppSync does.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import cast
from urllib.parse import urlsplit

from graphql import GraphQLScalarType, StringValueNode, ValueNode
from graphql.utilities import value_from_ast_untyped

from sandbox.edge.appsync.values import read_json, to_json_text

Check = Callable[[object], object]
"""Returns the value to use; raises ValueError with AppSync's words for one that does not fit."""

_OFFSET = re.compile(r"(?:Z|[+-]\d\d:\d\d(?::\d\d)?)$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d$")
_TIME = re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d{0,9})?)?$")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)*$")
_PHONE = re.compile(r"\+?\d[\d\s().-]{5,18}\d$")


def _text(value: object, kind: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"Unable to parse `{value}` as a valid {kind}.")
    return value


def _pattern(kind: str, fits: Callable[[str], bool]) -> Check:
    def check(value: object) -> object:
        text = _text(value, kind)
        try:
            fitting = fits(text)
        except ValueError:
            fitting = False
        if not fitting:
            raise ValueError(f"Unable to parse `{text}` as a valid {kind}.")
        return text

    return check


def _is_date(text: str) -> bool:
    day = _OFFSET.sub("", text) if len(text) > len("2000-01-01") else text
    return bool(_DATE.match(day) and date.fromisoformat(day))


def _is_time(text: str) -> bool:
    clock = _OFFSET.sub("", text)
    return bool(_TIME.match(clock)) and time.fromisoformat(clock[:8]).tzinfo is None


def _is_date_time(text: str) -> bool:
    day, _, clock = text.partition("T")
    return bool(_OFFSET.search(clock)) and _is_date(day) and _is_time(clock)


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return bool(parts.scheme and (parts.netloc or parts.path) and "//" not in parts.path)


def _is_ip_address(text: str) -> bool:
    return bool(ipaddress.ip_interface(text))


def _timestamp(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"Unable to parse `{value}` as a valid timestamp.")
    return value


def _parse_json(value: object) -> object:
    try:
        return read_json(_text(value, "JSON"))
    except ValueError:
        raise ValueError(f"Unable to parse `{value}` as valid JSON.") from None


_CHECKS: Mapping[str, Check] = {
    "AWSDate": _pattern("date", _is_date),
    "AWSTime": _pattern("time", _is_time),
    "AWSDateTime": _pattern("date time", _is_date_time),
    "AWSTimestamp": _timestamp,
    "AWSEmail": _pattern("email address", lambda text: bool(_EMAIL.match(text))),
    "AWSPhone": _pattern("phone number", lambda text: bool(_PHONE.match(text))),
    "AWSURL": _pattern("URL", _is_url),
    "AWSIPAddress": _pattern("IP address", _is_ip_address),
}

SCALAR_NAMES = (*_CHECKS, "AWSJSON")


def install(scalars: Mapping[str, object], *, delivering: bool) -> None:
    """Gives the AWS scalars of a schema's type map their behaviour.

    `delivering` is for the schema that shapes published data for subscribers: what a mutation has made a JSON text
    stays that text.
    """
    for name in SCALAR_NAMES:
        scalar = scalars.get(name)
        if not isinstance(scalar, GraphQLScalarType):
            continue
        parse = _CHECKS.get(name, _parse_json)
        output: Check = parse if name in _CHECKS else (_unchanged if delivering else to_json_text)
        # graphql-core's own way to give a scalar of an SDL its functions; its stubs know static methods only.
        vars(scalar).update(parse_value=parse, parse_literal=_literal(name, parse), serialize=output)


def _unchanged(value: object) -> object:
    return value


def _literal(name: str, parse: Check) -> Callable[[ValueNode, Mapping[str, object] | None], object]:
    def check(node: ValueNode, variables: Mapping[str, object] | None = None) -> object:
        if name == "AWSJSON" and not isinstance(node, StringValueNode):
            raise ValueError("AWSJSON takes a string that holds JSON.")
        return parse(cast(object, value_from_ast_untyped(node, dict(variables or {}))))

    return check
