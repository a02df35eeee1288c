"""What a request names beside the chat is authorised before anything is read, written or generated."""

from collections.abc import Callable, Mapping

import httpx
import pytest

from tests.support import authorization
from tests.support.authorization import NOTEBOOK_CHAT, OF_THE_EXAMPLE, WRONG, Hook, example_for
from tests.support.aws import Table
from tests.support.function_url import OWNER, World, ask, chat, refusal, send

hooked = authorization.hooked
READS = (f"/api/chat/{NOTEBOOK_CHAT}", f"/api/chat/{NOTEBOOK_CHAT}/stream")
STATUS = {"forbidden": 403, "not_found": 404, "internal": 500, "invalid_request": 400}


@pytest.mark.parametrize(("hook", "code"), WRONG.values(), ids=WRONG.keys())
async def test_nothing_is_touched_for_a_request_that_is_refused(
    client: httpx.AsyncClient, world: World, table: Table, hooked: Callable[[Hook], None], hook: Hook, code: str
) -> None:
    hooked(hook)
    refusal(await ask(client), STATUS[code], code)
    for path in READS:
        refusal(await send(client, "GET", path), STATUS[code], code)
    assert table.items() == []
    assert world.bedrock.received == []


@pytest.mark.parametrize(("fields", "code"), OF_THE_EXAMPLE.values(), ids=OF_THE_EXAMPLE.keys())
async def test_the_notebook_is_named_in_the_body_of_a_start_and_in_the_query_of_what_reads(
    client: httpx.AsyncClient, hooked: Callable[[Hook], None], fields: Mapping[str, object], code: str | None
) -> None:
    hooked(example_for(OWNER))
    started = await ask(client, body={**fields, **chat(NOTEBOOK_CHAT)})
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    read = [await send(client, "GET", f"{path}?{query}") for path in READS]
    if code is None:
        assert [response.status_code for response in (started, *read)] == [200, 200, 200]
    else:
        for response in (started, *read):
            refusal(response, STATUS[code], code)


async def test_a_notebook_that_is_named_twice_is_none(
    client: httpx.AsyncClient, hooked: Callable[[Hook], None]
) -> None:
    hooked(example_for(OWNER))
    for path in READS:
        response = await send(client, "GET", f"{path}?notebookId=nb-salaries&notebookId=nb-roadmap")
        refusal(response, 400, "invalid_request")
