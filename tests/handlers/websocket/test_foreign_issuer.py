"""The WebSocket API with the tokens of an issuer that is no Cognito user pool: handshake, ticket, renewal."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from handlers.websocket import authorizer, session, tickets
from tests.support.issuer import ENCRYPTION_KID, Issuer
from tests.support.issuer_claims import REFUSED, SUB, TIERS
from tests.support.pool import token as token_of_a_pool
from tests.support.services import lambda_context
from tests.support.websocket import CONNECTION, World, connect_event, error_of, receive

NOTHING = {"type": "no-active", "requestId": "r-1"}
"""The answer to a frame that was taken."""


@pytest.fixture(scope="module")
def issuer(kept_world: World) -> Iterator[Issuer]:  # noqa: ARG001
    kept = authorizer.verifier, tickets.verifier, session.sessions
    with Issuer() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        for cached in kept:
            cached.cache_clear()
        yield running
    for cached in kept:
        cached.cache_clear()


def forged(issuer: Issuer) -> dict[str, str]:
    tokens = {what: issuer.token(changes) for what, changes in REFUSED.items()}
    tokens |= {"by another key": issuer.token_by_another_key(), "of a pool": token_of_a_pool()}
    return tokens | {
        "by a key for encryption": issuer.token_by_another_key(ENCRYPTION_KID),
        "unsigned": issuer.unsigned(),
    }


def authorize(token: str) -> dict[str, Any]:
    return authorizer.handler(connect_event(f"streamways.v1, jwt.{token}"), lambda_context())  # pyright: ignore


def ticket(token: str) -> dict[str, Any]:
    request = {"http": {"method": "POST", "path": "/"}, "requestId": "r"}
    event = {"rawPath": "/", "headers": {"authorization": f"Bearer {token}"}, "requestContext": request}
    return tickets.handler(event, lambda_context())  # pyright: ignore


@pytest.mark.usefixtures("world")
def test_a_token_that_is_not_for_us_opens_no_connection_and_buys_no_ticket(issuer: Issuer) -> None:
    for what, token in forged(issuer).items():
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            authorize(token)
        assert ticket(token)["statusCode"] == 401, what


@pytest.mark.parametrize("what", TIERS)
@pytest.mark.usefixtures("world")
def test_the_context_of_a_connection_has_tiers_and_no_other_groups(what: str, issuer: Issuer) -> None:
    changes, groups = TIERS[what]
    context = authorize(issuer.token(changes))["context"]
    assert (context["sub"], context["groups"]) == (SUB, ",".join(groups))


@pytest.mark.usefixtures("world")
def test_a_ticket_stands_for_the_user_of_its_token(issuer: Issuer) -> None:
    bought = json.loads(ticket(issuer.token())["body"])["ticket"]
    event = connect_event(None, query={"ticket": [bought]})
    context: Any = authorizer.handler(event, lambda_context())  # pyright: ignore
    assert (context["principalId"], context["context"]["groups"]) == (SUB, "pro")


def test_a_later_frame_renews_the_session_with_a_good_token_alone(issuer: Issuer, world: World) -> None:
    def resume(token: str) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"}
        frame = {"type": "resume", "requestId": "r-1", "id": "chat-1", "headers": headers, "body": {}}
        receive(frame, expires_in=-1, sub=SUB)
        return world.connections.frames(CONNECTION)[-1]

    for what, token in forged(issuer).items():
        assert error_of(resume(token))["code"] == "unauthenticated", what
    assert resume(issuer.token()) == NOTHING
