"""The runbook and the alarms: a paragraph for each, and none for what is gone."""

import re

import pytest

from stacks.alarms import ACCOUNT_ALARMS, RUNBOOK, architecture_alarms
from tests.docs.pages import page

ALARMS = [*architecture_alarms(60, worker=True, reserved=10), *ACCOUNT_ALARMS]
PAGE = page(RUNBOOK)
PARTS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.text, re.MULTILINE | re.DOTALL))
ABOUT_ALL = {"switch-alarms-on", "how-to-read-an-alarm"}


def anchor(heading: str) -> str:
    """As the site and GitHub make it of a heading in plain words."""
    return heading.lower().replace(" ", "-")


def test_each_alarm_has_one_paragraph_and_each_paragraph_an_alarm() -> None:
    assert sorted(anchor(heading) for heading in PARTS) == sorted([*(alarm.anchor for alarm in ALARMS), *ABOUT_ALL])


@pytest.mark.parametrize("heading", [heading for heading in PARTS if anchor(heading) not in ABOUT_ALL])
def test_a_paragraph_says_what_it_means_how_to_look_and_what_to_do(heading: str) -> None:
    assert re.findall(r"^\*\*(.+?)\.\*\*", PARTS[heading], re.MULTILINE) == [
        "What it means",
        "How to look",
        "What to do",
    ]


def test_the_page_tells_the_thresholds_of_the_code() -> None:
    said = {anchor(heading): text for heading, text in PARTS.items()}
    words = {5: "5 %", 2: "Three or more", 5_000: "five seconds", 48_000: "80 %", 2_000: "two seconds", 80: "80 %"}
    for alarm in ALARMS:
        assert words.get(int(alarm.threshold), "A worker failed") in said[alarm.anchor], alarm.anchor


def test_each_alarms_description_leads_to_its_paragraph_and_fits() -> None:
    for alarm in ALARMS:
        described = alarm.description("s" * 100, "function-url")
        assert f"{RUNBOOK}#{alarm.anchor}" in described
        assert len(described) <= 1024
