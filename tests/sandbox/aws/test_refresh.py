"""Refresh: new tokens of a session as long as it lasts, and none once it was ended, in whichever way."""

import time
from typing import Any

import httpx
import pytest
from starlette.concurrency import run_in_threadpool as in_thread

from tests.sandbox.aws.identity import AppClient, Identity, error_of

INVALID = ("NotAuthorizedException", "Invalid Refresh Token.")
REVOKED = ("NotAuthorizedException", "Refresh Token has been revoked")


async def refreshed(client: AppClient, token: str, how: str) -> httpx.Response:
    """By the flow of `InitiateAuth`, or by the operation that newer clients use."""
    if how == "GetTokensFromRefreshToken":
        return await client.identity.call(how, ClientId=client.id, RefreshToken=token)
    return await client.begin(how, REFRESH_TOKEN=token)


each_way = pytest.mark.parametrize("how", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", "GetTokensFromRefreshToken"])


@each_way
async def test_a_refresh_token_gets_new_tokens_of_the_same_session(identity: Identity, how: str) -> None:
    first = await identity.client.tokens(identity.user("pro"))
    answer = await refreshed(identity.client, first["RefreshToken"], how)
    assert answer.headers["access-control-allow-origin"] == "*"
    result = answer.json()["AuthenticationResult"]
    assert sorted(result) == ["AccessToken", "ExpiresIn", "IdToken", "TokenType"]
    for name in ("AccessToken", "IdToken"):
        before = await identity.tokens.claims(identity.pool.id, first[name])
        after = await identity.tokens.claims(identity.pool.id, result[name])
        changed = {"iat", "exp", "jti"}
        assert {key: after[key] for key in after if key not in changed} == {
            key: before[key] for key in before if key not in changed
        }
        assert after["jti"] != before["jti"]
    assert (await identity.call("GetUser", AccessToken=result["AccessToken"])).status_code == 200


@each_way
async def test_what_is_no_refresh_token_of_this_client_gets_nothing(identity: Identity, how: str) -> None:
    tokens = await identity.client.tokens(identity.user())
    for wrong in ("made up", tokens["AccessToken"], tokens["RefreshToken"][:-1], "\ud800"):
        assert error_of(await refreshed(identity.client, wrong, how)) == INVALID
    assert error_of(await refreshed(identity.new_client(), tokens["RefreshToken"], how)) == INVALID


@each_way
async def test_a_revoked_token_gets_nothing_and_other_sessions_go_on(identity: Identity, how: str) -> None:
    revoked, other = [await identity.client.tokens(identity.user()) for _ in range(2)]
    for _ in range(2):
        answer = await identity.call("RevokeToken", ClientId=identity.client_id, Token=revoked["RefreshToken"])
        assert answer.status_code == 200
    assert error_of(await refreshed(identity.client, revoked["RefreshToken"], how)) == REVOKED
    assert (await refreshed(identity.client, other["RefreshToken"], how)).status_code == 200
    used = await identity.call("GetUser", AccessToken=revoked["AccessToken"])
    assert error_of(used) == ("NotAuthorizedException", "Access Token has been revoked")
    assert (await identity.call("GetUser", AccessToken=other["AccessToken"])).status_code == 200


@each_way
@pytest.mark.parametrize("by", ["the user", "an administrator"])
async def test_a_global_sign_out_ends_all_sessions_of_that_user(identity: Identity, how: str, by: str) -> None:
    user, bystander = identity.new_user(f"{how}-{by[-4:]}@example.com".lower()), identity.user("pro")
    sessions = [await identity.client.tokens(user) for _ in range(2)]
    other = await identity.client.tokens(bystander)
    if by == "the user":
        assert (await identity.call("GlobalSignOut", AccessToken=sessions[0]["AccessToken"])).status_code == 200
    else:
        sign_out = identity.administrator().admin_user_global_sign_out
        await in_thread(sign_out, UserPoolId=identity.pool.id, Username=user.username)
    for tokens in sessions:
        assert error_of(await refreshed(identity.client, tokens["RefreshToken"], how)) == REVOKED
        for operation in ("GetUser", "GlobalSignOut"):
            used = await identity.call(operation, AccessToken=tokens["AccessToken"])
            assert error_of(used) == ("NotAuthorizedException", "Access Token has been revoked")
    assert (await refreshed(identity.client, other["RefreshToken"], how)).status_code == 200
    again = await identity.client.tokens(user)
    assert (await refreshed(identity.client, again["RefreshToken"], how)).status_code == 200


@each_way
async def test_a_user_who_is_gone_or_disabled_gets_nothing(identity: Identity, how: str) -> None:
    cognito = identity.clients.cognito()
    gone, disabled = (identity.new_user(f"{name}-{how}@example.com".lower()) for name in ("gone", "disabled"))
    of_gone, of_disabled = [await identity.client.tokens(user) for user in (gone, disabled)]
    cognito.admin_delete_user(UserPoolId=identity.pool.id, Username=gone.username)
    cognito.admin_disable_user(UserPoolId=identity.pool.id, Username=disabled.username)
    assert error_of(await refreshed(identity.client, of_gone["RefreshToken"], how)) == INVALID
    answer = await refreshed(identity.client, of_disabled["RefreshToken"], how)
    assert error_of(answer) == ("NotAuthorizedException", "User is disabled.")


async def test_whoever_gets_the_name_of_one_who_is_gone_gets_none_of_the_sessions(identity: Identity) -> None:
    pool = identity.new_pool(usernameAttributes=None)
    client = identity.new_client(pool)
    tokens = await client.tokens(identity.new_user("ada", pool))
    identity.clients.cognito().admin_delete_user(UserPoolId=pool.id, Username="ada")
    identity.new_user("ada", pool)
    assert error_of(await client.refresh(tokens["RefreshToken"])) == INVALID
    used = await identity.call("GetUser", AccessToken=tokens["AccessToken"])
    assert error_of(used) == ("UserNotFoundException", "User does not exist.")


async def test_only_a_refresh_token_of_the_client_can_be_revoked(identity: Identity) -> None:
    tokens, other = await identity.client.tokens(identity.user()), identity.new_client()

    async def revoke(client_id: str, token: object, **more: object) -> httpx.Response:
        return await identity.call("RevokeToken", ClientId=client_id, Token=token, **more)

    for token in (tokens["AccessToken"], tokens["IdToken"], "made up", None):
        assert error_of(await revoke(identity.client_id, token))[0] == "UnsupportedTokenTypeException"
    assert error_of(await revoke(other.id, tokens["RefreshToken"]))[0] == "UnauthorizedException"
    assert error_of(await revoke("absent", tokens["RefreshToken"]))[0] == "ResourceNotFoundException"
    assert (await identity.client.refresh(tokens["RefreshToken"])).status_code == 200


async def test_a_client_may_go_without_revocation(identity: Identity) -> None:
    client = identity.new_client(enableTokenRevocation=False)
    tokens = await client.tokens(identity.user())
    assert "origin_jti" not in await identity.tokens.claims(identity.pool.id, tokens["AccessToken"])
    answer = await identity.call("RevokeToken", ClientId=client.id, Token=tokens["RefreshToken"])
    assert error_of(answer)[0] == "UnsupportedOperationException"


@pytest.mark.parametrize(
    ("settings", "access", "id_token"),
    [
        ({}, 3600, 3600),
        ({"accessTokenValidity": 2}, 7200, 3600),
        ({"accessTokenValidity": 5, "idTokenValidity": 1, "tokenValidityUnits": {"accessToken": "minutes"}}, 300, 3600),
        ({"idTokenValidity": 400, "tokenValidityUnits": {"idToken": "seconds", "refreshToken": "minutes"}}, 3600, 400),
    ],
)
async def test_tokens_live_as_long_as_their_client_asks(
    identity: Identity, settings: dict[str, Any], access: int, id_token: int
) -> None:
    tokens = await identity.new_client(**settings).tokens(identity.user())
    assert tokens["ExpiresIn"] == access
    for name, seconds in (("AccessToken", access), ("IdToken", id_token)):
        claims: dict[str, Any] = await identity.tokens.claims(identity.pool.id, tokens[name])
        assert claims["exp"] - claims["iat"] == seconds
        assert abs(claims["iat"] - time.time()) < 30


async def test_a_token_that_has_expired_is_refused_by_the_pool_as_well(identity: Identity) -> None:
    for operation in ("GetUser", "GlobalSignOut", "UpdateUserAttributes", "ChangePassword"):
        used = await identity.call(operation, AccessToken=(await identity.users.tokens("free", -5))["accessToken"])
        assert error_of(used) == ("NotAuthorizedException", "Access Token has expired")
        for wrong in ("made up", None):
            used = await identity.call(operation, AccessToken=wrong)
            assert error_of(used) == ("NotAuthorizedException", "Invalid Access Token")
