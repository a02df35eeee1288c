"""Faults on demand, and the forms that they are asked for by."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sandbox.faults import Faults
from sandbox.forms import Form, FormRefused


@dataclass(frozen=True)
class Mishap:
    kind: str
    name: str = ""


def read(form: Form) -> Mishap:
    return Mishap(form.choice("fault", ["torn", "lost"]), form.text("name", ""))


@pytest.fixture
def faults() -> Faults[Mishap]:
    return Faults(read)


def kinds(faults: Faults[Mishap], count: int) -> list[str | None]:
    """What so many calls meet."""
    met = [faults.take() for _ in range(count)]
    return [fault and fault.kind for fault in met]


def test_the_calls_that_were_asked_for_go_wrong_and_no_others(faults: Faults[Mishap]) -> None:
    assert kinds(faults, 1) == [None]
    faults.ask(Form({"fault": "torn", "calls": 2, "after": 1}))
    assert kinds(faults, 4) == [None, "torn", "torn", None]


def test_what_is_still_to_come_can_be_seen(faults: Faults[Mishap]) -> None:
    faults.ask(Form({"fault": "torn", "calls": 2, "after": 1}))
    kinds(faults, 2)
    assert faults.document() == {"fault": "torn", "calls": 1}
    kinds(faults, 1)
    assert faults.document() == {"fault": None, "calls": 0}


def test_a_later_wish_replaces_the_earlier(faults: Faults[Mishap]) -> None:
    faults.ask(Form({"fault": "torn", "calls": 5, "after": 5}))
    faults.ask(Form({"fault": "lost"}))
    assert kinds(faults, 2) == ["lost", None]


def test_a_fault_of_no_calls_is_refused(faults: Faults[Mishap]) -> None:
    with pytest.raises(FormRefused, match="calls is 0: give a whole number, 1 or more"):
        faults.ask(Form({"fault": "torn", "calls": 0}))
    assert kinds(faults, 1) == [None]


def test_calls_that_a_fault_does_not_concern_are_neither_hit_nor_counted(faults: Faults[Mishap]) -> None:
    faults.ask(Form({"fault": "torn", "name": "a", "after": 1}))
    met = [faults.take(lambda fault, name=name: fault.name == name) for name in "bababb"]
    assert [fault is not None for fault in met] == [False, False, False, True, False, False]


def test_a_refused_wish_leaves_what_was_expected(faults: Faults[Mishap]) -> None:
    faults.ask(Form({"fault": "torn"}))
    with pytest.raises(FormRefused):
        faults.ask(Form({"fault": "lost", "more": 1}))
    assert kinds(faults, 1) == ["torn"]


def ends(form: Form) -> None:
    form.text("name", "")
    form.end()


READINGS: list[tuple[object, Callable[[Form], object], str]] = [
    ("x", lambda form: form.choice("field", ["a", "b"]), "field is 'x', allowed are a, b"),
    (["a"], lambda form: form.choice("field", ["a", "b"]), "field is ['a'], allowed are a, b"),
    ("", lambda form: form.text("field", "some"), "field is '': give a text"),
    (None, lambda form: form.text("field"), "field is None: give a text"),
    (True, lambda form: form.number("field", 1), "field is True: give a number, 0 or more"),
    (-0.5, lambda form: form.number("field", 1), "field is -0.5: give a number, 0 or more"),
    (float("inf"), lambda form: form.number("field", 1), "field is inf: give a number, 0 or more"),
    (float("nan"), lambda form: form.number("field", 1), "field is nan: give a number, 0 or more"),
    (0, lambda form: form.number("field", 1, above=0), "field is 0: give a number, above 0"),
    (1.0, lambda form: form.whole("field", 1), "field is 1.0: give a whole number, 0 or more"),
    (False, lambda form: form.whole("field", 1), "field is False: give a whole number, 0 or more"),
    (4, lambda form: form.whole("field", 1, least=-3, most=3), "field is 4: give a whole number, -3 to 3"),
    (4, ends, "unknown: field; allowed are name"),
]


@pytest.mark.parametrize(("value", "reading", "says"), READINGS)
def test_a_form_says_what_was_given_and_what_is_allowed(
    value: object, reading: Callable[[Form], object], says: str
) -> None:
    with pytest.raises(FormRefused) as refusal:
        reading(Form({"field": value}))
    assert str(refusal.value) == says


def test_a_field_that_was_left_out_has_its_default() -> None:
    form = Form({})
    assert (form.text("text", ""), form.number("number", float("inf")), form.whole("whole", 7)) == ("", float("inf"), 7)
    assert form.choice("choice", ["a", "b"], "b") == "b"
    with pytest.raises(FormRefused, match="choice is None"):
        form.choice("choice", ["a", "b"])
