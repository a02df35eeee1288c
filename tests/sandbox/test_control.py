"""The control interface: who is let in, what it takes, the tokens that it gives."""

import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from starlette.routing import Route

from sandbox.aws.bedrock import ModelEmulator
from sandbox.control.guard import KEY_HEADER
from sandbox.control.interface import Control
from sandbox.edge.connection_faults import ConnectionFaults
from sandbox.options import ModelPace
from tests.sandbox.aws.serving import listener, serving
from tests.sandbox.test_server import IDENTITY, project, running

KEY = "the key"
PUBLIC = {("GET", "/_sandbox/health")}


@pytest.fixture
def control(tmp_path: Path) -> Control:
    async def kill(prefix: str) -> int:
        return len(prefix)

    faults = {"/connections/fault": ConnectionFaults()}
    return Control(KEY, ModelEmulator(ModelPace(), tmp_path), lambda: None, kill, faults)


@pytest.fixture
async def client(control: Control) -> AsyncIterator[httpx.AsyncClient]:
    listening, origin = listener()
    async with (
        serving(listening, control.routes()),
        httpx.AsyncClient(base_url=f"{origin}/_sandbox", headers={KEY_HEADER: KEY}, trust_env=False) as speaking,
    ):
        yield speaking


async def test_everything_but_health_demands_the_key(control: Control, client: httpx.AsyncClient) -> None:
    addresses = {
        (method, route.path)
        for route in control.routes()
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert len(addresses) > 10
    for method, path in addresses - PUBLIC:
        for key in ("", "wrong", "the key "[:-2]):
            answer = await client.request(method, path.removeprefix("/_sandbox"), headers={KEY_HEADER: key})
            assert answer.status_code == 403, (method, path)
            assert "controlKey" in answer.json()["message"]


@pytest.mark.parametrize("body", ["no JSON", "[]", "7", "[" * 100_000, '{"a":' * 100_000])
async def test_a_body_that_is_no_json_object_is_refused_in_words(client: httpx.AsyncClient, body: str) -> None:
    for method, path in (("POST", "/token"), ("PUT", "/model"), ("PUT", "/model/fault"), ("POST", "/functions/kill")):
        answer = await client.request(method, path, content=body)
        assert (answer.status_code, answer.json()["message"]) == (400, "the body is not a JSON object")


async def test_a_fault_is_asked_for_looked_at_and_taken_back(client: httpx.AsyncClient) -> None:
    path = "/connections/fault"
    assert (await client.get(path)).json() == {"fault": None, "calls": 0}
    wish = {"fault": "gone", "calls": 3, "after": 2}
    assert (await client.put(path, json=wish)).json() == {"fault": "gone", "calls": 3}
    assert (await client.get(path)).json() == {"fault": "gone", "calls": 3}
    assert (await client.delete(path)).json() == {"fault": None, "calls": 0}
    refused = await client.put(path, json={"fault": "slow"})
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        "fault is 'slow', allowed are throttled, unavailable, gone",
    )


async def test_a_sandbox_has_faults_for_all_of_its_subjects(tmp_path: Path) -> None:
    async with running(project(tmp_path, ""), []) as (found, _), httpx.AsyncClient(trust_env=False) as http:
        for path in ("model", "connections", "events", "appsync", "appsync/publish"):
            answer = await http.get(f"{found.origin}/_sandbox/{path}/fault", headers={KEY_HEADER: found.control_key})
            assert answer.json() == {"fault": None, "calls": 0}, path


async def test_functions_are_killed_by_the_beginning_of_their_name(client: httpx.AsyncClient) -> None:
    assert (await client.post("/functions/kill", json={"function": "abc"})).json() == {"killed": 3}
    for wrong in ({}, {"function": ""}, {"function": "a", "signal": 9}):
        assert (await client.post("/functions/kill", json=wrong)).status_code == 400


async def test_without_a_user_pool_there_are_no_tokens(client: httpx.AsyncClient) -> None:
    answer = await client.post("/token", json={"tier": "free"})
    assert answer.status_code == 409
    assert "no user pool" in answer.json()["message"]


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def test_a_token_may_expire_when_a_test_wants_it(tmp_path: Path) -> None:
    async with running(project(tmp_path, IDENTITY), []) as (found, _), httpx.AsyncClient(timeout=30) as http:
        pool_id = found.outputs["userPoolId"]
        keys = (await http.get(f"{found.origin}/cognito/{pool_id}/.well-known/jwks.json")).json()

        async def token(**fields: object) -> httpx.Response:
            headers = {KEY_HEADER: found.control_key}
            return await http.post(f"{found.origin}/_sandbox/token", headers=headers, json={"tier": "pro", **fields})

        usual = (await token()).json()["accessToken"]
        for seconds in (5, -5, 86_400):
            asked = time.time()
            made = (await token(expiresInSeconds=seconds)).json()["accessToken"]
            assert asked - 1 <= claims(made)["exp"] - seconds <= time.time() + 1
            assert claims(made)["iat"] < claims(made)["exp"]
            same = set(claims(usual)) - {"exp", "iat", "auth_time", "jti", "origin_jti"}
            assert {name: claims(made)[name] for name in same} == {name: claims(usual)[name] for name in same}
            assert is_signed(made, keys)
        for wrong in (86_401, 1.5, "5"):
            assert (await token(expiresInSeconds=wrong)).status_code == 400

        foreign = (await token(client="another")).json()["accessToken"]
        assert is_signed(foreign, keys)
        assert claims(foreign)["iss"] == claims(usual)["iss"]
        assert claims(foreign)["client_id"] != claims(usual)["client_id"] == found.outputs["userPoolClientId"]
        assert (await token(client="nobody's")).status_code == 400

        ada, again, bob = [claims((await token(user=name)).json()["accessToken"]) for name in ("ada", "ada", "bob")]
        assert ada["sub"] == again["sub"] == claims((await token(user="ada")).json()["idToken"])["sub"]
        assert len({ada["sub"], bob["sub"], claims(usual)["sub"]}) == 3
        assert ada["cognito:groups"] == claims(usual)["cognito:groups"] == ["pro"]
        for wrong in ("", "A b", "x" * 41, 7):
            assert (await token(user=wrong)).status_code == 400


def is_signed(token: str, keys: dict[str, Any]) -> bool:
    """Whether one of the keys signed it, whatever it says of its time."""
    key = jwt.PyJWK(next(key for key in keys["keys"] if key["kid"] == jwt.get_unverified_header(token)["kid"]))
    jwt.PyJWS().decode(token, key, algorithms=["RS256"])
    return True
