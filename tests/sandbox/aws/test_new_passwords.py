"""Users with a temporary password choose another when they sign in."""

import json

import httpx
import pytest

from tests.sandbox.aws.identity import INCORRECT, NO_SESSION, NOBODY, Identity, error_of


async def must_choose(identity: Identity, name: str) -> tuple[httpx.Response, str]:
    """A user with a temporary password who has proven to know it, and the session in which to choose another."""
    identity.new_user(name, permanent=False)
    answer = await identity.client.sign_in(name)
    assert answer.json()["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    return answer, answer.json()["Session"]


async def test_who_has_a_temporary_password_chooses_another(identity: Identity) -> None:
    name, new = "temporary@example.com", "Chosen-horse-2"
    answer, session = await must_choose(identity, name)
    parameters = answer.json()["ChallengeParameters"]
    assert json.loads(parameters["userAttributes"]) == {"email": name}
    assert json.loads(parameters["requiredAttributes"]) == []
    chosen = {"USERNAME": parameters["USER_ID_FOR_SRP"], "NEW_PASSWORD": new, "userAttributes.name": "Ada"}
    weak = await identity.client.respond("NEW_PASSWORD_REQUIRED", {**chosen, "NEW_PASSWORD": "weak"}, session)
    assert error_of(weak)[0] == "InvalidPasswordException"
    tokens = (await identity.client.respond("NEW_PASSWORD_REQUIRED", chosen, session)).json()["AuthenticationResult"]
    assert (await identity.tokens.claims(identity.pool.id, tokens["IdToken"]))["name"] == "Ada"
    assert (await identity.client.sign_in(name, new)).status_code == 200
    assert error_of(await identity.client.sign_in(name)) == INCORRECT
    assert error_of(await identity.client.respond("NEW_PASSWORD_REQUIRED", chosen, session)) == NO_SESSION


async def test_nobody_chooses_the_password_of_another(identity: Identity) -> None:
    _, session = await must_choose(identity, "choosing@example.com")
    new = {"NEW_PASSWORD": "Chosen-horse-2"}
    for name in ("pro@example.com", NOBODY):
        answer = await identity.client.respond("NEW_PASSWORD_REQUIRED", {"USERNAME": name, **new}, session)
        assert error_of(answer) == NO_SESSION
    mine = {"USERNAME": "choosing@example.com", **new}
    for wrong in (None, "made up"):
        assert error_of(await identity.client.respond("NEW_PASSWORD_REQUIRED", mine, wrong)) == NO_SESSION


@pytest.mark.parametrize(
    ("attribute", "value", "code"),
    [
        ("sub", "another", "NotAuthorizedException"),
        ("email_verified", "true", "NotAuthorizedException"),
        ("email", "pro@example.com", "AliasExistsException"),
    ],
)
async def test_a_new_password_brings_no_foreign_attributes(
    identity: Identity, attribute: str, value: str, code: str
) -> None:
    name = f"{attribute}@example.com"
    _, session = await must_choose(identity, name)
    chosen = {"USERNAME": name, "NEW_PASSWORD": "Chosen-horse-2", f"userAttributes.{attribute}": value}
    assert error_of(await identity.client.respond("NEW_PASSWORD_REQUIRED", chosen, session))[0] == code
