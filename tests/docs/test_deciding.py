"""The decision guide: each set of answers leads to one way, with a reason, and the page decides as the data does."""

import pytest

from streamways.deciding.briefs import BRIEFS, GUIDE, USUAL
from streamways.deciding.guide import Answers, Guide, Rule, Way
from streamways.deciding.page import DATA, MODULE, PAGE, USUAL_ADDRESS, data_script, texts
from streamways.pages import END, begin
from tests.docs.pages import page
from tests.docs.scripts import answers as asked_of
from tests.docs.scripts import opened

COMBINATIONS = GUIDE.combinations()
ADVICE = [GUIDE.advise(answers) for answers in COMBINATIONS]
SCRIPTS = [DATA.name, "deciding.js", "deciding-page.js"]
BUILT = {"function-url", "websocket", "appsync"}


def test_each_set_of_answers_leads_to_one_way_with_a_reason_and_a_why_not_for_every_other() -> None:
    assert len(COMBINATIONS) == 3 * 6 * 3 * 2 * 2 * 3 * 2 * 2
    keys = {way.key for way in GUIDE.ways}
    for advice in ADVICE:
        assert advice.way.reason
        assert advice.way.begin
        assert set(advice.why_not) == keys - {advice.way.key}
        assert all(advice.why_not.values()), advice


def test_each_way_is_the_advice_for_somebody() -> None:
    assert {advice.way.key for advice in ADVICE} == {way.key for way in GUIDE.ways}
    assert {way.key for way in GUIDE.ways} > BUILT


def test_each_question_changes_an_advice() -> None:
    """Or what is told along with it."""
    told = {
        tuple(answers.values()): (advice.way.key, *advice.also)
        for answers, advice in zip(COMBINATIONS, ADVICE, strict=True)
    }
    for place, question in enumerate(GUIDE.questions):
        others: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for answers, way in told.items():
            others.setdefault((*answers[:place], *answers[place + 1 :]), set()).add(way)
        assert max(map(len, others.values())) > 1, question.key


def test_each_rule_is_told_to_somebody() -> None:
    why_not = {(key, says) for advice in ADVICE for key, says in advice.why_not.items()}
    also = {(advice.way.key, says) for advice in ADVICE for says in advice.also}
    for way in GUIDE.ways:
        assert {(way.key, rule.says) for rule in way.excluded} <= why_not
        assert {(way.key, rule.says) for rule in way.also} <= also
        assert not way.otherwise or (way.key, way.otherwise) in why_not


def test_rules_ask_about_questions_and_answers_that_there_are() -> None:
    options = {question.key: set(question.options) for question in GUIDE.questions}
    for rule in (rule for way in GUIDE.ways for rule in (*way.excluded, *way.also)):
        assert all(set(values) <= options[key] for key, values in rule.when.items()), rule


def test_the_script_decides_every_set_of_answers_as_the_data_does() -> None:
    came = asked_of(DATA.name, "deciding.js", "script.advise(decisionGuide, one)", list(COMBINATIONS))
    assert came == [
        {"way": advice.way.key, "also": list(advice.also), "why_not": dict(advice.why_not)} for advice in ADVICE
    ]


def test_the_script_keeps_answers_in_the_address_and_reads_them_from_it() -> None:
    call = "script.answersOf(decisionGuide, script.addressOf(decisionGuide, one))"
    assert asked_of(DATA.name, "deciding.js", call, list(COMBINATIONS)) == COMBINATIONS


@pytest.mark.parametrize(
    "address", ["", "answer=", "answer=never&api=graphql", "toString=1&readers=constructor&api=graphql"]
)
def test_an_address_with_wrong_answers_has_the_first_ones_in_their_place(address: str) -> None:
    [came] = asked_of(DATA.name, "deciding.js", "script.answersOf(decisionGuide, one)", [address])
    assert came == {**USUAL, **({"api": "graphql"} if "graphql" in address else {})}


def test_the_page_advises_by_the_answers_in_its_address() -> None:
    shown = opened("guide", "#clients=private&front=gateway", SCRIPTS)
    advice = GUIDE.advise({**USUAL, "clients": "private", "front": "gateway"})
    assert f"Take {advice.way.title}{advice.way.reason}" in shown["text"]
    assert [row[0] for row in shown["rows"][1:]] == [way.title for way in GUIDE.ways if way.key in advice.why_not]


def test_a_choice_changes_advice_and_address() -> None:
    act = "const [form] = place.all('form'); form.elements.push.value = 'yes'; form.listeners.change();"
    shown = opened("guide", "", SCRIPTS, act)
    assert "Take API Gateway WebSocket API" in shown["text"]
    assert shown["address"] == "#push=yes"


def test_page_and_script_have_the_guide_as_it_is() -> None:
    """Write them again with `python -m streamways.deciding.page`."""
    text = PAGE.read_text(encoding="utf-8")
    for name, what in texts().items():
        assert f"{begin(MODULE, name)}\n\n{what}\n\n{END}" in text, name
    assert DATA.read_text(encoding="utf-8") == data_script()


def test_the_page_has_every_question_and_answer_and_rule_as_text() -> None:
    text = PAGE.read_text(encoding="utf-8")
    said = [question.text for question in GUIDE.questions]
    said += [answer for question in GUIDE.questions for answer in question.options.values()]
    said += [rule.says for way in GUIDE.ways for rule in (*way.excluded, *way.also)]
    said += [text for way in GUIDE.ways for text in (way.reason, way.begin, way.otherwise)]
    assert [one for one in said if one not in text] == []


def test_each_brief_leads_to_a_way_of_its_own_and_to_another_one_when_what_it_says_changes() -> None:
    assert len({GUIDE.advise(brief.answers).way.key for brief in BRIEFS}) == len(BRIEFS) == 4
    for brief in BRIEFS:
        changed = GUIDE.advise(brief.answers_instead).way.key != GUIDE.advise(brief.answers).way.key
        assert changed or not brief.unless, brief.title
    assert f"## {['Three', 'Four', 'Five'][len(BRIEFS) - 3]} worked briefs" in page("docs/deciding.md").text


def test_an_address_of_the_page_with_the_first_answers_names_one_of_them() -> None:
    """The page looks for a new address by the sign in it."""
    assert USUAL_ADDRESS.count("=") == 1
    assert asked_of(DATA.name, "deciding.js", "script.answersOf(decisionGuide, one)", [USUAL_ADDRESS]) == [USUAL]


def test_a_guide_whose_last_way_can_be_excluded_is_refused() -> None:
    never = Way("a", "a", "a.md", "r", "b", (Rule({}, "never"),))
    nobody: Answers = {}
    with pytest.raises(ValueError, match="every way is excluded"):
        Guide((), (never,)).advise(nobody)
