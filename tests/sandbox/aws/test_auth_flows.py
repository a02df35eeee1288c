"""The flows of sign-in that an app client allows, what each demands, and what the tokens then say."""

from typing import Any

import pytest
from starlette.concurrency import run_in_threadpool as in_thread

from tests.sandbox.aws.identity import INCORRECT, NOBODY, AppClient, Identity, challenged, error_of, proof


async def test_a_client_with_a_secret_has_to_prove_it(identity: Identity) -> None:
    client = identity.new_client(generateSecret=True)
    user = identity.user()
    tokens = await client.tokens(user)
    without = AppClient(identity, client.pool_id, client.id)
    code, message = error_of(await without.sign_in(user.username, user.password))
    assert code == "NotAuthorizedException"
    assert message.endswith("is configured with secret but SECRET_HASH was not received")
    wrong = AppClient(identity, client.pool_id, client.id, "wrong")
    assert error_of(await wrong.sign_in(user.username, user.password))[1].startswith("Unable to verify secret hash")
    body = {"ClientId": client.id, "RefreshToken": tokens["RefreshToken"]}
    assert error_of(await identity.call("GetTokensFromRefreshToken", **body))[0] == "NotAuthorizedException"
    refreshed = await identity.call("GetTokensFromRefreshToken", **body, ClientSecret=client.secret)
    assert refreshed.status_code == 200


async def test_a_password_is_taken_where_the_client_allows_it(identity: Identity) -> None:
    client, user = identity.new_client(explicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]), identity.user()
    given = {"USERNAME": user.username, "PASSWORD": user.password}
    assert (await client.begin("USER_PASSWORD_AUTH", **given)).status_code == 200
    for wrong in ({"PASSWORD": "wrong"}, {"USERNAME": NOBODY}):
        assert error_of(await client.begin("USER_PASSWORD_AUTH", **{**given, **wrong})) == INCORRECT


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        ("USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
        ("ADMIN_USER_PASSWORD_AUTH", "Initiate Auth method not supported: ADMIN_USER_PASSWORD_AUTH"),
        ("NO_SUCH_FLOW", "Initiate Auth method not supported: NO_SUCH_FLOW"),
        ("USER_AUTH", "The sandbox does not emulate USER_AUTH: use USER_SRP_AUTH."),
        ("CUSTOM_AUTH", "The sandbox does not emulate CUSTOM_AUTH: use USER_SRP_AUTH."),
    ],
)
async def test_a_flow_that_is_not_there_is_refused_and_the_advice_works(
    identity: Identity, flow: str, message: str
) -> None:
    user = identity.user()
    answer = await identity.client.begin(flow, USERNAME=user.username, PASSWORD=user.password)
    assert error_of(answer) == ("InvalidParameterException", message)
    assert (await identity.client.sign_in(user.username, user.password)).status_code == 200


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        ("USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
        ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN_AUTH flow not enabled for this client"),
    ],
)
async def test_a_client_signs_in_only_as_it_may(identity: Identity, flow: str, message: str) -> None:
    client = identity.new_client(explicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])
    answer = await client.begin(flow, USERNAME=identity.user().username, SRP_A="5", REFRESH_TOKEN="x")
    assert error_of(answer) == ("InvalidParameterException", message)


@pytest.mark.parametrize("challenge", ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "CUSTOM_CHALLENGE", "DEVICE_SRP_AUTH"])
async def test_other_challenges_are_refused_in_words(identity: Identity, challenge: str) -> None:
    answer = await identity.client.respond(challenge, {"USERNAME": identity.user().username})
    assert error_of(answer) == ("InvalidParameterException", f"The sandbox does not emulate the challenge {challenge}.")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ClientId": "absent", "AuthFlow": "USER_SRP_AUTH"},
        {"ClientId": 7, "AuthFlow": "USER_SRP_AUTH"},
        {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {}},
        {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": "free@example.com"}},
        {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"SRP_A": "5"}},
        {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": {"USERNAME": "free@example.com", "SRP_A": 5}},
        {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": []},
        {"AuthFlow": "USER_SRP_AUTH", "AuthParameters": "text"},
        {"AuthFlow": ["USER_SRP_AUTH"], "AuthParameters": {}},
        {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {}},
        {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": "\ud800"}},
        {"AuthFlow": None},
    ],
)
async def test_a_request_that_lacks_something_is_refused(identity: Identity, body: dict[str, Any]) -> None:
    given = body if not body else {"ClientId": identity.client_id, **body}
    assert error_of(await identity.call("InitiateAuth", **given))[1]


@pytest.mark.parametrize(
    "missing", ["USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP", "PASSWORD_CLAIM_SIGNATURE"]
)
async def test_an_answer_that_lacks_something_is_refused(identity: Identity, missing: str) -> None:
    user = identity.user()
    known, parameters = await challenged(identity.client, user.username, user.password)
    answer = {name: value for name, value in proof(known, parameters).items() if name != missing}
    refused = await identity.client.respond("PASSWORD_VERIFIER", answer)
    assert error_of(refused) == ("InvalidParameterException", f"Missing required parameter {missing}")


async def test_an_administrator_signs_a_user_in_as_the_client_may(identity: Identity) -> None:
    cognito, user = identity.administrator(), identity.user()
    srp_only = identity.new_client(explicitAuthFlows=["ALLOW_USER_SRP_AUTH"])
    given = {
        "UserPoolId": identity.pool.id,
        "ClientId": identity.client_id,
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": user.username, "PASSWORD": user.password},
    }
    answer = await in_thread(cognito.admin_initiate_auth, **given)
    assert answer["AuthenticationResult"]["RefreshToken"]
    wrong = {"USERNAME": user.username, "PASSWORD": "wrong"}
    for change, message in (
        ({"AuthParameters": wrong}, "Incorrect username or password"),
        ({"ClientId": "absent"}, "User pool client absent does not exist"),
        ({"UserPoolId": "us-east-1_absent"}, "does not exist"),
        ({"UserPoolId": identity.new_pool().id}, "does not exist"),
        ({"ClientId": srp_only.id}, "not enabled for this client"),
    ):
        with pytest.raises(cognito.exceptions.ClientError, match=message):
            await in_thread(cognito.admin_initiate_auth, **{**given, **change})


async def test_what_a_user_writes_into_its_attributes_is_no_claim_of_its_own(identity: Identity) -> None:
    user = identity.new_user("writer@example.com")
    token = (await identity.client.tokens(user))["AccessToken"]
    for name in ("cognito:groups", "token_use", "client_id", "exp"):
        await identity.call("UpdateUserAttributes", AccessToken=token, UserAttributes=[{"Name": name, "Value": "mine"}])
    tokens = await identity.client.tokens(user)
    for name in ("IdToken", "AccessToken"):
        assert "mine" not in (await identity.tokens.claims(identity.pool.id, tokens[name])).values()


@pytest.mark.parametrize("name", ["sub", "email_verified", "phone_number_verified"])
async def test_nobody_writes_what_the_pool_alone_says_of_a_user(identity: Identity, name: str) -> None:
    token = (await identity.client.tokens(identity.user()))["AccessToken"]
    attributes = [{"Name": "nickname", "Value": "Ada"}, {"Name": name, "Value": "true"}]
    answer = await identity.call("UpdateUserAttributes", AccessToken=token, UserAttributes=attributes)
    assert error_of(answer) == ("NotAuthorizedException", "A client attempted to write unauthorized attribute")
