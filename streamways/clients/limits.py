"""What a stack says of a user's limits, the same on each transport."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast

from streamways.clients.errors import Malformed


@dataclass(frozen=True)
class Quota:
    """One limit, and what is left of it."""

    name: str
    """`requests`, `concurrent-streams` or `credits`."""
    limit: int
    remaining: int
    next_in: int | None
    """Seconds until one more is allowed than are now, 0 when all are; None where nobody knows."""

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Raises Malformed."""
        fields = _object(value)
        next_in = None if fields.get("nextIn") is None else _whole(fields, "nextIn")
        return cls(_text(fields, "name"), _whole(fields, "limit"), _whole(fields, "remaining"), next_in)


@dataclass(frozen=True)
class UserLimits:
    """What the user may do now."""

    tier: str
    features: tuple[str, ...]
    max_output_tokens: int
    requests: Quota
    streams: Quota
    credits: Quota | None
    """None where the stack counts none."""

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Self:
        """Raises Malformed."""
        quotas = {quota.name: quota for quota in map(Quota.from_json, _list(value, "quotas"))}
        if quotas.keys() - {"credits"} != {"requests", "concurrent-streams"}:
            raise Malformed(f"the quotas are {', '.join(sorted(quotas)) or 'none'}")
        return cls(
            _text(value, "tier"),
            tuple(map(str, _list(value, "features"))),
            _whole(value, "maxOutputTokens"),
            quotas["requests"],
            quotas["concurrent-streams"],
            quotas.get("credits"),
        )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Malformed(f"an object was due among the limits, and {value!r} came")
    return cast("Mapping[str, object]", value)


def _list(fields: Mapping[str, object], name: str) -> list[object]:
    value = fields.get(name)
    if not isinstance(value, list):
        raise Malformed(f"the limits have {name} {value!r}, where a list was due")
    return cast("list[object]", value)


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise Malformed(f"the limits have {name} {value!r}, where a text was due")
    return value


def _whole(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed(f"the limits have {name} {value!r}, where a whole number was due")
    return value
