"""moto's Amazon Cognito with the sandbox's own sign-in, keys and tokens; moto keeps pools, app clients, groups, users.

What only the sandbox asks of a pool has addresses of its own in this process. None of the sandbox's doors leads to
them: `MotoProxy.forward` takes no path.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.cognitoidp import urls
from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUser, CognitoIdpUserPoolClient, cognitoidp_backends
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from sandbox.aws.auth_parameters import check_secret, check_writable, refused
from sandbox.aws.moto_pools import OwnPool
from sandbox.aws.sign_in import ADMIN_PASSWORD_FLOWS, PASSWORD_FLOWS, Answer, SignIn, refresh
from sandbox.world import ACCOUNT_ID

FIXED_SETTINGS = ("UsernameAttributes", "UsernameConfiguration")
"""What `UpdateUserPool` does not take
(https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserPool.html)."""


class Cognito(CognitoIdpBackend):
    """Cognito in one region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._sign_in = SignIn(self._validate_password)

    @property
    def _url_module(self) -> ModuleType:
        """moto looks for it beside the class."""
        return urls

    def pool(self, pool_id: str) -> OwnPool:
        """The pool of this id, or Cognito's refusal."""
        return cast("OwnPool", self.describe_user_pool(pool_id))

    def create_user_pool(self, name: str, extended_config: dict[str, Any]) -> OwnPool:
        """As moto's, but with keys of its own."""
        pool = cast("OwnPool", OwnPool(self.account_id, self.region_name, name, extended_config))
        self.user_pools[pool.id] = pool
        return pool

    def update_user_pool(self, user_pool_id: str, extended_config: dict[str, Any]) -> None:
        """As moto's, but what an update cannot say stays."""
        config = self.pool(user_pool_id).extended_config
        fixed = {key: config[key] for key in FIXED_SETTINGS if key in config}
        super().update_user_pool(user_pool_id, {**extended_config, **fixed})

    def sign_up(self, client_id: str, username: str, password: str, attributes: list[dict[str, str]]) -> Any:
        """As moto's, but not where only an administrator makes users."""
        pool, _ = self._of_client(client_id)
        if pool.extended_config["AdminCreateUserConfig"].get("AllowAdminCreateUserOnly"):
            raise refused("NotAuthorizedException", "SignUp is not permitted for this user pool")
        check_writable(str(attribute.get("Name")) for attribute in attributes)
        return super().sign_up(client_id, username, password, attributes)

    def initiate_auth(self, client_id: str, auth_flow: str, auth_parameters: Any) -> Answer:
        """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html"""
        return self._sign_in.begin(*self._of_client(client_id), auth_flow, auth_parameters, PASSWORD_FLOWS)

    def admin_initiate_auth(self, user_pool_id: str, client_id: str, auth_flow: str, auth_parameters: Any) -> Answer:
        """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html"""
        pool, client = self._of_client(client_id)
        if self.pool(user_pool_id) is not pool:
            raise _unknown_client(client_id)
        return self._sign_in.begin(pool, client, auth_flow, auth_parameters, ADMIN_PASSWORD_FLOWS)

    def respond_to_auth_challenge(
        self, session: str, client_id: str, challenge_name: str, challenge_responses: Any
    ) -> Answer:
        """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html"""
        return self._sign_in.go_on(*self._of_client(client_id), challenge_name, session, challenge_responses)

    def get_tokens_from_refresh_token(self, client_id: str, client_secret: object, refresh_token: object) -> Answer:
        """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetTokensFromRefreshToken.html"""
        pool, client = self._of_client(client_id)
        check_secret(client, client_secret)
        return {"AuthenticationResult": refresh(pool, client, str(refresh_token))}

    def revoke_token(self, client_id: str, client_secret: object, token: object) -> None:
        """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html"""
        pool, client = self._of_client(client_id)
        check_secret(client, client_secret)
        if not client.extended_config.get("EnableTokenRevocation", True):
            raise refused("UnsupportedOperationException", "Token revocation is not enabled for this client")
        session = pool.sessions.get(str(token))
        if session is None:
            raise refused("UnsupportedTokenTypeException", "Only a refresh token can be revoked")
        if session.client_id != client_id:
            raise refused("UnauthorizedException", "The token was issued to another client")
        session.revoked = True

    def get_user(self, access_token: str) -> CognitoIdpUser:
        """As moto's, like the next ones, but not for a token that has expired or was revoked."""
        self._check(access_token)
        return super().get_user(access_token)

    def change_password(self, access_token: str, previous_password: str, proposed_password: str) -> None:
        self._check(access_token)
        super().change_password(access_token, previous_password, proposed_password)

    def update_user_attributes(self, access_token: str, attributes: list[dict[str, str]]) -> None:
        self._check(access_token)
        check_writable(str(attribute.get("Name")) for attribute in attributes)
        super().update_user_attributes(access_token, attributes)

    def global_sign_out(self, access_token: str) -> None:
        self._check(access_token)
        super().global_sign_out(access_token)

    def _check(self, access_token: str) -> None:
        pools = [self.pool(pool_id) for pool_id in self.user_pools]
        pool = next((pool for pool in pools if access_token in pool.issued), None)
        if pool is None:
            raise refused("NotAuthorizedException", "Invalid Access Token")
        session, expires_at = pool.issued[access_token]
        if not pool.has(session.user):
            raise refused("UserNotFoundException", "User does not exist.")
        if session.revoked:
            raise refused("NotAuthorizedException", "Access Token has been revoked")
        if expires_at <= time.time():
            raise refused("NotAuthorizedException", "Access Token has expired")

    def _of_client(self, client_id: str) -> tuple[OwnPool, CognitoIdpUserPoolClient]:
        for pool in self.user_pools.values():
            if client_id in pool.clients:
                return self.pool(pool.id), pool.clients[client_id]
        raise _unknown_client(client_id)


class PoolPages:
    """The addresses of user pools in moto's process; everything else is moto's.

    `GET /{pool}/.well-known/jwks.json` → the keys of the pool, as a JWKS.
    `POST /{pool}/tokens` with `{"clientId", "username", "seconds"}` → `{"accessToken", "idToken"}` of a new session;
    both have expired if the seconds are negative.
    `POST /{pool}/sign-in` with `{"sub", "originJti"}` → `{"stands"}`: whether the user is there and the session stands.
    """

    _ADDRESSES = Map(
        [
            Rule("/<pool_id>/.well-known/jwks.json", endpoint="keys", methods=["GET"]),
            Rule("/<pool_id>/tokens", endpoint="tokens", methods=["POST"]),
            Rule("/<pool_id>/sign-in", endpoint="sign-in", methods=["POST"]),
        ]
    )

    def __init__(self, moto: WSGIApplication) -> None:
        self._moto = moto

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            page, values = self._ADDRESSES.bind_to_environ(environ).match()
        except HTTPException:
            return self._moto(environ, start_response)
        pool_id = str(values["pool_id"])
        region = pool_id.partition("_")[0]
        pool = cast("Cognito", cognitoidp_backends[ACCOUNT_ID][region]).pool(pool_id)
        answer = pool.key_set() if page == "keys" else _ANSWERS[page](pool, Request(environ).get_json())
        return Response(json.dumps(answer), content_type="application/json")(environ, start_response)


def replace_sign_in() -> None:
    """Changes moto in this process."""
    cognitoidp_backends.backend = Cognito
    responses: Any = CognitoIdpResponse
    responses.get_tokens_from_refresh_token = _get_tokens_from_refresh_token
    responses.revoke_token = _revoke_token


def _get_tokens_from_refresh_token(response: CognitoIdpResponse) -> ActionResult:
    given = response.parameters
    backend = cast("Cognito", response.backend)
    return ActionResult(
        backend.get_tokens_from_refresh_token(
            str(given.get("ClientId")), given.get("ClientSecret"), given.get("RefreshToken")
        )
    )


def _revoke_token(response: CognitoIdpResponse) -> ActionResult:
    given = response.parameters
    backend = cast("Cognito", response.backend)
    backend.revoke_token(str(given.get("ClientId")), given.get("ClientSecret"), given.get("Token"))
    return EmptyResult()


def _tokens(pool: OwnPool, wanted: dict[str, Any]) -> Answer:
    user = pool.find(wanted["username"])
    assert user is not None, "only made for users that are there"
    _, session = pool.begin_session(pool.clients[wanted["clientId"]], user)
    seconds: int = wanted["seconds"]
    return {"accessToken": pool.access_token(session, seconds), "idToken": pool.id_token(session, seconds)}


def _sign_in(pool: OwnPool, named: dict[str, Any]) -> Answer:
    return {"stands": pool.stands(named["sub"], named["originJti"])}


_ANSWERS: Mapping[str, Callable[[OwnPool, dict[str, Any]], Answer]] = {"tokens": _tokens, "sign-in": _sign_in}


def _unknown_client(client_id: object) -> JsonRESTError:
    return refused("ResourceNotFoundException", f"User pool client {client_id} does not exist.")
