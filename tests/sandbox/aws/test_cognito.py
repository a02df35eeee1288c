"""Cognito's public door, the demo users, and the tokens that AppSync takes."""

import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.concurrency import run_in_threadpool as in_thread

from sandbox.aws.cognito import PoolTokens, PublicCognito, TokenRefused
from sandbox.aws.demo_users import DemoUsers
from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.user_pools import UserPool
from sandbox.world import World
from tests.sandbox.aws.serving import listener, serving

FLOWS = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
REGION = "eu-central-1"


@dataclass
class Identity:
    """A user pool with demo users, served at `url`."""

    url: str
    pool: UserPool
    client_id: str
    clients: MotoClients
    users: DemoUsers
    tokens: PoolTokens

    async def call(self, operation: str, **body: Any) -> httpx.Response:
        headers = {"x-amz-target": f"AWSCognitoIdentityProviderService.{operation}", "origin": "http://localhost:5173"}
        async with httpx.AsyncClient(trust_env=False) as http:
            return await http.post(self.url, headers=headers, json=body)

    async def admin_tokens(self, tier: str = "free") -> dict[str, str]:
        user = next(user for user in self.users.all if user.tier == tier)
        answer = await in_thread(
            self.clients.cognito().admin_initiate_auth,
            UserPoolId=self.pool.id,
            ClientId=self.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user.username, "PASSWORD": user.password},
        )
        return answer["AuthenticationResult"]


async def new_pool(clients: MotoClients) -> tuple[UserPool, str]:
    cognito = clients.cognito()
    created = await in_thread(cognito.create_user_pool, PoolName="pool", UsernameAttributes=["email"])
    pool = UserPool(created["UserPool"]["Id"], admin_create_user_only=True, groups=["free", "pro"])
    for group in pool.groups:
        await in_thread(cognito.create_group, UserPoolId=pool.id, GroupName=group)
    arguments = {"UserPoolId": pool.id, "ClientName": "client", "ExplicitAuthFlows": FLOWS}
    client_id = (await in_thread(cognito.create_user_pool_client, **arguments))["UserPoolClient"]["ClientId"]
    pool.clients[client_id] = frozenset(FLOWS)
    return pool, client_id


@pytest.fixture(scope="module")
async def identity(moto: Moto) -> AsyncIterator[Identity]:
    clients, proxy = MotoClients(moto, REGION), MotoProxy(moto)
    pool, client_id = await new_pool(clients)
    users = DemoUsers(clients, pool, client_id)
    await users.create()
    listening, origin = listener()
    world, pools = World(REGION, origin), {pool.id: pool}
    tokens = PoolTokens(world, pools, proxy)
    async with serving(listening, PublicCognito(world, pools, proxy).routes()):
        yield Identity(f"{origin}/cognito", pool, client_id, clients, users, tokens)
    await proxy.close()


async def test_there_is_a_demo_user_of_each_tier_with_a_password_of_its_own(identity: Identity) -> None:
    users = {user.tier: user for user in identity.users.all}
    assert {tier: user.username for tier, user in users.items()} == {
        "free": "free@example.com",
        "pro": "pro@example.com",
    }
    assert users["free"].password != users["pro"].password


async def test_the_token_of_a_demo_user_names_its_tier_and_its_client(identity: Identity) -> None:
    claims = await identity.tokens.claims(identity.pool.id, await identity.users.access_token("pro"))
    assert claims["cognito:groups"] == ["pro"]
    assert claims["client_id"] == identity.client_id
    assert claims["token_use"] == "access"
    assert claims["iss"] == f"https://cognito-idp.{REGION}.amazonaws.com/{identity.pool.id}"


async def test_an_id_token_is_a_token_of_the_pool_as_well(identity: Identity) -> None:
    tokens = await identity.admin_tokens()
    assert (await identity.tokens.claims(identity.pool.id, tokens["IdToken"]))["token_use"] == "id"


def forged(claims: dict[str, Any], key: RSAKey | None = None, algorithm: str = "RS256") -> str:
    return jwt.encode({"alg": algorithm, "kid": "dummy"}, claims, key or RSAKey.generate_key(2048))


async def test_a_token_that_the_pool_did_not_sign_is_refused(identity: Identity) -> None:
    good = await identity.users.access_token("free")
    claims = await identity.tokens.claims(identity.pool.id, good)
    head, _, signature = good.split(".")
    pro = base64.urlsafe_b64encode(json.dumps({**claims, "cognito:groups": ["pro"]}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg": "none"}').decode().rstrip("=")
    for token in ("", "a.b.c", forged(claims), f"{head}.{pro}.{signature}", f"{unsigned}.{pro}.", good[:-4] + "AAAA"):
        with pytest.raises(TokenRefused):
            await identity.tokens.claims(identity.pool.id, token)


async def test_a_token_of_another_pool_is_refused_though_moto_signs_both_with_one_key(identity: Identity) -> None:
    pool, client_id = await new_pool(identity.clients)
    other = DemoUsers(identity.clients, pool, client_id)
    await other.create()
    with pytest.raises(TokenRefused, match="was issued by"):
        await identity.tokens.claims(identity.pool.id, await other.access_token("free"))
    with pytest.raises(TokenRefused, match="there is no user pool"):
        await identity.tokens.claims("absent", await other.access_token("free"))


async def test_an_expired_token_is_refused(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await identity.users.access_token("free")
    later = time.time() + 3601
    monkeypatch.setattr("sandbox.aws.cognito.time.time", lambda: later)
    with pytest.raises(TokenRefused, match="expired"):
        await identity.tokens.claims(identity.pool.id, token)


async def test_the_signing_keys_are_public(identity: Identity) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{identity.url}/{identity.pool.id}/.well-known/jwks.json")
        missing = await http.get(f"{identity.url}/absent/.well-known/jwks.json")
    assert [key["kty"] for key in answer.json()["keys"]] == ["RSA"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert missing.status_code == 404


async def test_a_refresh_token_gets_new_tokens_from_a_browser(identity: Identity) -> None:
    refresh = (await identity.admin_tokens())["RefreshToken"]
    answer = await identity.call(
        "InitiateAuth",
        ClientId=identity.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh},
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    token = answer.json()["AuthenticationResult"]["AccessToken"]
    user = await identity.call("GetUser", AccessToken=token)
    assert {"Name": "email", "Value": "free@example.com"} in user.json()["UserAttributes"]


async def test_a_browser_may_ask_first(identity: Identity) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.options(identity.url, headers={"access-control-request-method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-headers"] == "*"


@pytest.mark.parametrize(
    "operation", ["AdminInitiateAuth", "AdminCreateUser", "ListUsers", "DescribeUserPool", "AdminSetUserPassword", ""]
)
async def test_an_operation_that_needs_a_signature_is_refused_without_one(identity: Identity, operation: str) -> None:
    answer = await identity.call(operation, UserPoolId=identity.pool.id)
    assert answer.status_code == 400
    assert answer.json()["__type"].endswith("#MissingAuthenticationTokenException")


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        ("USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
        ("USER_SRP_AUTH", "The sandbox has no SRP"),
        ("ADMIN_USER_PASSWORD_AUTH", "not supported"),
    ],
)
async def test_a_flow_that_would_let_a_wrong_password_in_or_that_the_client_lacks_is_refused(
    identity: Identity, flow: str, message: str
) -> None:
    user = identity.users.all[0]
    parameters = {"USERNAME": user.username, "PASSWORD": user.password, "SRP_A": "1"}
    answer = await identity.call("InitiateAuth", ClientId=identity.client_id, AuthFlow=flow, AuthParameters=parameters)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


async def test_nobody_signs_up_where_only_an_administrator_makes_users(identity: Identity) -> None:
    answer = await identity.call("SignUp", ClientId=identity.client_id, Username="a@example.com", Password="Aa1!aaaa")
    assert answer.json()["message"] == "SignUp is not permitted for this user pool"


async def test_a_body_that_is_not_an_object_is_refused(identity: Identity) -> None:
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    async with httpx.AsyncClient(trust_env=False) as http:
        for body in (b"", b"[]", b"{", bytes(200_000)):
            answer = await http.post(identity.url, headers=headers, content=body)
            assert answer.status_code == 400
