"""What the guide is made of, and how it decides: the first way that no rule excludes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

Answers = Mapping[str, str]
"""Key of a question → key of the answer, for every question."""


@dataclass(frozen=True)
class Question:
    """One question and the answers that it takes; the first one stands until another is chosen."""

    key: str
    text: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Rule:
    """What holds when each of these questions has one of these answers. The text is Markdown with links and code."""

    when: Mapping[str, Sequence[str]]
    says: str

    def applies(self, answers: Answers) -> bool:
        return all(answers[key] in values for key, values in self.when.items())


@dataclass(frozen=True)
class Way:
    """One way to bring an answer to a client."""

    key: str
    title: str
    page: str
    """Where the documentation has more about it, below `docs/`."""
    reason: str
    """Why it is the advice, once nothing excludes it."""
    begin: str
    """What to do first."""
    excluded: Sequence[Rule]
    """Why it is not the advice; the first that applies is told."""
    also: Sequence[Rule] = ()
    """What else to know when it is the advice."""
    otherwise: str = ""
    """Why an earlier way is better, when nothing excludes this one."""


@dataclass(frozen=True)
class Advice:
    """One way with its reason, and each other way with why it is not the one."""

    way: Way
    also: Sequence[str]
    why_not: Mapping[str, str]
    """Key of a way → the sentence."""


@dataclass(frozen=True)
class Guide:
    """The whole guide."""

    questions: Sequence[Question]
    ways: Sequence[Way]
    """In the order in which they are preferred: the simplest first."""

    def advise(self, answers: Answers) -> Advice:
        """Raises ValueError when every way is excluded: the last one must never be."""
        excluded = {way.key: _first(way.excluded, answers) for way in self.ways}
        chosen = next((way for way in self.ways if excluded[way.key] is None), None)
        if chosen is None:
            raise ValueError(f"every way is excluded for {dict(answers)}")
        return Advice(
            chosen,
            [rule.says for rule in chosen.also if rule.applies(answers)],
            {way.key: excluded[way.key] or way.otherwise for way in self.ways if way is not chosen},
        )

    def combinations(self) -> Sequence[Answers]:
        """Every set of answers."""
        keys = [question.key for question in self.questions]
        return [
            dict(zip(keys, each, strict=True)) for each in product(*(question.options for question in self.questions))
        ]


def _first(rules: Sequence[Rule], answers: Answers) -> str | None:
    return next((rule.says for rule in rules if rule.applies(answers)), None)
