"""What a user of each tier may do: the limits as data, and the check of everything that changes them.

The setting `limits` of a stack changes figures of a tier, and an item of the table those of one user for a while: both
are mappings in the words of `Figures.to_json`, and both are checked here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self, TypeGuard, cast

from shared.contract.credits import MOST_CREDITS
from shared.contract.tiers import Tier

MOST_REQUESTS_PER_HOUR: Final = 100_000
"""Time is counted in whole milliseconds: a higher rate would be rounded by more than 3 %."""
MOST_OUTPUT_TOKENS: Final = 128_000
"""The most that a model on Bedrock puts out:
https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html"""
MOST_CONCURRENT_STREAMS: Final = 100
"""All streams that a user runs are in one item, which each start writes: a hundred come to about 15 KB. As many can be
removed by one expression:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters"""


class Feature(StrEnum):
    """What a tier includes beside its figures."""

    CHAT = "chat"
    TOOLS = "tools"
    PRIORITY_SUPPORT = "priority-support"
    CUSTOM_INTEGRATIONS = "custom-integrations"
    DEDICATED_SUPPORT = "dedicated-support"


@dataclass(frozen=True)
class Problem:
    """One thing to change: where it stands, like `free.requestsPerHour`, what was given, and what is allowed."""

    path: str
    given: object
    remedy: str

    def __str__(self) -> str:
        return f"{self.path} is {self.given!r:.80}: {self.remedy}."


class PolicyError(ValueError):
    """Limits that cannot be used; `problems` names each thing to change."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(" ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Figures:
    """The limits of one tier, or of one user."""

    requests_per_hour: int
    """After an idle hour so many at once; from then on evenly, one each 3,600 / n seconds."""
    max_output_tokens: int
    """Longest answer. The setting `maxOutputTokens` of the stack bounds it for all tiers."""
    concurrent_streams: int
    """Answers that run at the same time, each in a chat of its own."""
    credits_per_month: int
    """Credits that a user has again at the beginning of each month; they count where the stack counts credits."""
    features: frozenset[Feature] = field(default_factory=frozenset[Feature])

    def to_json(self) -> dict[str, object]:
        """`{"requestsPerHour", "maxOutputTokens", "concurrentStreams", "creditsPerMonth", "features"}`."""
        return {
            **{name: getattr(self, attribute) for name, (attribute, _, _) in _NUMBERS.items()},
            _FEATURES: [feature.value for feature in Feature if feature in self.features],
        }

    def changed(self, changes: Mapping[str, object]) -> Self:
        """With those of the figures that `changes` names. Raises PolicyError with everything that is wrong there."""
        problems: list[Problem] = []
        values: dict[str, object] = {}
        for name, given in changes.items():
            if name == _FEATURES:
                values["features"] = _features(given, problems)
            elif name in _NUMBERS:
                attribute, least, most = _NUMBERS[name]
                if not _is_whole(given) or not least <= given <= most:
                    problems.append(Problem(name, given, f"set it to a whole number from {least} to {most}"))
                values[attribute] = given
            else:
                problems.append(Problem(name, given, f"there is no such limit; there are {', '.join(FIGURES)}"))
        if problems:
            raise PolicyError(*problems)
        return replace(self, **cast("dict[str, int]", values))


_TIERS = [tier.value for tier in Tier]
_FEATURES = "features"
_NUMBERS: Mapping[str, tuple[str, int, int]] = {
    "requestsPerHour": ("requests_per_hour", 1, MOST_REQUESTS_PER_HOUR),
    "maxOutputTokens": ("max_output_tokens", 1, MOST_OUTPUT_TOKENS),
    "concurrentStreams": ("concurrent_streams", 1, MOST_CONCURRENT_STREAMS),
    "creditsPerMonth": ("credits_per_month", 0, MOST_CREDITS),
}
"""Name → attribute of `Figures`, and the least and the most that it may be."""
FIGURES: Final = (*_NUMBERS, _FEATURES)
"""What may be changed of a tier."""

Policy = Mapping[Tier, Figures]
"""The limits of every tier."""

_PRO: Final = frozenset({Feature.CHAT, Feature.TOOLS, Feature.PRIORITY_SUPPORT})
_ENTERPRISE: Final = _PRO | {Feature.CUSTOM_INTEGRATIONS, Feature.DEDICATED_SUPPORT}
POLICY: Final[Policy] = {
    Tier.FREE: Figures(10, 1_000, 1, 100_000, frozenset({Feature.CHAT})),
    Tier.PRO: Figures(100, 10_000, 3, 5_000_000, _PRO),
    Tier.ENTERPRISE: Figures(1_000, 50_000, 10, 100_000_000, _ENTERPRISE),
}
"""What holds where nothing else is said."""


def policy_with(changes: Mapping[str, object]) -> Policy:
    """`POLICY` with the figures of tiers changed: `{"free": {"requestsPerHour": 20}}`.

    Raises PolicyError with everything that is wrong; nothing of such changes is taken.
    """
    problems: list[Problem] = []
    changed = dict(POLICY)
    for name, figures in changes.items():
        if name not in _TIERS:
            problems.append(Problem(name, figures, f"there is no such tier; there are {', '.join(_TIERS)}"))
        elif not isinstance(figures, Mapping):
            problems.append(Problem(name, figures, f"set it to an object of {', '.join(FIGURES)}"))
        else:
            tier = Tier(name)
            try:
                changed[tier] = POLICY[tier].changed(cast("Mapping[str, object]", figures))
            except PolicyError as error:
                problems += [replace(problem, path=f"{name}.{problem.path}") for problem in error.problems]
    if problems:
        raise PolicyError(*problems)
    return changed


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _features(given: object, problems: list[Problem]) -> frozenset[Feature]:
    known = {feature.value: feature for feature in Feature}
    chosen = [known.get(name) if isinstance(name, str) else None for name in _items(given)]
    if None in chosen:
        problems.append(Problem(_FEATURES, given, f"set it to a list of {', '.join(known)}"))
    return frozenset(feature for feature in chosen if feature is not None)


def _items(given: object) -> list[object]:
    """Of a list; of anything else one that is no feature."""
    return cast("list[object]", given) if isinstance(given, list) else [None]
