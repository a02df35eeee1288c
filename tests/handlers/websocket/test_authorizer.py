"""`$connect` is authorised by the subprotocol that carries the token, or not at all."""

import json
import time
from typing import Any

import pytest

from handlers.websocket import authorizer
from shared.errors import Internal
from tests.support import pool
from tests.support.logs import Logs
from tests.support.pool import token
from tests.support.services import lambda_context
from tests.support.websocket import METHOD_ARN, World, connect_event


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
        "expiresAt": str(expires),
    }


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
    event = {**connect_event("streamways.v1"), "queryStringParameters": {"token": token(), "access_token": token()}}
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorizer.handler(event, lambda_context())  # pyright: ignore


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


def test_no_token_is_logged(world: World, logs: Logs) -> None:  # noqa: ARG001
    good = token()
    authorize(f"streamways.v1, jwt.{good}")
    with pytest.raises(Exception, match="Unauthorized"):
        authorize(f"streamways.v1, jwt.{good}x")
    assert logs.lines("refused")
    assert not any(piece in logs.text for piece in good.split("."))
