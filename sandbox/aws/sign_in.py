"""How a user signs in with a user pool: SRP or a password, a new password where one is due, and refresh.

moto takes any password for SRP and every flow from every app client, and keeps one user's names apart.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
"""

import base64
import hmac
import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cognitoidp.models import CognitoIdpUser, CognitoIdpUserPoolClient, UserStatus

from sandbox.aws import srp
from sandbox.aws.auth_challenges import Challenges
from sandbox.aws.auth_parameters import (
    check_secret_hash,
    check_writable,
    demand_flow,
    from_base64,
    refused,
    required,
    same,
    session_seconds,
    texts,
)
from sandbox.aws.moto_pools import OwnPool

MAX_CLOCK_SKEW = timedelta(minutes=5)
"""How far a client's clock may be from ours; AWS documents no figure."""
PASSWORD_FLOWS = {"USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH"}
"""Flows that send the password, with what an app client must allow for each."""
ADMIN_PASSWORD_FLOWS = {
    "ADMIN_USER_PASSWORD_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
}
"""The same for requests that an administrator signs; the second is the first one's old name."""

_OTHER_FLOWS = ("USER_AUTH", "CUSTOM_AUTH")
_ATTRIBUTE = "userAttributes."

Answer = dict[str, Any]


@dataclass(frozen=True)
class _Proof:
    """A client is to prove that it knows a password; `user` is None where it named one that does not exist."""

    exchange: srp.Exchange
    user: CognitoIdpUser | None


class SignIn:
    """The sign-in of all pools; `check_password` raises what a pool says of a password that is too weak for it."""

    def __init__(self, check_password: Callable[[str, str], None]) -> None:
        self._check_password = check_password
        self._proofs = Challenges[_Proof]()
        self._new_passwords = Challenges[CognitoIdpUser]()

    def begin(
        self,
        pool: OwnPool,
        client: CognitoIdpUserPoolClient,
        flow: str,
        parameters: object,
        password_flows: Mapping[str, str],
    ) -> Answer:
        """`InitiateAuth`, and `AdminInitiateAuth` with other password flows."""
        given = texts(parameters)
        if flow == "USER_SRP_AUTH":
            demand_flow(client, "ALLOW_USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client.")
            return self._put_proof(pool, client, given)
        if flow in ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"):
            demand_flow(client, "ALLOW_REFRESH_TOKEN_AUTH", f"{flow} flow not enabled for this client")
            return {"AuthenticationResult": refresh(pool, client, required(given, "REFRESH_TOKEN"), given)}
        if flow in password_flows:
            demand_flow(client, password_flows[flow], f"{flow} flow not enabled for this client")
            user, password = _named(pool, client, given), required(given, "PASSWORD")
            return self._let_in(pool, client, user if user and same(user.password, password) else None)
        if flow in _OTHER_FLOWS:
            raise refused("InvalidParameterException", f"The sandbox does not emulate {flow}: use USER_SRP_AUTH.")
        raise refused("InvalidParameterException", f"Initiate Auth method not supported: {flow}")

    def go_on(
        self, pool: OwnPool, client: CognitoIdpUserPoolClient, challenge: str, session: object, responses: object
    ) -> Answer:
        """`RespondToAuthChallenge`, and `AdminRespondToAuthChallenge`."""
        given = texts(responses)
        if challenge == "PASSWORD_VERIFIER":
            return self._verify_proof(pool, client, given)
        if challenge == "NEW_PASSWORD_REQUIRED":
            return self._set_new_password(pool, client, str(session), given)
        raise refused("InvalidParameterException", f"The sandbox does not emulate the challenge {challenge}.")

    def _put_proof(self, pool: OwnPool, client: CognitoIdpUserPoolClient, given: Mapping[str, str]) -> Answer:
        try:
            client_public = srp.public_value(required(given, "SRP_A"))
        except srp.NotAPublicValue as error:
            raise refused("InvalidParameterException", f"{error}.") from None
        user = _named(pool, client, given)
        # Who asks for a user that does not exist gets the same answers each time, and never the right key.
        username = user.username if user else str(uuid.UUID(bytes=_derived(pool, "name", given["USERNAME"]), version=4))
        password = user.password if user and user.password else secrets.token_urlsafe()
        salt = int.from_bytes(_derived(pool, "salt", username))
        exchange = srp.exchange(pool.id.partition("_")[2], username, password, salt, client_public)
        block = base64.b64encode(secrets.token_bytes(96)).decode()
        self._proofs.put(block, _Proof(exchange, user), client_id=client.id, seconds=session_seconds(client))
        return {
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeParameters": {
                "SALT": f"{salt:x}",
                "SRP_B": f"{exchange.server_public:x}",
                "SECRET_BLOCK": block,
                "USERNAME": username,
                "USER_ID_FOR_SRP": username,
            },
        }

    def _verify_proof(self, pool: OwnPool, client: CognitoIdpUserPoolClient, given: Mapping[str, str]) -> Answer:
        block, timestamp = required(given, "PASSWORD_CLAIM_SECRET_BLOCK"), required(given, "TIMESTAMP")
        signature = required(given, "PASSWORD_CLAIM_SIGNATURE")
        user = _named(pool, client, given)
        proof = self._proofs.take(block, client_id=client.id)
        if proof is None:
            raise refused("NotAuthorizedException", "Invalid session for the user.")
        known = (
            proof.user is user
            and _is_now(timestamp)
            and proof.exchange.is_proven(base64.b64decode(block), timestamp, from_base64(signature))
        )
        return self._let_in(pool, client, user if known else None)

    def _let_in(self, pool: OwnPool, client: CognitoIdpUserPoolClient, user: CognitoIdpUser | None) -> Answer:
        """Tokens for a user who knew the password; only such a one is told what else is in the way."""
        if user is None:
            raise refused("NotAuthorizedException", "Incorrect username or password.")
        if not user.enabled:
            raise refused("NotAuthorizedException", "User is disabled.")
        if user.status is UserStatus.UNCONFIRMED:
            raise refused("UserNotConfirmedException", "User is not confirmed.")
        if user.status is UserStatus.RESET_REQUIRED:
            raise refused("PasswordResetRequiredException", "Password reset required for the user")
        if user.status is UserStatus.FORCE_CHANGE_PASSWORD:
            session = secrets.token_urlsafe(96)
            self._new_passwords.put(session, user, client_id=client.id, seconds=session_seconds(client))
            attributes = {name: value for name, value in user.attribute_lookup.items() if name != "sub"}
            return {
                "ChallengeName": "NEW_PASSWORD_REQUIRED",
                "Session": session,
                "ChallengeParameters": {
                    "USER_ID_FOR_SRP": user.username,
                    "requiredAttributes": "[]",
                    "userAttributes": json.dumps(attributes),
                },
            }
        return _result(pool, client, user)

    def _set_new_password(
        self, pool: OwnPool, client: CognitoIdpUserPoolClient, session: str, given: Mapping[str, str]
    ) -> Answer:
        password, user = required(given, "NEW_PASSWORD"), _named(pool, client, given)
        if user is None or self._new_passwords.look(session, client_id=client.id) is not user:
            raise refused("NotAuthorizedException", "Invalid session for the user.")
        self._check_password(pool.id, password)
        attributes = {name.removeprefix(_ATTRIBUTE): given[name] for name in given if name.startswith(_ATTRIBUTE)}
        _check_attributes(pool, user, attributes)
        self._new_passwords.take(session, client_id=client.id)
        user.update_attributes([{"Name": name, "Value": value} for name, value in attributes.items()])
        user.password, user.status = password, UserStatus.CONFIRMED
        return _result(pool, client, user)


def refresh(
    pool: OwnPool, client: CognitoIdpUserPoolClient, refresh_token: str, given: Mapping[str, str] | None = None
) -> Answer:
    """New access and ID tokens of a session. `given` holds the secret hash of a client that has a secret."""
    session = pool.sessions.get(refresh_token)
    if session is None or session.client_id != client.id or not pool.has(session.user):
        raise refused("NotAuthorizedException", "Invalid Refresh Token.")
    if given is not None:
        check_secret_hash(client, session.user.username, given)
    if session.revoked:
        raise refused("NotAuthorizedException", "Refresh Token has been revoked")
    if session.expires_at <= time.time():
        raise refused("NotAuthorizedException", "Refresh Token has expired")
    if not session.user.enabled:
        raise refused("NotAuthorizedException", "User is disabled.")
    return pool.tokens(session)


def _result(pool: OwnPool, client: CognitoIdpUserPoolClient, user: CognitoIdpUser) -> Answer:
    refresh_token, session = pool.begin_session(client, user)
    return {"ChallengeParameters": {}, "AuthenticationResult": {**pool.tokens(session), "RefreshToken": refresh_token}}


def _named(pool: OwnPool, client: CognitoIdpUserPoolClient, given: Mapping[str, str]) -> CognitoIdpUser | None:
    """The user that a client names; one that does not exist is refused only if the client may know that."""
    name = required(given, "USERNAME")
    check_secret_hash(client, name, given)
    user = pool.find(name)
    if user is None and client.extended_config.get("PreventUserExistenceErrors") != "ENABLED":
        raise refused("UserNotFoundException", "User does not exist.")
    return user


def _derived(pool: OwnPool, purpose: str, text: str) -> bytes:
    """Sixteen bytes that are the same each time for this pool, and that nobody can foretell."""
    return hmac.digest(pool.secret, f"{purpose} {text}".encode("utf-8", "surrogatepass"), "sha256")[:16]


def _is_now(timestamp: str) -> bool:
    signed_at = srp.time_of(timestamp)
    return signed_at is not None and abs(datetime.now(UTC) - signed_at) <= MAX_CLOCK_SKEW


def _check_attributes(pool: OwnPool, user: CognitoIdpUser, attributes: Mapping[str, str]) -> None:
    check_writable(attributes)
    for alias in pool.extended_config.get("UsernameAttributes") or ():
        if alias in attributes and pool.find(attributes[alias]) not in (None, user):
            raise refused("AliasExistsException", f"An account with the given {alias} already exists.")
