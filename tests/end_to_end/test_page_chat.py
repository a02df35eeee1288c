"""The web page's chat in a real browser, at the address that the sandbox names."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.support.model_calls import calls, ended_call
from tests.support.pages import People
from tests.support.questions import SLOW, answer, prompt
from tests.support.sandbox import RunningSandbox

WAYS = ("Function URL", "WebSocket API", "AppSync")
NOTICEABLE = 0.03
"""A third of the layout shift that counts as good: https://web.dev/articles/cls."""
each_way = pytest.mark.parametrize("way", WAYS)


def words(text: str) -> str:
    """What of an answer's Markdown is read: no line breaks, no marks of code and lists."""
    return " ".join(re.sub(r"^- |`", "", text, flags=re.MULTILINE).split())


async def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_chats(people: People) -> None:
    async with people.stranger() as person:
        await person.picture("sign-in")
        assert await person.barriers() == []
        await person.tab.get_by_label("Password").fill("wrong")
        await person.tab.get_by_role("button", name="Sign in").click()
        await expect(person.tab.get_by_role("alert")).to_contain_text("User or password is wrong")
        await person.sign_in()
        await expect(person.tab.get_by_text("Ask over the Function URL")).to_be_visible()
        await person.tab.reload()
        await expect(person.tab.get_by_label("Password")).to_be_visible()


async def test_tokens_are_kept_in_memory_alone(people: People) -> None:
    person = await people.person()
    kept = "Promise.all([localStorage.length, sessionStorage.length, document.cookie.length, indexedDB.databases()])"
    assert await person.tab.evaluate(kept) == [0, 0, 0, []]


@each_way
async def test_a_question_is_answered_as_it_is_written(sandbox: RunningSandbox, people: People, way: str) -> None:
    person, asked = await people.person(), prompt()
    await person.over(way)
    await person.ask(asked)
    await person.sees(20)
    await expect(person.tab.get_by_role("status")).to_have_text("The answer is being written.")
    await person.sees_the_end()
    assert await person.answer() == words(answer(asked))
    assert len(calls(sandbox, asked)) == 1
    footer = await person.footer()
    assert "tokens" in footer
    assert "$0.000" in footer
    await expect(person.tab.get_by_role("link", name=asked[:40])).to_be_visible()
    assert person.said == []


@each_way
async def test_a_thumb_is_kept_and_can_be_taken_back_by_keyboard(people: People, way: str) -> None:
    person = await people.person()
    await person.over(way)
    await person.ask(prompt())
    await person.sees_the_end()
    up, down = (person.tab.get_by_role("button", name=name) for name in ("Good answer", "Bad answer"))
    await expect(up).to_have_attribute("aria-pressed", "false")
    await up.click()
    await expect(up).to_have_attribute("aria-pressed", "true")
    await down.focus()
    await person.tab.keyboard.press("Enter")
    await expect(down).to_have_attribute("aria-pressed", "true")
    await expect(up).to_have_attribute("aria-pressed", "false")
    assert await person.barriers() == []
    other = await people.person(person.tab.url)
    await other.sees_the_end()
    again = other.tab.get_by_role("button", name="Bad answer")
    await expect(again).to_have_attribute("aria-pressed", "true")
    await again.click()
    await expect(again).to_have_attribute("aria-pressed", "false")
    assert person.said == other.said == []


async def test_nothing_moves_but_the_text_while_an_answer_grows(people: People) -> None:
    person = await people.person()
    await person.tab.evaluate(
        "window.moved = 0;"
        "new PerformanceObserver(list => list.getEntries().forEach(one => (moved += one.value)))"
        ".observe({type: 'layout-shift'})"
    )
    await person.ask(prompt())
    await person.sees_the_end()
    assert await person.tab.evaluate("moved") < NOTICEABLE


@each_way
async def test_stop_reaches_the_model_and_the_page_says_what_was_used(
    sandbox: RunningSandbox, people: People, way: str
) -> None:
    sandbox.control("PUT", "/model/fault", SLOW)
    person, asked = await people.person(), prompt()
    await person.over(way)
    await person.ask(asked)
    await person.sees(10)
    await person.tab.get_by_role("button", name="Stop").click()
    await expect(person.tab.get_by_role("button", name="Send")).to_be_visible()
    assert ended_call(sandbox, asked)["ended"] == "hung_up"
    await expect(person.tab.locator(".answer footer").last).to_contain_text("stopped")


@each_way
async def test_a_page_that_is_reloaded_goes_on_with_the_answer(
    sandbox: RunningSandbox, people: People, way: str
) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 60})
    person, asked = await people.person(), prompt()
    await person.over(way)
    await person.ask(asked)
    await person.sees(10)
    await person.tab.reload()
    await person.sees(10)
    await person.sees_the_end()
    assert await person.answer() == words(answer(asked))
    assert len(calls(sandbox, asked)) == 1


async def test_a_reload_with_nothing_to_resume_shows_the_chat(people: People) -> None:
    person, asked = await people.person(), prompt()
    await person.ask(asked)
    await person.sees_the_end()
    other = await people.person(person.tab.url)
    await expect(other.tab.locator(".question")).to_have_text(asked)
    await other.sees_the_end()
    assert await other.answer() == words(answer(asked))
    assert person.said == other.said == []


async def test_a_second_tab_is_signed_in_and_shows_what_the_first_one_begins(
    sandbox: RunningSandbox, people: People
) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 60})
    first, asked = await people.person(), prompt()
    await first.over("AppSync")
    await first.tab.wait_for_url("**/#/chat/appsync/*")
    second = await people.person(first.tab.url)
    await expect(second.tab.get_by_text("Ask over the AppSync")).to_be_visible()
    await first.ask(asked)
    await second.sees(10)
    await second.sees_the_end()
    await first.sees_the_end()
    assert await first.answer() == await second.answer() == words(answer(asked))


async def test_a_lost_connection_is_told_and_a_button_goes_on_reading(sandbox: RunningSandbox, people: People) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 60})
    person, asked = await people.unsteady(), prompt()
    await person.ask(asked)
    await person.sees(10)
    await person.tab.evaluate("cut()")
    await expect(person.tab.get_by_role("alert")).to_contain_text("still being written")
    await person.tab.get_by_role("button", name="Go on reading").click()
    await person.sees_the_end()
    assert await person.answer() == words(answer(asked))
    assert len(calls(sandbox, asked)) == 1


async def test_a_refusal_of_the_model_says_when_to_try_again(sandbox: RunningSandbox, people: People) -> None:
    sandbox.control("PUT", "/model/fault", {"fault": "exception", "exception": "throttlingException"})
    person, asked = await people.person(), prompt()
    await person.ask(asked)
    again = person.tab.get_by_role("alert").get_by_role("button")
    await expect(again).to_have_text("Try again in 5 s")
    await expect(again).to_have_text("Try again")
    await again.click()
    await person.sees_the_end()
    assert await person.answer() == words(answer(asked))


async def test_a_chat_has_no_barriers_by_day_and_by_night_at_a_desk_and_on_a_phone(people: People) -> None:
    person = await people.person()
    await person.ask("When should I choose AppSync?")
    await person.sees_the_end()
    assert await person.found_in_each_look("chat") == []


async def test_whoever_signs_out_does_so_in_all_tabs(sandbox: RunningSandbox, browser: Browser) -> None:
    async with People.at(sandbox, browser) as people:
        [first] = people.context.pages
        second = await people.person()
        await second.tab.get_by_role("button", name="Sign out").click()
        await expect(first.get_by_label("Password")).to_be_visible()
