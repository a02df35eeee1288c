"""What holds for one user for a while, without a deploy: an item of the table that an operator writes.

    {"tier"?: "pro", "limits"?: {"requestsPerHour": 20, …}, "startsAt": 1767225600, "endsAt": 1769904000}

Times are epoch seconds. The better of the two tiers counts; `limits` are changes to its figures, and may also be lower.
An item that cannot be read changes nothing: the user has the limits of their tier, and the log says what is wrong.
"""

from collections.abc import Mapping
from typing import Final, cast

from shared.contract.policy import Figures, Policy, PolicyError, Problem
from shared.contract.tiers import Tier
from shared.table.client import Item
from shared.telemetry.log import logger

OWN: Final = frozenset({"tier", "limits", "startsAt", "endsAt"})
OTHERS: Final = frozenset({"pk", "sk", "reason", "expiresAt"})
"""What an item may hold besides; `expiresAt` has DynamoDB remove it."""


def limits_of(policy: Policy, tier: Tier, override: Item | None, now: float) -> tuple[Tier, Figures]:
    """The tier and the figures that hold for a user of this tier now. Never raises."""
    if override is not None:
        try:
            return overridden(policy, tier, override, now)
        except PolicyError as error:
            logger.error("the override of a user's limits cannot be used", extra={"reason": str(error)})
    return tier, policy[tier]


def overridden(policy: Policy, tier: Tier, override: Mapping[str, object], now: float) -> tuple[Tier, Figures]:
    """The same, for an item that is there. Raises PolicyError with everything that is wrong with it."""
    problems = [
        Problem(name, override[name], f"an override has {', '.join(sorted(OWN))}")
        for name in override.keys() - OWN - OTHERS
    ]
    better, changes = _tier(override, problems), _changes(override, problems)
    starts, ends = (_time(name, override, problems) for name in ("startsAt", "endsAt"))
    if not problems and starts >= ends:
        problems.append(Problem("endsAt", ends, f"set it to a time after startsAt, which is {starts}"))
    if problems:
        raise PolicyError(*problems)
    best = tier if better is None else max(tier, better, key=list(Tier).index)
    figures = policy[best].changed(changes)
    return (best, figures) if starts <= now < ends else (tier, policy[tier])


def _tier(override: Mapping[str, object], problems: list[Problem]) -> Tier | None:
    given = override.get("tier")
    known = [tier.value for tier in Tier]
    if given is None:
        return None
    if given not in known:
        problems.append(Problem("tier", given, f"set it to {' or '.join(known)}"))
        return None
    return Tier(str(given))


def _changes(override: Mapping[str, object], problems: list[Problem]) -> Mapping[str, object]:
    given = override.get("limits", {})
    if isinstance(given, Mapping):
        return cast("Mapping[str, object]", given)
    problems.append(Problem("limits", given, "set it to a map of limits and their figures"))
    return {}


def _time(name: str, override: Mapping[str, object], problems: list[Problem]) -> int:
    given = override.get(name)
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    problems.append(Problem(name, given, "set it to a whole number of epoch seconds"))
    return 0
