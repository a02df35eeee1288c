"""`$connect` is authorised by the subprotocol that carries the token, by a ticket, or not at all."""

import json
import time
from typing import Any

import pytest

from handlers.websocket import authorizer, ticket_store
from shared.auth.user import MAX_CLAIMS_BYTES, User
from shared.errors import Internal
from tests.support import pool
from tests.support.aws import Table
from tests.support.claims import WRONG
from tests.support.logs import Logs
from tests.support.pool import token, token_with
from tests.support.services import lambda_context
from tests.support.websocket import METHOD_ARN, World, connect_event

RESULT_BYTES = 8 * 1024
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""


def authorize(protocols: str | None, **changes: Any) -> dict[str, Any]:
    return authorizer.handler(connect_event(protocols, **changes), lambda_context())  # pyright: ignore


@pytest.mark.parametrize("header", ["Sec-WebSocket-Protocol", "sec-websocket-protocol", "SEC-WEBSOCKET-PROTOCOL"])
def test_a_good_token_opens_this_one_connection(header: str, world: World) -> None:  # noqa: ARG001
    expires = int(time.time()) + 60
    policy = authorize(f"streamways.v1, jwt.{token(exp=expires)}", header=header)
    assert policy["principalId"] == "a1b2c3d4"
    assert policy["policyDocument"]["Statement"] == [
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": METHOD_ARN}
    ]
    assert policy["context"] == {
        "sub": "a1b2c3d4",
        "username": "ada",
        "groups": "pro",
        "tier": "pro",
        "expiresAt": str(expires),
    }


def ticket() -> str:
    """A fresh one, of a token that is good for a minute."""
    return ticket_store.issue(User("a1b2c3d4", "ada", ("pro", "beta"), int(time.time()) + 60))[0]


def test_a_ticket_opens_this_one_connection_for_the_user_and_the_life_of_its_token(world: World) -> None:  # noqa: ARG001
    policy = authorize(None, query={"ticket": [ticket()]})
    assert policy["principalId"] == "a1b2c3d4"
    assert policy["policyDocument"]["Statement"][0]["Resource"] == METHOD_ARN
    context = policy["context"]
    assert (context["sub"], context["username"], context["groups"]) == ("a1b2c3d4", "ada", "pro,beta")
    assert 0 <= int(time.time()) + 60 - int(context["expiresAt"]) <= 5


def test_a_ticket_goes_with_the_subprotocol_that_holds_no_token(world: World) -> None:  # noqa: ARG001
    assert authorize("streamways.v1", query={"ticket": [ticket()], "other": ["x"]})["principalId"] == "a1b2c3d4"


def test_a_ticket_opens_no_second_connection(world: World) -> None:  # noqa: ARG001
    once = ticket()
    authorize(None, query={"ticket": [once]})
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(None, query={"ticket": [once]})


def test_of_several_credentials_none_is_taken_and_no_ticket_is_spent(world: World) -> None:  # noqa: ARG001
    one, other = ticket(), ticket()
    for protocols, query in (
        (f"streamways.v1, jwt.{token()}", {"ticket": [one]}),
        ("streamways.v1, jwt.", {"ticket": [one]}),
        (None, {"ticket": [one, other]}),
        (None, {"ticket": [one, one]}),
        (None, {"ticket": [one, ""]}),
        (f"jwt.{token()}", {"ticket": [""]}),
    ):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            authorize(protocols, query=query)
    assert authorize(None, query={"ticket": [one]})["principalId"] == "a1b2c3d4"


@pytest.mark.parametrize("query", [{"ticket": [""]}, {"ticket": ["x" * 43]}, {"Ticket": ["y" * 43]}, {"token": ["z"]}])
def test_no_ticket_is_made_up(query: dict[str, list[str]], world: World) -> None:  # noqa: ARG001
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(None, query=query)


def test_a_table_that_fails_is_not_passed_off_as_a_bad_ticket(world: World, table: Table) -> None:  # noqa: ARG001
    good = ticket()
    table.delete()
    with pytest.raises(Exception, match="ResourceNotFound"):
        authorize(None, query={"ticket": [good]})


def test_the_context_is_text_alone_as_api_gateway_demands(world: World) -> None:  # noqa: ARG001
    context = authorize(f"jwt.{token()}")["context"]
    assert all(isinstance(value, str) for value in context.values())
    json.dumps(context)


OFFERS: dict[str, str | None] = {
    "nothing": None,
    "an empty list": "",
    "no token": "streamways.v1",
    "an empty token": "streamways.v1, jwt.",
    "a token without its prefix": f"streamways.v1, {token()}",
    "a token under another prefix": f"streamways.v1, JWT.{token()}",
    "two good tokens": f"streamways.v1, jwt.{token()}, jwt.{token()}",
    "a good token and a bad one": f"streamways.v1, jwt.nonsense, jwt.{token()}",
    "nonsense": "streamways.v1, jwt.nonsense",
    "an expired token": f"streamways.v1, jwt.{token(exp=1)}",
    "a foreign token": f"streamways.v1, jwt.{token(key=pool.OTHER_KEY)}",
    "an ID token": f"streamways.v1, jwt.{token(token_use='id')}",
    "the token of another client": f"streamways.v1, jwt.{token(client_id='another')}",
    "half a surrogate pair": "streamways.v1, jwt.\ud800.x.y",
}


@pytest.mark.parametrize("protocols", OFFERS.values(), ids=OFFERS.keys())
def test_a_connection_is_refused_in_the_one_word_that_api_gateway_understands_for(
    protocols: str | None,
    world: World,  # noqa: ARG001
    logs: Logs,
) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$") as refusal:
        authorize(protocols)
    assert type(refusal.value) is Exception
    assert refusal.value.__cause__ is None
    [line] = logs.lines("refused")
    assert line["code"] == "unauthenticated"


def test_a_token_in_the_query_is_not_taken(world: World) -> None:  # noqa: ARG001
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize("streamways.v1", query={"token": [token()], "access_token": [token()], "ticket": [token()]})


def test_no_headers_at_all_are_a_refusal_too(world: World) -> None:  # noqa: ARG001
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorizer.handler({**connect_event(None), "headers": None}, lambda_context())  # pyright: ignore


def test_keys_that_cannot_be_had_are_not_passed_off_as_a_bad_token(world: World) -> None:
    authorizer.verifier.cache_clear()
    world.pool.down = True
    try:
        with pytest.raises(Internal):
            authorize(f"streamways.v1, jwt.{token()}")
    finally:
        world.pool.down = False
        authorizer.verifier.cache_clear()


def test_no_token_or_ticket_is_logged(world: World, logs: Logs) -> None:  # noqa: ARG001
    good, once = token(), ticket()
    authorize(None, query={"ticket": [once]})
    with pytest.raises(Exception, match="Unauthorized"):
        authorize(None, query={"ticket": [once]})
    assert once not in logs.text
    authorize(f"streamways.v1, jwt.{good}")
    with pytest.raises(Exception, match="Unauthorized"):
        authorize(f"streamways.v1, jwt.{good}x")
    assert logs.lines("refused")
    assert not any(piece in logs.text for piece in good.split("."))


def test_a_token_opens_no_connection_whatever_claim_of_it_is_wrong(world: World) -> None:  # noqa: ARG001
    for changes in WRONG.values():
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            authorize(f"streamways.v1, jwt.{token_with(changes)}")


@pytest.mark.parametrize("letter", ["x", "é", '"'])
def test_the_largest_claims_that_are_taken_fit_into_an_authorizer_s_answer(
    letter: str,
    world: World,  # noqa: ARG001
) -> None:
    claims = {**pool.claims(), "cognito:groups": list[str]()}
    room = MAX_CLAIMS_BYTES - len(json.dumps(claims))
    group = letter * 100
    groups = [group] * (room // len(json.dumps([group, ""])))
    assert len(groups) > 5
    policy = authorize(f"jwt.{token_with({'cognito:groups': groups})}")
    assert len(json.dumps(policy).encode()) <= RESULT_BYTES


@pytest.mark.parametrize("origin", ["https://chat.example", "http://localhost:5173"])
@pytest.mark.parametrize("name", ["Origin", "origin"])
def test_a_page_of_an_origin_that_is_listed_may_connect(name: str, origin: str, world: World) -> None:  # noqa: ARG001
    for credential in ({"protocols": f"jwt.{token()}"}, {"protocols": None, "query": {"ticket": [ticket()]}}):
        policy = authorize(**credential, more={name: [origin]})
        assert policy["policyDocument"]["Statement"][0]["Effect"] == "Allow"


FOREIGN_ORIGINS = {
    "another": ["https://evil.example"],
    "of another scheme": ["http://chat.example"],
    "of another port": ["http://localhost:5174"],
    "of no port": ["http://localhost"],
    "a host below": ["https://a.chat.example"],
    "a host that begins so": ["https://chat.example.evil.example"],
    "with a path": ["https://chat.example/"],
    "in capitals": ["HTTPS://CHAT.EXAMPLE"],
    "null": ["null"],
    "empty": [""],
    "the whole list": ["https://chat.example,http://localhost:5173"],
    "a wildcard": ["*"],
    "twice, one of them listed": ["https://evil.example", "https://chat.example"],
}


@pytest.mark.parametrize("values", FOREIGN_ORIGINS.values(), ids=FOREIGN_ORIGINS.keys())
def test_a_page_may_not_connect_whose_origin_is(values: list[str], world: World, logs: Logs) -> None:  # noqa: ARG001
    once = ticket()
    for credential in ({"protocols": f"jwt.{token()}"}, {"protocols": None, "query": {"ticket": [once]}}):
        policy = authorize(**credential, more={"Origin": values})
        assert policy["policyDocument"]["Statement"] == [
            {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": METHOD_ARN}
        ]
        assert policy["principalId"]
        assert "context" not in policy
    assert [line["code"] for line in logs.lines("refused")] == ["forbidden"] * 2
    assert authorize(None, query={"ticket": [once]}), "a page that may not connect spends no ticket"


def test_a_foreign_page_learns_nothing_of_its_token(world: World) -> None:  # noqa: ARG001
    bad = authorize("streamways.v1, jwt.nonsense", more={"Origin": ["https://evil.example"]})
    assert bad == authorize(f"streamways.v1, jwt.{token()}", more={"Origin": ["https://evil.example"]})
