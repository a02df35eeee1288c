"""Where the page comes from, and who may call whom: its origin is not the sandbox's."""

import httpx
import pytest
from playwright.async_api import Browser

from tests.support.pages import People
from tests.support.sandbox import RunningSandbox

CALL = """url => fetch(url, {method: 'POST', headers: {authorization: 'Bearer x', 'content-type': 'application/json'}})
    .then(answer => answer.status, error => error.name)"""


async def test_the_page_may_call_the_stack_and_a_page_from_elsewhere_may_not(
    sandbox: RunningSandbox, people: People, browser: Browser
) -> None:
    url = f"{sandbox.state.outputs['functionUrl']}api/chat"
    person = await people.person()
    assert await person.tab.evaluate(CALL, url) == 401
    elsewhere = await browser.new_page()
    await elsewhere.goto(f"{sandbox.state.origin.replace('127.0.0.1', 'localhost')}/_sandbox/health")
    assert await elsewhere.evaluate(CALL, url) == "TypeError"
    await elsewhere.close()


def test_the_page_is_not_served_under_another_name_that_leads_to_this_machine(sandbox: RunningSandbox) -> None:
    answer = httpx.get(str(sandbox.state.outputs["pageUrl"]), headers={"host": "elsewhere.example"})
    assert answer.status_code == 421


async def test_the_page_connects_to_its_stack_alone(people: People) -> None:
    person = await people.person()
    assert await person.tab.evaluate(CALL, "http://127.0.0.1:9/") == "TypeError"
    [said, *_] = person.said
    assert "Content Security Policy" in said


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense"])
def test_the_faults_are_for_whoever_is_signed_in(sandbox: RunningSandbox, authorization: str) -> None:
    address = f"{sandbox.state.outputs['pageUrl']}_sandbox/model/fault"
    assert httpx.put(address, headers={"authorization": authorization}, json={"fault": "slow"}).status_code == 403
    signed_in = {"authorization": f"Bearer {sandbox.token()}"}
    assert httpx.delete(address, headers=signed_in).status_code == 200


def test_what_others_asked_is_not_told(sandbox: RunningSandbox) -> None:
    headers = {"authorization": f"Bearer {sandbox.token()}"}
    address = f"{sandbox.state.outputs['pageUrl']}_sandbox/model/calls"
    assert httpx.get(address, headers=headers).status_code == 404
