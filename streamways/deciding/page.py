"""Writes the decision guide as text and as data: `python -m streamways.deciding.page`. A test compares them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final
from urllib.parse import urlencode

from streamways.costs.prices import read_prices
from streamways.deciding.briefs import BRIEFS, GUIDE, USUAL, Brief
from streamways.deciding.built_here import APPSYNC, FUNCTION_URL, WEBSOCKET
from streamways.deciding.guide import Advice, Rule, Way
from streamways.deciding.staying import staying
from streamways.pages import DOCS, filled, table

PAGE: Final = DOCS / "deciding.md"
DATA: Final = DOCS / "assets" / "deciding-data.js"
MODULE: Final = "streamways.deciding.page"
BUILT_HERE: Final = (FUNCTION_URL, WEBSOCKET, APPSYNC)
"""The ways of which a brief says why not; the guide says it of all."""
USUAL_ADDRESS: Final = urlencode(dict([next(iter(USUAL.items()))]))
"""An address in which every question has its first answer; the page looks for one with an answer in it."""


def texts() -> dict[str, str]:
    """What stands on the page, by its name."""
    return {
        "questions": _questions(),
        "ways": "\n\n".join(_way(place, way) for place, way in enumerate(GUIDE.ways, start=1)),
        "briefs": "\n\n".join(map(_brief, BRIEFS)),
        "staying": staying(read_prices()),
    }


def data_script() -> str:
    """The guide as a script: a page that was opened from a folder may load one, and may fetch nothing."""
    return f"// Written by `python -m {MODULE}`.\nglobalThis.decisionGuide = {json.dumps(asdict(GUIDE), indent=1)};\n"


def _questions() -> str:
    rows = [
        [str(place), question.text, "<br>".join(f"**{key}**: {text}" for key, text in question.options.items())]
        for place, question in enumerate(GUIDE.questions, start=1)
    ]
    return table(["", "question", "answers"], rows)


def _way(place: int, way: Way) -> str:
    rows = [[_condition(rule), rule.says] for rule in way.excluded]
    lines = [f"**{place}. [{way.title}]({way.page}).** {way.reason} Begin: {way.begin}"]
    if rows:
        lines.append(table(["not with", "because"], rows))
    notes = [f"* {_words(rule)}{rule.says}" for rule in way.also]
    if way.otherwise:
        notes.append(f"* Why it comes after an earlier way that fits: {way.otherwise}")
    return "\n\n".join([*lines, *(["\n".join(notes)] if notes else [])])


def _condition(rule: Rule) -> str:
    return " and ".join(f"{_named(key)} **{'** or **'.join(values)}**" for key, values in rule.when.items())


def _words(rule: Rule) -> str:
    return f"With {_condition(rule)}: " if rule.when else ""


def _named(key: str) -> str:
    return f"{[question.key for question in GUIDE.questions].index(key) + 1}"


def _brief(brief: Brief) -> str:
    advice = GUIDE.advise(brief.answers)
    given = [
        [question.text, question.options[brief.answers[question.key]]]
        for question in GUIDE.questions
        if question.key in brief.differs
    ]
    rejected: Sequence[Sequence[str]] = [
        [way.title, advice.why_not[way.key]] for way in BUILT_HERE if way.key in advice.why_not
    ]
    return "\n\n".join(
        [
            f"### {brief.title}",
            brief.story,
            table(["question", "answer"], given),
            "The other questions have their first answer.",
            _taken(advice),
            table(["not", "why not"], rejected),
            f'{brief.then} <a href="#{urlencode(brief.differs)}">The guide with these answers</a> '
            "says of every other way why not.",
            *([_instead(brief)] if brief.unless else []),
        ]
    )


def _taken(advice: Advice) -> str:
    said = [advice.way.reason, *advice.also]
    return f"**Take [{advice.way.title}]({advice.way.page}).** {' '.join(said)}"


def _instead(brief: Brief) -> str:
    address = urlencode(brief.instead) or USUAL_ADDRESS
    link = f'<a href="#{address}">The guide with the answers of that case.</a>'
    return f"**Or, if {brief.unless}:** {_taken(GUIDE.advise(brief.answers_instead))} {link}"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), MODULE, texts()), encoding="utf-8")
    DATA.write_text(data_script(), encoding="utf-8")
