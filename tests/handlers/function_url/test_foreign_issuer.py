"""The function URL with the tokens of an issuer that is no Cognito user pool."""

from collections.abc import Iterator

import httpx
import pytest

from handlers.http import environment
from tests.support.aws import Table
from tests.support.function_url import CHAT, World, refusal, send, untouched
from tests.support.issuer import ENCRYPTION_KID, Issuer
from tests.support.issuer_claims import REFUSED, TIERS
from tests.support.pool import token as token_of_a_pool


@pytest.fixture(scope="module")
def issuer(kept_world: World) -> Iterator[Issuer]:  # noqa: ARG001
    with Issuer() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        environment.verifier.cache_clear()
        yield running
    environment.verifier.cache_clear()


async def start(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await send(client, "POST", "/api/chat", authorization=f"Bearer {token}", body=CHAT)


async def test_a_token_that_is_not_for_us_starts_nothing(
    issuer: Issuer, client: httpx.AsyncClient, world: World, table: Table
) -> None:
    forged = {what: issuer.token(changes) for what, changes in REFUSED.items()}
    forged |= {"by another key": issuer.token_by_another_key(), "of a pool": token_of_a_pool()}
    forged |= {"by a key for encryption": issuer.token_by_another_key(ENCRYPTION_KID), "unsigned": issuer.unsigned()}
    for what, token in forged.items():
        assert refusal(await start(client, token), 401, "unauthenticated"), what
    assert untouched(world, table)


@pytest.mark.parametrize("what", TIERS)
async def test_a_user_streams_whatever_tier_the_token_names_or_does_not(
    what: str, issuer: Issuer, client: httpx.AsyncClient
) -> None:
    assert (await start(client, issuer.token(TIERS[what][0]))).status_code == 200


async def test_a_member_is_removed_by_a_sub_that_is_no_uuid(issuer: Issuer, client: httpx.AsyncClient) -> None:
    await start(client, issuer.token())
    good, guest = f"Bearer {issuer.token()}", "google-oauth2%7C105"
    body = {"sub": "google-oauth2|105"}
    assert (await send(client, "POST", "/api/chat/chat-1/invitations", authorization=good, body=body)).is_success
    removed = await send(client, "DELETE", f"/api/chat/chat-1/members/{guest}", authorization=good)
    assert (removed.status_code, removed.json().get("invited")) == (200, [])
