"""The web page's race in a real browser: all ways at once, and what is done to them."""

import csv
import json
from pathlib import Path

from playwright.async_api import Locator, expect

from tests.support.model_calls import calls
from tests.support.pages import People, Person
from tests.support.questions import SLOW, answer, prompt
from tests.support.sandbox import RunningSandbox

SHOWN = "How does a stream go on when its connection is lost?"
"""What the picture in the documentation asks; no other test does."""
WAYS = ("Function URL", "WebSocket API", "AppSync")


async def racer(people: People) -> Person:
    return await people.person(f"{people.address}#/race")


async def start(person: Person, asked: str, button: str = "Race") -> None:
    await person.tab.get_by_label("Prompt").fill(asked)
    await person.tab.get_by_role("button", name=button, exact=True).click()


async def is_over(person: Person) -> None:
    await expect(person.tab.get_by_role("status")).to_contain_text("The race is over.", timeout=60_000)


def lane(person: Person, way: str) -> Locator:
    return person.tab.get_by_role("region", name=way)


def text(person: Person, way: str) -> Locator:
    return person.tab.get_by_role("group", name=f"Answer over the {way}")


async def saved(person: Person, button: str, folder: Path) -> str:
    async with person.tab.expect_download() as download:
        await person.tab.get_by_role("button", name=button).click()
    file = folder / (await download.value).suggested_filename
    await (await download.value).save_as(file)
    return file.read_text()


async def test_all_say_the_same_and_the_figures_are_saved(people: People, tmp_path: Path) -> None:
    person, asked = await racer(people), prompt()
    await start(person, asked)
    await is_over(person)
    for way in WAYS:
        assert await text(person, way).inner_text() == answer(asked).strip()
    await expect(person.tab.get_by_text("All 3 said the same: SHA-256")).to_be_visible()
    assert await person.found_in_each_look("race") == []
    document = json.loads(await saved(person, "Save as JSON", tmp_path))
    assert (document["prompt"], document["source"], document["runs"]) == (asked, "emulated", 1)
    assert [one["architecture"] for one in document["results"]] == ["function-url", "websocket", "appsync"]
    for figures in document["results"]:
        assert 0 < figures["ttftMs"] < figures["totalMs"]
        assert figures["longestGapMs"] > 0
        assert figures["messages"] > 5
        assert figures["cost"]["model"] > 0
    rows = list(csv.DictReader((await saved(person, "Save as CSV", tmp_path)).splitlines()))
    assert [float(row["ttftMs"]) for row in rows] == [one["ttftMs"] for one in document["results"]]
    assert person.said == []


async def test_a_measurement_warms_up_and_has_the_medians_of_five_runs(sandbox: RunningSandbox, people: People) -> None:
    person, asked = await racer(people), prompt()
    await start(person, asked, "Measure")
    await is_over(person)
    await expect(person.tab.get_by_text("Medians of 5 runs, after a warm-up")).to_be_visible()
    assert len(calls(sandbox, asked)) == 6 * len(WAYS)


async def test_a_connection_that_is_cut_goes_on_and_nothing_is_missing(sandbox: RunningSandbox, people: People) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 40, "calls": 3})
    person, asked = await racer(people), SHOWN
    await start(person, asked)
    for way in WAYS:
        await expect(text(person, way)).to_contain_text("From the documentation")
        await lane(person, way).get_by_role("button", name="Cut").click()
    await is_over(person)
    await person.tab.set_viewport_size({"width": 1280, "height": 1130})
    await person.picture("race-cut")
    for way in WAYS:
        await expect(lane(person, way)).to_contain_text("later. Nothing is missing.")
        assert await text(person, way).inner_text() == answer(asked).strip()
    assert [call["ended"] for call in calls(sandbox, asked)] == ["finished"] * 3


async def test_stop_stops_the_bill(sandbox: RunningSandbox, people: People) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "calls": 3})
    person, asked = await racer(people), prompt()
    await start(person, asked)
    for way in WAYS:
        await expect(text(person, way)).to_contain_text("From")
    await person.tab.get_by_role("button", name="Stop all").click()
    await is_over(person)
    for way in WAYS:
        await expect(lane(person, way)).to_contain_text("and no more.")
    assert {call["ended"] for call in calls(sandbox, asked)} == {"hung_up"}


async def test_a_worker_that_is_killed_is_told(sandbox: RunningSandbox, people: People) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "calls": 3})
    person, asked = await racer(people), prompt()
    await start(person, asked)
    for way in WAYS:
        await expect(text(person, way)).to_contain_text("From")
    await lane(person, "WebSocket API").get_by_role("button", name="Kill the worker").click()
    await expect(lane(person, "WebSocket API")).to_contain_text("failed")
    await person.tab.get_by_role("button", name="Stop all").click()
    await is_over(person)


async def test_a_second_tab_shows_a_lane(sandbox: RunningSandbox, people: People) -> None:
    sandbox.control("PUT", "/model/fault", {**SLOW, "tokensPerSecond": 40, "calls": 3})
    person, asked = await racer(people), prompt()
    await start(person, asked)
    await expect(text(person, "Function URL")).to_contain_text("From")
    async with people.context.expect_page() as opened:
        await lane(person, "Function URL").get_by_role("link", name="Second tab").click()
    second = people.watched(await opened.value)
    await second.sees(20)
    await second.sees_the_end()
    await is_over(person)
    await second.tab.close()


async def test_the_model_is_slowed_and_throttled_from_the_page(sandbox: RunningSandbox, people: People) -> None:
    before = sandbox.control("PUT", "/model", {}).json()["tokensPerSecond"]
    person = await racer(people)
    try:
        slow = person.tab.get_by_role("button", name="Slow")
        await slow.click()
        await expect(slow).to_have_attribute("aria-pressed", "true")
        assert sandbox.control("PUT", "/model", {}).json()["tokensPerSecond"] == 15
        await person.tab.get_by_role("button", name="Throttle the next calls").click()
        await expect(person.tab.get_by_role("alert")).to_have_count(0)
        assert sandbox.control("GET", "/model/fault").json() == {"fault": "throttled", "calls": 3}
    finally:
        sandbox.control("PUT", "/model", {"tokensPerSecond": before})
