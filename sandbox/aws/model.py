"""The emulated model's mind: it answers from this project's own documentation, always with the same words.

`answer` finds the passages of the docs that match a prompt best (BM25) and quotes them below a line that names the
page. `tokens` cuts a text roughly as a model's tokenizer does: into pieces of about four characters, without loss.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sandbox.aws.passages import Passage, read_passages

QUOTED_PASSAGES = 3
RELATIVE_SCORE = 0.6
"""A further passage is quoted only if it scores this much of what the best one does."""

TERM_SATURATION = 1.2
LENGTH_WEIGHT = 0.75
"""k1 and b of Okapi BM25."""
HEADING_WEIGHT = 2
"""How often a word of the heading counts, compared with one of the text."""

TOKEN = re.compile(r"\s*\S{1,5}|\s+\Z")
WORD = re.compile(r"[a-z0-9]+")
ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s)$")
STOP_WORDS = frozenset(
    WORD.findall(
        "a about an and any are as at be by can do does explain for from give have how i in is it its me my of on or "
        "our please say so tell than that the their them then there these this to use used was we what when where "
        "which who why will with would you your"
    )
)


def tokens(text: str) -> list[str]:
    """`text` in pieces of about four characters, leading white space kept with its word; joined they are `text`."""
    return TOKEN.findall(text)


class DocsModel:
    """Answers prompts from the explaining pages of a docs folder and the README beside it."""

    def __init__(self, docs: Path) -> None:
        self._passages = read_passages(docs)
        self._terms = [_terms_of(passage) for passage in self._passages]
        self._lengths = [sum(terms.values()) for terms in self._terms]
        self._passages_with = Counter(term for terms in self._terms for term in terms)

    def answer(self, prompt: str) -> str:
        """The answer to a prompt: never empty, and the same for the same prompt and docs."""
        best = self._best(prompt)
        if not best:
            return self._fallback()
        parts: list[str] = []
        introduced: set[tuple[str, str]] = set()
        for passage in best:
            section = (passage.path, passage.heading)
            if section not in introduced:
                parts.append(_introduction(passage, first=not introduced))
                introduced.add(section)
            parts.append(passage.text)
        sources = dict.fromkeys(passage.path for passage in best)
        parts.append(f"Source: {', '.join(sources)}.")
        return "\n\n".join(parts)

    def _best(self, prompt: str) -> Sequence[Passage]:
        wanted = dict.fromkeys(_words(prompt))
        scores = [(self._score(index, wanted), index) for index in range(len(self._passages))]
        ranked = sorted((pair for pair in scores if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))
        chosen = [(score, index) for score, index in ranked[:QUOTED_PASSAGES] if score >= RELATIVE_SCORE * ranked[0][0]]
        # Passages of one section follow each other as they do on the page, the best section first.
        order: dict[tuple[str, str], int] = {}
        for _, index in chosen:
            passage = self._passages[index]
            order.setdefault((passage.path, passage.heading), len(order))
        indexes = [index for _, index in chosen]
        indexes.sort(key=lambda index: (order[self._passages[index].path, self._passages[index].heading], index))
        return [self._passages[index] for index in indexes]

    def _score(self, index: int, wanted: dict[str, None]) -> float:
        terms, count = self._terms[index], len(self._passages)
        average = sum(self._lengths) / count
        score = 0.0
        for term in wanted:
            frequency = terms[term]
            if not frequency:
                continue
            holders = self._passages_with[term]
            rarity = math.log(1 + (count - holders + 0.5) / (holders + 0.5))
            length = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * self._lengths[index] / average
            score += rarity * frequency * (TERM_SATURATION + 1) / (frequency + TERM_SATURATION * length)
        return score

    def _fallback(self) -> str:
        pages = list(dict.fromkeys(passage.page for passage in self._passages))
        text = (
            "A stand-in for a model wrote this answer. It has no weights: it quotes the documentation of this "
            "project, and no passage there matches your prompt. The text still reaches you as a real model's text "
            "does: event by event, through the functions, the connections and the limits that the program deployed."
        )
        if not pages:
            return text
        return f"{text}\n\nThese pages answer questions: {', '.join(pages)}."


def _introduction(passage: Passage, *, first: bool) -> str:
    place = f"“{passage.page}”"
    if passage.heading != passage.page:
        place += f", section “{passage.heading}”"
    return f"From the documentation, {place}:" if first else f"See also {place}:"


def _terms_of(passage: Passage) -> Counter[str]:
    terms = Counter(_words(passage.text))
    for word in [*_words(passage.page), *_words(passage.heading)]:
        terms[word] += HEADING_WEIGHT
    return terms


def _words(text: str) -> list[str]:
    return [ENDING.sub("", word) for word in WORD.findall(text.lower()) if word not in STOP_WORDS]
