"""How much of one limit is left, as JSON and as the standard's HTTP headers.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Quota:
    """One limit of a user. `tier` is whose figure it is."""

    name: Literal["requests", "concurrent-streams", "credits"]
    tier: str
    limit: int
    remaining: int
    next_in: int | None = None
    """Whole seconds until one more is allowed than are now, 0 when all are; None where nobody knows."""
    window_seconds: int | None = None
    """The span that `limit` is for; None for what is held at the same time."""
    needed: int | None = None
    """What was asked for, of a limit that is not counted one by one; None where nothing was."""

    def to_json(self) -> dict[str, object]:
        """`{"name", "tier", "limit", "remaining", "nextIn"?, "windowSeconds"?, "needed"?}`."""
        body: dict[str, object] = {
            "name": self.name,
            "tier": str(self.tier),
            "limit": self.limit,
            "remaining": self.remaining,
        }
        more = {"nextIn": self.next_in, "windowSeconds": self.window_seconds, "needed": self.needed}
        return body | {name: value for name, value in more.items() if value is not None}

    @property
    def policy_item(self) -> str:
        """What the header `RateLimit-Policy` says of it."""
        unit = ';qu="concurrent-requests"' if self.window_seconds is None else f";w={self.window_seconds}"
        return f'"{self.name}";q={self.limit}{unit}'

    @property
    def state_item(self) -> str:
        """What the header `RateLimit` says of it."""
        return f'"{self.name}";r={self.remaining}' + ("" if self.next_in is None else f";t={self.next_in}")


def ratelimit_headers(*quotas: Quota) -> dict[str, str]:
    """`ratelimit-policy` and `ratelimit`, for one limit or for several."""
    return {
        "ratelimit-policy": ", ".join(quota.policy_item for quota in quotas),
        "ratelimit": ", ".join(quota.state_item for quota in quotas),
    }
