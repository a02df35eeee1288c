"""Signing in as people do, with the clients that people have, at a real sandbox; and streaming with what they get."""

import base64
import gzip
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import httpx
import jwt
import pytest

from sandbox.state import DemoUser
from streamways.cli.app import run
from streamways.clients.client import ARCHITECTURES, Architecture, chat_request
from streamways.clients.errors import Refused
from streamways.clients.factory import client_for
from streamways.clients.summary import answer
from tests.docs.pages import page
from tests.support.sandbox import RunningSandbox
from tests.support.sign_in import CLIENTS, Client, in_node, in_python, pool_of, steps

each_client = pytest.mark.parametrize("client", CLIENTS)


def demo_user(sandbox: RunningSandbox, tier: str = "free") -> DemoUser:
    return next(user for user in sandbox.state.users if user.tier == tier)


def credentials(user: DemoUser) -> dict[str, str]:
    return {"username": user.username, "password": user.password}


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def said(sandbox: RunningSandbox, token: str, architecture: Architecture) -> str:
    """The answer that this token gets over this architecture. Raises Refused."""
    async with client_for(architecture, sandbox.outputs, token) as client:
        return answer([part async for part in client.stream(chat_request("What is a lease?"))])


def refresh(sandbox: RunningSandbox, token: str) -> httpx.Response:
    pool = pool_of(sandbox)
    target = {"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    parameters = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    body = {"ClientId": pool["userPoolClientId"], **parameters}
    return httpx.post(pool["cognitoEndpoint"], headers=target, json=body)


@each_client
async def test_a_stock_client_signs_in_and_its_token_streams_everywhere(
    sandbox: RunningSandbox, client: Client
) -> None:
    user = demo_user(sandbox, "pro")
    session, attributes, renewed = steps(
        client, pool_of(sandbox), {"signIn": credentials(user)}, {"attributes": True}, {"refresh": True}
    )
    assert (attributes["email"], attributes["email_verified"]) == (user.username, "true")
    assert claims(session["accessToken"])["cognito:groups"] == ["pro"]
    assert claims(session["idToken"])["email"] == user.username
    assert renewed["accessToken"] != session["accessToken"]
    for token in (session["accessToken"], renewed["accessToken"]):
        for architecture in ARCHITECTURES:
            assert await said(sandbox, token, architecture)


@each_client
def test_a_wrong_password_and_an_unknown_user_are_told_alike(sandbox: RunningSandbox, client: Client) -> None:
    wrong = {**credentials(demo_user(sandbox)), "password": "Wrong-horse-1"}
    unknown = {"username": "nobody@example.com", "password": "Wrong-horse-1"}
    told = {"error": {"name": "NotAuthorizedException", "message": "Incorrect username or password."}}
    assert list(steps(client, pool_of(sandbox), {"signIn": wrong}, {"signIn": unknown})) == [told, told]


@each_client
@pytest.mark.parametrize("where", ["here", "everywhere"])
def test_who_signs_out_refreshes_no_more(sandbox: RunningSandbox, client: Client, where: str) -> None:
    session, signed_out = steps(
        client, pool_of(sandbox), {"signIn": credentials(demo_user(sandbox, "enterprise"))}, {"signOut": where}
    )
    assert signed_out == {}
    refused = refresh(sandbox, session["refreshToken"])
    assert (refused.status_code, refused.json()["message"]) == (400, "Refresh Token has been revoked")


def test_what_the_command_prints_is_enough_to_sign_in(
    sandbox: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["users", "--json", "--port", str(sandbox.state.port)]) == 0
    printed = json.loads(capsys.readouterr().out)
    for user in printed["users"]:
        [session] = steps("identity-js", printed, {"signIn": {name: user[name] for name in ("username", "password")}})
        assert claims(session["accessToken"])["cognito:groups"] == [user["tier"]]


def snippets(language: str) -> Sequence[str]:
    """The examples of the page that sign in."""
    return [code for code in page("docs/sandbox.md").code(language) if "ognito" in code]


IN_NODE = """
import { text } from 'node:stream/consumers';
const given = JSON.parse(await text(process.stdin));
const { cognitoEndpoint, userPoolId, userPoolClientId, username, password } = given;
"""
IN_PYTHON = """
import json, sys
given = json.load(sys.stdin)
cognito_endpoint, region, username = given["cognitoEndpoint"], given["region"], given["username"]
user_pool_id, user_pool_client_id, password = given["userPoolId"], given["userPoolClientId"], given["password"]
"""


def test_the_examples_of_the_page_sign_in(sandbox: RunningSandbox) -> None:
    given = json.dumps({**pool_of(sandbox), **credentials(demo_user(sandbox))})
    printed = [in_node(IN_NODE + code, given) for code in snippets("js")]
    printed += [in_python(IN_PYTHON + code, given) for code in snippets("python")]
    assert len(printed) == 3
    assert [claims(text.split()[-1])["cognito:groups"] for text in printed] == [["free"]] * 3


@pytest.mark.parametrize("architecture", ARCHITECTURES)
async def test_whoever_knows_motos_key_forges_no_token(sandbox: RunningSandbox, architecture: Architecture) -> None:
    """It is part of moto's package, and moto signs with it as `dummy`."""
    packed = resources.files("moto.cognitoidp").joinpath("resources/jwks-private.json.gz").read_bytes()
    key = jwt.PyJWK(json.loads(gzip.decompress(packed)), "RS256").key
    good = sandbox.token()
    for key_id in ("dummy", jwt.get_unverified_header(good)["kid"]):
        forged = jwt.encode({**claims(good), "cognito:groups": ["enterprise"]}, key, "RS256", headers={"kid": key_id})
        with pytest.raises(Refused) as refusal:
            await said(sandbox, forged, architecture)
        assert refusal.value.code == "unauthenticated"
    assert await said(sandbox, good, architecture)
