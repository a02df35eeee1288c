"""User pools as the program makes them, behind Cognito's door, and a client that knows SRP: pycognito's."""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
from pycognito.aws_srp import AWSSRP

from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.cognito import PREFIX, PublicCognito
from sandbox.aws.demo_users import DemoUsers
from sandbox.aws.gateway import Gateway
from sandbox.aws.identity_pools import PREFIX as IDENTITY_PREFIX
from sandbox.aws.identity_pools import PublicIdentityPools
from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.pool_tokens import PoolTokens
from sandbox.aws.user_pools import UserPool
from sandbox.functions.service import FunctionService
from sandbox.iam.credentials import Credentials
from sandbox.state import DemoUser
from tests.sandbox.aws.serving import client, listener, serving
from tests.sandbox.resources.account import Account

REGION = "us-east-1"
PASSWORD = "Correct-horse-1"
POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
FLOWS = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
CLIENT_SETTINGS = {"explicitAuthFlows": FLOWS, "preventUserExistenceErrors": "ENABLED"}
ADMIN_ONLY = {"allowAdminCreateUserOnly": True}

INCORRECT = ("NotAuthorizedException", "Incorrect username or password.")
NO_SESSION = ("NotAuthorizedException", "Invalid session for the user.")
NOBODY = "nobody@example.com"

Json = dict[str, Any]


@dataclass
class Identity:
    """Cognito at `url`, and a pool with the demo users of two tiers."""

    url: str
    moto: Moto
    account: Account
    clients: MotoClients
    credentials: Credentials
    pool: UserPool
    client_id: str
    users: DemoUsers
    tokens: PoolTokens
    http: httpx.AsyncClient

    def user(self, tier: str = "free") -> DemoUser:
        return next(user for user in self.users.all if user.tier == tier)

    def new_pool(self, **inputs: Any) -> UserPool:
        """Another pool, as a program would make it."""
        created = self.account.create(POOL, "pool", **{"usernameAttributes": ["email"], **inputs})
        return self.account.cloud.user_pools[created.id]

    def new_client(self, pool: UserPool | None = None, /, **inputs: Any) -> "AppClient":
        """Another app client, of the pool with the demo users unless one is given."""
        pool_id = (pool or self.pool).id
        created = self.account.create(CLIENT, "client", userPoolId=pool_id, **{**CLIENT_SETTINGS, **inputs})
        return AppClient(self, pool_id, created.id, str(created.outputs["clientSecret"]) or None)

    @property
    def client(self) -> "AppClient":
        """The program's own app client."""
        return AppClient(self, self.pool.id, self.client_id)

    def administrator(self) -> Any:
        """boto3's client with the credentials of a sandbox's state file, at the address that users sign in at."""
        return client("cognito-idp", self.url, self.credentials.administrator)

    def new_user(self, name: str, pool: UserPool | None = None, *, permanent: bool = True) -> DemoUser:
        """A user with PASSWORD, which has to be changed unless it is permanent."""
        cognito, pool_id = self.clients.cognito(), (pool or self.pool).id
        cognito.admin_create_user(UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=permanent)
        return DemoUser("", name, PASSWORD)

    async def call_identity(self, operation: str, **body: Any) -> httpx.Response:
        """An unsigned call to the identity pools."""
        headers = {"x-amz-target": f"AWSCognitoIdentityService.{operation}", "origin": "http://localhost:5173"}
        url = self.url.removesuffix(PREFIX) + IDENTITY_PREFIX
        return await self.http.post(url, headers=headers, content=json.dumps(body))

    async def call(self, operation: str, **body: Any) -> httpx.Response:
        """An unsigned call, as a browser makes it."""
        headers = {"x-amz-target": f"AWSCognitoIdentityProviderService.{operation}", "origin": "http://localhost:5173"}
        return await self.http.post(self.url, headers=headers, content=json.dumps(body))


@dataclass(frozen=True)
class AppClient:
    """One app client, as it signs users in."""

    identity: Identity
    pool_id: str
    id: str
    secret: str | None = None

    async def begin(self, flow: str, **parameters: str) -> httpx.Response:
        body = {"ClientId": self.id, "AuthFlow": flow, "AuthParameters": self._proven(parameters)}
        return await self.identity.call("InitiateAuth", **body)

    async def respond(self, challenge: str, responses: Mapping[str, str], session: str | None = None) -> httpx.Response:
        body: Json = {"ClientId": self.id, "ChallengeName": challenge, "ChallengeResponses": self._proven(responses)}
        return await self.identity.call("RespondToAuthChallenge", **body, **({"Session": session} if session else {}))

    async def sign_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        """By SRP, from the first request to the last answer."""
        srp = AWSSRP(username, password, self.pool_id, self.id, client=object())
        challenge = await self.begin("USER_SRP_AUTH", USERNAME=username, SRP_A=f"{srp.large_a_value:x}")
        if challenge.status_code != 200:
            return challenge
        return await self.respond("PASSWORD_VERIFIER", proof(srp, challenge.json()["ChallengeParameters"]))

    async def tokens(self, user: DemoUser) -> dict[str, str]:
        """The tokens of a user who signs in."""
        answer = await self.sign_in(user.username, user.password)
        assert answer.status_code == 200, answer.text
        return answer.json()["AuthenticationResult"]

    async def refresh(self, token: str) -> httpx.Response:
        return await self.begin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)

    def _proven(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """With the hash of a secret, where the client has one."""
        if self.secret is None or "USERNAME" not in parameters:
            return dict(parameters)
        digest = hmac.digest(self.secret.encode(), (parameters["USERNAME"] + self.id).encode(), "sha256")
        return {**parameters, "SECRET_HASH": base64.b64encode(digest).decode()}


async def challenged(client: AppClient, username: str, password: str = PASSWORD) -> tuple[AWSSRP, dict[str, str]]:
    """A client of SRP, and the parameters of the challenge that it got."""
    known = AWSSRP(username, password, client.pool_id, client.id, client=object())
    answer = await client.begin("USER_SRP_AUTH", USERNAME=username, SRP_A=f"{known.large_a_value:x}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["ChallengeName"] == "PASSWORD_VERIFIER"
    return known, answer.json()["ChallengeParameters"]


def proof(srp: AWSSRP, parameters: Mapping[str, str], signed_at: datetime | str | None = None) -> dict[str, str]:
    """The responses to PASSWORD_VERIFIER of a client that knows this password, signed now unless told otherwise."""
    at = signed_at or datetime.now(UTC)
    timestamp = at if isinstance(at, str) else AWSSRP.get_cognito_formatted_timestamp(at)
    name, block = parameters["USER_ID_FOR_SRP"], parameters["SECRET_BLOCK"]
    key = srp.get_password_authentication_key(name, srp.password, int(parameters["SRP_B"], 16), parameters["SALT"])
    signed = f"{srp.pool_id.split('_')[1]}{name}".encode() + base64.b64decode(block) + timestamp.encode()
    return {
        "USERNAME": parameters["USERNAME"],
        "PASSWORD_CLAIM_SECRET_BLOCK": block,
        "TIMESTAMP": timestamp,
        "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.digest(bytes(key), signed, "sha256")).decode(),
    }


def error_of(answer: httpx.Response) -> tuple[str, str]:
    """Code and message of a refusal."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    return body["__type"].rpartition("#")[2], body["message"]


@asynccontextmanager
async def serving_identity(moto: Moto, folder: Path) -> AsyncIterator[Identity]:
    clients, proxy, credentials = MotoClients(moto, REGION), MotoProxy(moto), Credentials()
    account = Account(folder, clients)
    listening, origin = listener()
    world, pools = account.world, account.cloud.user_pools
    gateway = Gateway(world, cast("FunctionService", None), credentials, cast("ModelEmulator", None), proxy)
    made = account.create(POOL, "users", usernameAttributes=["email"], adminCreateUserConfig=ADMIN_ONLY)
    for group in ("free", "pro"):
        account.create("aws:cognito/userGroup:UserGroup", group, userPoolId=made.id, name=group)
    client_id = account.create(CLIENT, "client", userPoolId=made.id, **CLIENT_SETTINGS).id
    users = DemoUsers(clients, proxy, pools[made.id], client_id)
    tokens = PoolTokens(world, pools, proxy)
    identity_pools = PublicIdentityPools(world, credentials, tokens, proxy)
    await users.create()
    door = PublicCognito(world, pools, proxy, lambda request: gateway.answer_for("cognito-idp", request))
    async with (
        serving(listening, [*door.routes(), *identity_pools.routes()]),
        httpx.AsyncClient(trust_env=False, timeout=30) as http,
    ):
        url = f"{origin}{PREFIX}"
        yield Identity(url, moto, account, clients, credentials, pools[made.id], client_id, users, tokens, http)
    await proxy.close()
