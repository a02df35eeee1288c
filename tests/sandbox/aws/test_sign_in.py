"""Sign-in by SRP at a user pool, as its settings have it, and who is refused with which words."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.aws import srp
from tests.sandbox.aws.identity import (
    INCORRECT,
    NO_SESSION,
    NOBODY,
    PASSWORD,
    Identity,
    challenged,
    error_of,
    proof,
)


async def test_who_knows_the_password_gets_the_tokens_of_that_user(identity: Identity) -> None:
    answer = await identity.client.sign_in(identity.user("pro").username, identity.user("pro").password)
    result = answer.json()["AuthenticationResult"]
    assert sorted(result) == ["AccessToken", "ExpiresIn", "IdToken", "RefreshToken", "TokenType"]
    assert (result["ExpiresIn"], result["TokenType"]) == (3600, "Bearer")
    claims = await identity.tokens.claims(identity.pool.id, result["AccessToken"])
    assert claims["cognito:groups"] == ["pro"]
    user = await identity.call("GetUser", AccessToken=result["AccessToken"])
    assert {"Name": "email", "Value": "pro@example.com"} in user.json()["UserAttributes"]


async def test_the_name_for_srp_is_the_pools_own_and_works_like_the_address(identity: Identity) -> None:
    user = identity.user()
    _, parameters = await challenged(identity.client, user.username)
    own = parameters["USER_ID_FOR_SRP"]
    assert own != user.username
    by_own_name = (await identity.client.sign_in(own, user.password)).json()["AuthenticationResult"]
    by_address = await identity.client.tokens(user)
    for name in ("AccessToken", "IdToken"):
        one, other = [
            await identity.tokens.claims(identity.pool.id, tokens[name]) for tokens in (by_own_name, by_address)
        ]
        same = set(one) - {"iat", "exp", "jti", "origin_jti", "auth_time"}
        assert {key: one[key] for key in same} == {key: other[key] for key in same}


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.lower(), f"{PASSWORD} "])
async def test_a_wrong_password_is_refused(identity: Identity, password: str) -> None:
    user = identity.new_user(f"wrong{len(password)}@example.com")
    assert error_of(await identity.client.sign_in(user.username, password)) == INCORRECT


async def test_a_challenge_is_answered_once(identity: Identity) -> None:
    user = identity.user()
    known, parameters = await challenged(identity.client, user.username, user.password)
    right = proof(known, parameters)
    assert (await identity.client.respond("PASSWORD_VERIFIER", right)).status_code == 200
    assert error_of(await identity.client.respond("PASSWORD_VERIFIER", right)) == NO_SESSION


async def test_of_two_equal_answers_at_once_one_is_taken(identity: Identity) -> None:
    user = identity.user()
    known, parameters = await challenged(identity.client, user.username, user.password)
    right = proof(known, parameters)
    answers = await asyncio.gather(*(identity.client.respond("PASSWORD_VERIFIER", right) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]


async def test_a_wrong_answer_uses_its_challenge_up(identity: Identity) -> None:
    user = identity.user()
    known, parameters = await challenged(identity.client, user.username, user.password)
    right = proof(known, parameters)
    wrong = {**right, "PASSWORD_CLAIM_SIGNATURE": "AAAA"}
    assert error_of(await identity.client.respond("PASSWORD_VERIFIER", wrong)) == INCORRECT
    assert error_of(await identity.client.respond("PASSWORD_VERIFIER", right)) == NO_SESSION


@pytest.mark.parametrize(
    "change",
    [
        {"PASSWORD_CLAIM_SECRET_BLOCK": "AAAA"},
        {"PASSWORD_CLAIM_SIGNATURE": "no base64!"},
        {"USERNAME": "pro@example.com"},
        {"USERNAME": NOBODY},
        {"TIMESTAMP": "Tue Sep 5 14:23:05 UTC 2017"},
        {"TIMESTAMP": "\ud800"},
    ],
)
async def test_an_answer_that_was_changed_is_refused(identity: Identity, change: dict[str, str]) -> None:
    user = identity.user()
    known, parameters = await challenged(identity.client, user.username, user.password)
    answer = await identity.client.respond("PASSWORD_VERIFIER", {**proof(known, parameters), **change})
    assert error_of(answer) == (NO_SESSION if "PASSWORD_CLAIM_SECRET_BLOCK" in change else INCORRECT)


async def test_a_challenge_is_for_the_client_that_asked(identity: Identity) -> None:
    user, other = identity.user(), identity.new_client()
    known, parameters = await challenged(identity.client, user.username, user.password)
    assert error_of(await other.respond("PASSWORD_VERIFIER", proof(known, parameters))) == NO_SESSION
    assert (await identity.client.respond("PASSWORD_VERIFIER", proof(known, parameters))).status_code == 200


@pytest.mark.parametrize(("minutes", "let_in"), [(-6, False), (-4, True), (0, True), (4, True), (6, False)])
async def test_a_clients_clock_may_be_minutes_off(identity: Identity, minutes: int, let_in: bool) -> None:
    user = identity.user()
    known, parameters = await challenged(identity.client, user.username, user.password)
    signed_at = datetime.now(UTC) + timedelta(minutes=minutes)
    answer = await identity.client.respond("PASSWORD_VERIFIER", proof(known, parameters, signed_at))
    assert answer.status_code == 200 if let_in else error_of(answer) == INCORRECT


async def test_a_time_in_another_form_is_refused_although_it_is_signed(identity: Identity) -> None:
    """With a leading zero in the day, as C's `%d` writes it."""
    user = identity.user()
    known, parameters = await challenged(identity.client, user.username, user.password)
    now = datetime.now(UTC)
    answer = await identity.client.respond(
        "PASSWORD_VERIFIER", proof(known, parameters, f"{now:%a %b 0%-d %H:%M:%S UTC %Y}")
    )
    assert error_of(answer) == INCORRECT


@pytest.mark.parametrize(
    "public_value", ["0", f"{srp.PRIME:x}", f"{srp.PRIME * 2:x}", "-1", "no number", "f" * 100_000]
)
async def test_a_public_value_that_fixes_the_key_is_refused(identity: Identity, public_value: str) -> None:
    answer = await identity.client.begin("USER_SRP_AUTH", USERNAME=identity.user().username, SRP_A=public_value)
    assert error_of(answer)[0] == "InvalidParameterException"


async def test_a_user_who_does_not_exist_looks_like_one_who_does(identity: Identity) -> None:
    _, real = await challenged(identity.client, identity.user().username)
    _, one = await challenged(identity.client, NOBODY)
    _, again = await challenged(identity.client, NOBODY)
    _, other = await challenged(identity.client, "somebody@example.com")
    assert {name: len(value) for name, value in one.items()} | {"SALT": 0, "SRP_B": 0} == {
        name: len(value) for name, value in real.items()
    } | {"SALT": 0, "SRP_B": 0}
    assert (one["SALT"], one["USER_ID_FOR_SRP"]) == (again["SALT"], again["USER_ID_FOR_SRP"])
    assert one["SALT"] != other["SALT"]
    assert one["SRP_B"] != again["SRP_B"]
    assert error_of(await identity.client.sign_in(NOBODY)) == INCORRECT


async def test_a_client_may_be_told_that_a_user_does_not_exist(identity: Identity) -> None:
    """As Cognito does unless it is asked not to."""
    legacy = identity.new_client(preventUserExistenceErrors=None)
    assert error_of(await legacy.sign_in(NOBODY)) == ("UserNotFoundException", "User does not exist.")


@pytest.mark.parametrize("known", [True, False])
async def test_what_is_in_the_way_is_told_only_to_who_knows_the_password(identity: Identity, known: bool) -> None:
    name = f"disabled-{known}@example.com"
    identity.new_user(name)
    cognito = identity.clients.cognito()
    reset = f"reset-{known}@example.com"
    identity.new_user(reset)
    verified = [{"Name": "email_verified", "Value": "true"}]
    cognito.admin_update_user_attributes(UserPoolId=identity.pool.id, Username=reset, UserAttributes=verified)
    cognito.admin_disable_user(UserPoolId=identity.pool.id, Username=name)
    cognito.admin_reset_user_password(UserPoolId=identity.pool.id, Username=reset)
    password = PASSWORD if known else "wrong"
    disabled = ("NotAuthorizedException", "User is disabled.")
    to_reset = ("PasswordResetRequiredException", "Password reset required for the user")
    assert error_of(await identity.client.sign_in(name, password)) == (disabled if known else INCORRECT)
    assert error_of(await identity.client.sign_in(reset, password)) == (to_reset if known else INCORRECT)


@pytest.mark.parametrize("sensitive", [True, False])
async def test_case_matters_as_the_pool_has_it(identity: Identity, sensitive: bool) -> None:
    pool = identity.new_pool(usernameConfiguration={"caseSensitive": sensitive})
    client = identity.new_client(pool)
    identity.new_user("Ada@Example.com", pool)
    assert (await client.sign_in("Ada@Example.com")).status_code == 200
    answer = await client.sign_in("ada@example.COM")
    assert error_of(answer) == INCORRECT if sensitive else answer.status_code == 200


async def test_a_pool_of_plain_names_has_them_in_its_tokens(identity: Identity) -> None:
    pool = identity.new_pool(usernameAttributes=None)
    client = identity.new_client(pool)
    tokens = await client.tokens(identity.new_user("ada", pool))
    claims = await identity.tokens.claims(pool.id, tokens["AccessToken"])
    assert claims["username"] == "ada"
    assert claims["sub"] != "ada"
