"""Cognito's public door: who gets in without a signature and who with one, the demo users, and the tokens."""

import base64
import gzip
import json
import time
from importlib import resources
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.concurrency import run_in_threadpool as in_thread

from sandbox.aws.cognito import ADMINISTRATORS, NOT_EMULATED
from sandbox.aws.demo_users import DemoUsers
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.pool_tokens import TokenRefused
from tests.sandbox.aws.identity import PASSWORD, REGION, AppClient, Identity, error_of
from tests.sandbox.aws.serving import client as aws_client


async def test_there_is_a_demo_user_of_each_tier_with_a_password_of_its_own(identity: Identity) -> None:
    users = {user.tier: user for user in identity.users.all}
    assert {tier: user.username for tier, user in users.items()} == {
        "free": "free@example.com",
        "pro": "pro@example.com",
    }
    assert users["free"].password != users["pro"].password


async def test_the_token_of_a_demo_user_names_its_tier_and_its_client(identity: Identity) -> None:
    claims = await identity.tokens.claims(identity.pool.id, (await identity.users.tokens("pro"))["accessToken"])
    assert claims["cognito:groups"] == ["pro"]
    assert claims["client_id"] == identity.client_id
    assert claims["token_use"] == "access"
    assert claims["iss"] == f"https://cognito-idp.{REGION}.amazonaws.com/{identity.pool.id}"


async def test_an_id_token_is_a_token_of_the_pool_as_well(identity: Identity) -> None:
    tokens = await identity.client.tokens(identity.user())
    claims = await identity.tokens.claims(identity.pool.id, tokens["IdToken"])
    assert claims["token_use"] == "id"
    assert claims["aud"] == identity.client_id
    assert (claims["email"], claims["email_verified"]) == ("free@example.com", True)


def forged(claims: dict[str, Any], key_id: str, key: RSAKey | None = None) -> str:
    return jwt.encode({"alg": "RS256", "kid": key_id}, claims, key or RSAKey.generate_key(2048))


def motos_key() -> RSAKey:
    """The key that moto signs with, as anybody can read it."""
    packed = resources.files("moto.cognitoidp").joinpath("resources/jwks-private.json.gz").read_bytes()
    return RSAKey.import_key(json.loads(gzip.decompress(packed)))


async def test_a_token_that_the_pool_did_not_sign_is_refused(identity: Identity) -> None:
    good = (await identity.users.tokens("free"))["accessToken"]
    claims = await identity.tokens.claims(identity.pool.id, good)
    head, _, signature = good.split(".")
    key_id = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
    pro = base64.urlsafe_b64encode(json.dumps({**claims, "cognito:groups": ["pro"]}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg": "none"}').decode().rstrip("=")
    for token in (
        *("", "a.b.c", f"{head}.{pro}.{signature}", f"{unsigned}.{pro}.", good[:-4] + "AAAA"),
        *(forged(claims, key_id), forged(claims, "dummy", motos_key()), forged(claims, key_id, motos_key())),
    ):
        with pytest.raises(TokenRefused):
            await identity.tokens.claims(identity.pool.id, token)


async def test_a_token_of_another_pool_is_refused(identity: Identity) -> None:
    pool = identity.new_pool()
    pool.groups.append("free")
    identity.clients.cognito().create_group(UserPoolId=pool.id, GroupName="free")
    client, proxy = identity.new_client(pool), MotoProxy(identity.moto)
    other = DemoUsers(identity.clients, proxy, pool, client.id)
    await other.create()
    token = (await other.tokens("free"))["accessToken"]
    assert (await identity.tokens.claims(pool.id, token))["cognito:groups"] == ["free"]
    with pytest.raises(TokenRefused, match="is not signed by"):
        await identity.tokens.claims(identity.pool.id, token)
    with pytest.raises(TokenRefused, match="there is no user pool"):
        await identity.tokens.claims("absent", token)
    await proxy.close()


async def test_an_expired_token_is_refused(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    token = (await identity.users.tokens("free"))["accessToken"]
    later = time.time() + 3601
    monkeypatch.setattr("sandbox.aws.pool_tokens.time.time", lambda: later)
    with pytest.raises(TokenRefused, match="expired"):
        await identity.tokens.claims(identity.pool.id, token)


async def key_set(identity: Identity, pool_id: str) -> httpx.Response:
    return await identity.http.get(f"{identity.url}/{pool_id}/.well-known/jwks.json")


async def test_the_signing_keys_are_public_and_only_their_public_halves(identity: Identity) -> None:
    answer, missing = await key_set(identity, identity.pool.id), await key_set(identity, "absent")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [sorted(key) for key in answer.json()["keys"]] == [["alg", "e", "kid", "kty", "n", "use"]] * 2
    assert missing.status_code == 404


async def test_a_pool_signs_its_two_kinds_of_token_with_keys_that_no_other_pool_has(identity: Identity) -> None:
    ours = [key["n"] for key in (await key_set(identity, identity.pool.id)).json()["keys"]]
    others = [key["n"] for key in (await key_set(identity, identity.new_pool().id)).json()["keys"]]
    assert len({*ours, *others, motos_key().as_dict()["n"]}) == 5
    tokens = await identity.client.tokens(identity.user())
    heads = [tokens[name].partition(".")[0] for name in ("AccessToken", "IdToken")]
    assert len({json.loads(base64.urlsafe_b64decode(head + "=="))["kid"] for head in heads}) == 2


async def test_a_browser_may_ask_first(identity: Identity) -> None:
    answer = await identity.http.options(identity.url, headers={"access-control-request-method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-headers"] == "*"


@pytest.mark.parametrize(
    "operation", ["AdminInitiateAuth", "AdminCreateUser", "ListUsers", "DescribeUserPool", "AdminSetUserPassword", ""]
)
async def test_an_operation_that_needs_a_signature_is_refused_without_one(identity: Identity, operation: str) -> None:
    answer = await identity.call(operation, UserPoolId=identity.pool.id)
    assert error_of(answer)[0] == "MissingAuthenticationTokenException"
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_signed_operation_is_served_where_users_sign_in(identity: Identity) -> None:
    user = identity.user()
    answer = await in_thread(
        identity.administrator().admin_initiate_auth,
        UserPoolId=identity.pool.id,
        ClientId=identity.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.username, "PASSWORD": user.password},
    )
    token = answer["AuthenticationResult"]["AccessToken"]
    assert (await identity.tokens.claims(identity.pool.id, token))["cognito:groups"] == ["free"]


async def test_a_signed_operation_needs_a_permission_and_a_signature_for_cognito(identity: Identity) -> None:
    nobody = identity.credentials.for_role("arn:aws:iam::000000000000:role/nobody")
    cognito = aws_client("cognito-idp", identity.url, nobody)
    with pytest.raises(cognito.exceptions.ClientError, match="not authorized to perform: cognito-idp:ListUsers"):
        await in_thread(cognito.list_users, UserPoolId=identity.pool.id)
    dynamodb = aws_client("dynamodb", identity.url, identity.credentials.administrator)
    with pytest.raises(dynamodb.exceptions.ClientError, match="scoped to correct service: 'cognito-idp'"):
        await in_thread(dynamodb.list_tables)


async def test_nobody_signs_up_where_only_an_administrator_makes_users(identity: Identity) -> None:
    answer = await identity.call("SignUp", ClientId=identity.client_id, Username="a@example.com", Password=PASSWORD)
    assert error_of(answer) == ("NotAuthorizedException", "SignUp is not permitted for this user pool")


@pytest.mark.parametrize("operation", sorted(NOT_EMULATED))
async def test_what_the_sandbox_has_not_is_refused_in_words(identity: Identity, operation: str) -> None:
    answer = await identity.call(operation, AccessToken=(await identity.users.tokens("free"))["accessToken"])
    assert error_of(answer) == ("InvalidParameterException", f"The sandbox does not emulate {operation}.")


async def test_what_the_sandbox_has_not_is_refused_to_an_administrator_too(identity: Identity) -> None:
    cognito = identity.administrator()
    chosen = {"UserPoolId": identity.pool.id, "Username": "free@example.com", "SMSMfaSettings": {"Enabled": True}}
    with pytest.raises(cognito.exceptions.ClientError, match="does not emulate AdminSetUserMFAPreference"):
        await in_thread(cognito.admin_set_user_mfa_preference, **chosen)


ADVICE: dict[str, dict[str, Any]] = {
    "AdminConfirmSignUp": {},
    "AdminDeleteUser": {},
    "AdminDeleteUserAttributes": {"UserAttributeNames": ["name"]},
    "AdminSetUserPassword": {"Password": "Another-horse-2", "Permanent": True},
    "AdminUpdateUserAttributes": {"UserAttributes": [{"Name": "email_verified", "Value": "true"}]},
}


@pytest.fixture(scope="module")
def open_client(identity: Identity) -> AppClient:
    """Of a pool where people sign up by themselves."""
    return identity.new_client(identity.new_pool())


@pytest.mark.parametrize("operation", sorted(ADMINISTRATORS))
async def test_what_needs_an_email_is_refused_and_the_advice_works(
    identity: Identity, open_client: AppClient, operation: str
) -> None:
    """Nobody takes an account over with a code that nobody sent."""
    client, name = open_client, f"{operation}@example.com".lower()
    assert (await identity.call("SignUp", ClientId=client.id, Username=name, Password=PASSWORD)).status_code == 200
    named = {"UserPoolId": client.pool_id, "Username": name}
    attribute = [{"Name": "name", "Value": "Ada"}]
    identity.clients.cognito().admin_update_user_attributes(**named, UserAttributes=attribute)
    answer = await identity.call(operation, ClientId=client.id, Username=name, ConfirmationCode="123456")
    code, message = error_of(answer)
    advised = message.partition("sign ")[2].partition(" instead")[0]
    assert code == "InvalidParameterException"
    assert "the credentials in its state.json" in message
    method = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in advised).strip("_")
    await in_thread(getattr(identity.administrator(), method), **named, **ADVICE[advised])


async def test_who_signed_up_signs_in_once_an_administrator_has_confirmed_it(
    identity: Identity, open_client: AppClient
) -> None:
    client, name = open_client, "ada@example.com"
    await identity.call("SignUp", ClientId=client.id, Username=name, Password=PASSWORD)
    assert error_of(await client.sign_in(name)) == ("UserNotConfirmedException", "User is not confirmed.")
    await in_thread(identity.administrator().admin_confirm_sign_up, UserPoolId=client.pool_id, Username=name)
    assert (await client.sign_in(name)).status_code == 200


async def test_a_body_that_is_not_an_object_is_refused(identity: Identity) -> None:
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    for body in (b"", b"[]", b"{", b"[" * 100_000, bytes(200_000)):
        assert (await identity.http.post(identity.url, headers=headers, content=body)).status_code == 400


@pytest.mark.parametrize("wrong", [7, ["text"], {"a": "text"}, True])
async def test_what_has_to_be_a_text_is_refused_when_it_is_none(identity: Identity, wrong: object) -> None:
    for operation, name in (("GetUser", "AccessToken"), ("InitiateAuth", "ClientId"), ("RevokeToken", "Token")):
        answer = await identity.call(operation, **{name: wrong})
        assert error_of(answer) == ("SerializationException", f"{name} is not a text.")
