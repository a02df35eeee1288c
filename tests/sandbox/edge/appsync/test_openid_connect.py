"""AppSync for the users of an OIDC issuer: the program's own schema and resolvers, and real tokens with real keys."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stacks.appsync_code import appsync_code
from stacks.appsync_stream import API_FIELDS
from stacks.appsync_users import authentication
from stacks.arguments import TokenClaims
from stacks.errors import ArgumentError
from tests.sandbox.edge.appsync.appsync_harness import Api, Edge
from tests.sandbox.edge.appsync.appsync_harness import token as token_of_the_pool
from tests.sandbox.edge.appsync.test_program_api import PUBLISH, SUBSCRIBE, publish, text_of
from tests.support.issuer import ENCRYPTION_KID, Issuer
from tests.support.issuer_claims import REFUSED, SUB, TIER, USE
from tests.support.pool import token as token_of_a_pool
from tests.support.server import Answer, LocalServer

CLAIMS: TokenClaims = {"client": "aud", "use": USE, "tier": TIER}
PATTERN = r"^(https://chat\.example\.com/api|another-of-ours)$"
"""What the program makes of the client ids; `tests/program/test_users.py` looks at it."""
BY_APPSYNC = tuple(what for what in REFUSED if what.startswith(("of ", "for ", "that names", "that has expired")))
LET_IN = "for a list with more than texts"
"""AppSync finds us in it; the function behind the fields does not take it."""
BY_RESOLVERS = tuple(what for what in REFUSED if "use" in what or "ID token" in what)
VIEWER = "{ viewer { sub } }"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


def api_of(edge: Edge, issuer: str, claims: TokenClaims = CLAIMS) -> Api:
    code = appsync_code(claims)
    resolvers = {**code["resolvers"], **dict.fromkeys(API_FIELDS, code["api_resolver"])}
    made = edge.api(code["schema"], resolvers, default="OPENID_CONNECT", functions=API_FIELDS)
    made.record.user_pool_id, made.record.issuer, made.record.app_client_pattern = None, issuer, PATTERN
    return made


@pytest.fixture(scope="module")
def api(edge: Edge, issuer: Issuer) -> Api:
    made = api_of(edge, issuer.name)

    async def viewer(payload: Any) -> object:
        return {"result": {"sub": payload["claims"]["sub"], "username": "x", "groups": []}}

    made.function("viewer", viewer)
    return made


async def test_the_function_gets_the_claims_of_a_good_token(api: Api, issuer: Issuer) -> None:
    assert await api.data(VIEWER, by=issuer.token()) == {"viewer": {"sub": SUB}}
    assert await api.data(VIEWER, by=f"Bearer {issuer.token()}") == {"viewer": {"sub": SUB}}


async def test_a_token_of_another_issuer_client_or_key_gets_appsyncs_401(api: Api, issuer: Issuer) -> None:
    forged = {what: issuer.token(REFUSED[what]) for what in BY_APPSYNC if what != LET_IN}
    assert len(forged) > 10
    forged |= {"by another key": issuer.token_by_another_key(), "unsigned": issuer.unsigned()}
    forged |= {"by a key for encryption": issuer.token_by_another_key(ENCRYPTION_KID)}
    forged |= {"of a pool": token_of_a_pool(), "of the tests' pool": token_of_the_pool("ada")}
    for what, token in forged.items():
        response = await api.post(VIEWER, by=token)
        assert (response.status_code, response.json()["errors"][0]["errorType"]) == (401, "UnauthorizedException"), what


@pytest.mark.parametrize("what", BY_RESOLVERS)
async def test_a_token_that_is_no_access_token_may_neither_ask_nor_subscribe(
    what: str, api: Api, issuer: Issuer
) -> None:
    token = issuer.token(REFUSED[what])
    (entry,) = await api.errors(VIEWER, by=token)
    assert entry["errorType"] == "unauthenticated"
    client = await api.subscriber(token)
    async with client.socket:
        frame = await client.start("1", SUBSCRIBE)
        assert (frame["type"], frame["payload"]["errors"][0]["errorType"]) == ("error", "unauthenticated")


async def test_a_user_gets_the_parts_of_their_own_streams_and_may_publish_none(api: Api, issuer: Issuer) -> None:
    worker = api.publisher("Mutation.publishParts")
    client = await api.subscriber(issuer.token())
    async with client.socket:
        await client.started("all", SUBSCRIBE)
        await publish(api, worker, "somebody-else", "s1", 0)
        await publish(api, worker, SUB, "s2", 1)
        assert text_of(await client.data("all")) == f"{SUB} s2 1"
    variables = {"owner": SUB, "streamId": "s", "chatId": "c", "firstSequence": 0, "parts": []}
    (refused,) = await api.errors(PUBLISH, variables, by=issuer.token())
    assert refused["errorType"] == "Unauthorized"


async def test_an_issuer_without_a_claim_of_use_has_none_demanded(edge: Edge, issuer: Issuer) -> None:
    api = api_of(edge, issuer.name, {"client": "aud"})
    client = await api.subscriber(issuer.token({"typ": "anything"}))
    async with client.socket:
        await client.started("all", SUBSCRIBE)


async def test_an_issuer_that_is_not_there_or_calls_itself_otherwise_lets_nobody_in(edge: Edge, issuer: Issuer) -> None:
    def told(document: object) -> LocalServer:
        return LocalServer(lambda _: Answer(body=json.dumps(document).encode()))

    for document in ({"issuer": "https://other.example"}, [], {"jwks_uri": 7}, "x"):
        with told(document) as elsewhere:
            api = api_of(edge, elsewhere.url)
            assert (await api.post(VIEWER, by=issuer.token({"iss": elsewhere.url}))).status_code == 401
    gone = api_of(edge, elsewhere.url)
    assert (await gone.post(VIEWER, by=issuer.token({"iss": elsewhere.url}))).status_code == 401


@pytest.mark.parametrize(
    ("pool", "issuer_name", "claims", "said"),
    [
        (None, None, None, "`user_pool_id` is missing"),
        (None, "https://i", None, "`user_pool_id` is missing"),
        ("p", "https://i", None, "name the pool or the issuer"),
        ("p", None, CLAIMS, "name the pool or the issuer"),
        (None, "https://i", {"client": "cid"}, "AppSync looks for it in aud or azp alone"),
    ],
)
async def test_a_component_is_told_of_a_pool_or_of_an_issuer(
    pool: str | None, issuer_name: str | None, claims: TokenClaims | None, said: str
) -> None:
    """In an event loop, which Pulumi's outputs are made in."""
    with pytest.raises(ArgumentError, match=said):
        authentication(["c"], pool, issuer_name, claims)
