"""Who gets AWS credentials from an identity pool, and who does not."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from sandbox.aws.identity_pools import SESSION_SECONDS
from stacks.iam import trust_of_users
from tests.sandbox.aws.identity import REGION, Identity, error_of

POOL = "aws:cognito/identityPool:IdentityPool"
ROLES = "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment"
UNKNOWN = f"{REGION}:00000000-0000-0000-0000-000000000000"


@dataclass
class IdentityPool:
    """An identity pool over the user pool of `identity`, as the program makes it."""

    identity: Identity
    id: str
    role_arn: str
    provider: str

    async def get_id(self, token: str | None, provider: str | None = None) -> httpx.Response:
        logins = {} if token is None else {"Logins": {provider or self.provider: token}}
        return await self.identity.call_identity("GetId", IdentityPoolId=self.id, **logins)

    async def credentials(self, identity_id: str, token: str | None) -> httpx.Response:
        logins = {} if token is None else {"Logins": {self.provider: token}}
        return await self.identity.call_identity("GetCredentialsForIdentity", IdentityId=identity_id, **logins)


def identity_pool(identity: Identity, name: str = "signers", trust: str | None = None) -> IdentityPool:
    account = identity.account
    provider = f"cognito-idp.{REGION}.amazonaws.com/{identity.pool.id}"
    client = {"clientId": identity.client_id, "providerName": provider, "serverSideTokenCheck": True}
    made = account.create(POOL, name, identityPoolName=name, cognitoIdentityProviders=[client])
    role = account.create("aws:iam/role:Role", name, assumeRolePolicy=trust or trust_of_users(made.id))
    arn = str(role.outputs["arn"])
    account.create(ROLES, name, identityPoolId=made.id, roles={"authenticated": arn})
    return IdentityPool(identity, made.id, arn, provider)


@pytest.fixture(scope="session")
async def pool(identity: Identity) -> IdentityPool:
    return identity_pool(identity)


async def id_token(identity: Identity, tier: str = "free", seconds: int = 600, *, of_another: bool = False) -> str:
    return (await identity.users.tokens(tier, seconds, of_another_client=of_another))["idToken"]


async def test_a_user_who_has_signed_in_gets_credentials_of_the_role_for_an_hour(
    identity: Identity, pool: IdentityPool
) -> None:
    token = await id_token(identity)
    user = (await pool.get_id(token)).json()["IdentityId"]
    assert user.startswith(f"{REGION}:")
    before = time.time()
    given = (await pool.credentials(user, token)).json()
    assert given["IdentityId"] == user
    assert abs(given["Credentials"]["Expiration"] - before - SESSION_SECONDS) < 60
    principal = identity.credentials.principal(given["Credentials"]["AccessKeyId"])
    assert principal is not None
    assert principal.role_arn == pool.role_arn
    assert principal.user is not None
    assert principal.user.identity_id == user
    keys = principal.keys
    assert (keys.secret_access_key, keys.session_token) == (
        given["Credentials"]["SecretKey"],
        given["Credentials"]["SessionToken"],
    )


async def test_a_user_is_the_same_identity_each_time_and_no_other_user_is(
    identity: Identity, pool: IdentityPool
) -> None:
    tokens = [await id_token(identity), await id_token(identity), await id_token(identity, "pro")]
    one, again, other = [(await pool.get_id(token)).json()["IdentityId"] for token in tokens]
    assert one == again != other
    code, message = error_of(await pool.credentials(other, tokens[0]))
    assert (code, message.partition(".")[0]) == ("NotAuthorizedException", "Logins don't match")


def changed(token: str, key: RSAKey | None = None, **claims: object) -> str:
    """A token that says something else, signed by somebody else."""
    header, body = (json.loads(decoded(part)) for part in token.split(".")[:2])
    signer = key or RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "kid": header["kid"]}, {**body, **claims}, signer)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("none", "Unauthenticated access is not supported for this identity pool."),
        ("expired", "Invalid login token. the token has expired"),
        ("forged", "Invalid login token. the token is not signed by"),
        ("rubbish", "Invalid login token."),
        ("access token", "Invalid login token. Missing a required claim: aud"),
        ("another client", "Invalid login token. Incorrect token audience."),
        ("another pool", "Invalid login token. the token is not signed by"),
        ("another provider", "Token is not from a supported provider of this identity pool."),
    ],
)
async def test_a_token_that_is_not_good_gets_no_identity_and_no_credentials(
    identity: Identity, pool: IdentityPool, kind: str, said: str
) -> None:
    good = await id_token(identity)
    user = (await pool.get_id(good)).json()["IdentityId"]
    token: str | None
    match kind:
        case "none":
            token = None
        case "expired":
            token = await id_token(identity, seconds=-5)
        case "forged":
            token = changed(good)
        case "rubbish":
            token = "a.b.c"
        case "access token":
            token = (await identity.users.tokens("free"))["accessToken"]
        case "another client":
            token = await id_token(identity, of_another=True)
        case "another pool":
            other = identity.new_pool()
            name = "ada@example.com"
            user_of_other = identity.new_user(name, other)
            token = (await identity.new_client(other).tokens(user_of_other))["IdToken"]
        case _:
            token = good
    provider = "graph.facebook.com" if kind == "another provider" else None
    code, message = error_of(await pool.get_id(token, provider))
    assert code == "NotAuthorizedException"
    assert message.startswith(said)
    if provider is None:
        code, _ = error_of(await pool.credentials(user, token))
        assert code == "NotAuthorizedException"


async def test_a_user_who_was_signed_out_everywhere_or_deleted_gets_no_more_credentials(
    identity: Identity, pool: IdentityPool
) -> None:
    user = identity.new_user("leaving@example.com")
    tokens = await identity.client.tokens(user)
    assert (await pool.get_id(tokens["IdToken"])).status_code == 200
    signed_out = await identity.call("GlobalSignOut", AccessToken=tokens["AccessToken"])
    assert signed_out.status_code == 200
    assert error_of(await pool.get_id(tokens["IdToken"]))[0] == "NotAuthorizedException"
    again = await identity.client.tokens(user)
    assert (await pool.get_id(again["IdToken"])).status_code == 200
    identity.clients.cognito().admin_delete_user(UserPoolId=identity.pool.id, Username=user.username)
    assert error_of(await pool.get_id(again["IdToken"]))[0] == "NotAuthorizedException"


@pytest.mark.parametrize(
    "trust",
    [
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        ),
        trust_of_users(UNKNOWN),
        trust_of_users("{own}").replace('"authenticated"', '"unauthenticated"'),
    ],
    ids=["a service's role", "of another identity pool", "a role of guests"],
)
async def test_a_role_that_does_not_trust_the_users_of_the_pool_is_not_given_to_them(
    identity: Identity, trust: str
) -> None:
    pool = identity_pool(identity, "distrusted", trust)
    try:
        token = await id_token(identity)
        user = (await pool.get_id(token)).json()["IdentityId"]
        code, _ = error_of(await pool.credentials(user, token))
        assert code == "InvalidIdentityPoolConfigurationException"
    finally:
        del identity.account.world.identity_pools[pool.id]
        del identity.account.world.roles[pool.role_arn]


@pytest.mark.parametrize(
    ("operation", "fields", "code"),
    [
        ("GetId", {"IdentityPoolId": UNKNOWN}, "ResourceNotFoundException"),
        ("GetId", {}, "ValidationException"),
        ("GetId", {"IdentityPoolId": 7}, "ValidationException"),
        ("GetCredentialsForIdentity", {"IdentityId": UNKNOWN}, "ResourceNotFoundException"),
        ("GetOpenIdToken", {"IdentityId": UNKNOWN}, "InvalidParameterException"),
        ("ListIdentities", {}, "InvalidParameterException"),
    ],
)
async def test_a_call_that_makes_no_sense_is_refused(
    identity: Identity, operation: str, fields: Mapping[str, Any], code: str
) -> None:
    assert error_of(await identity.call_identity(operation, **fields))[0] == code


@pytest.mark.parametrize("logins", ["token", ["token"], {"cognito": 7}])
async def test_logins_that_are_no_texts_are_refused(identity: Identity, pool: IdentityPool, logins: object) -> None:
    answer = await identity.call_identity("GetId", IdentityPoolId=pool.id, Logins=logins)
    assert error_of(answer)[0] == "SerializationException"


async def test_a_page_may_ask_and_learns_what_time_it_is(identity: Identity, pool: IdentityPool) -> None:
    answer = await pool.get_id(await id_token(identity))
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "date" in answer.headers["access-control-expose-headers"]
    assert answer.headers["date"]
