"""A stack of the function URL alone, with `functionUrlAuth: AWS_IAM`: the signature lets in, the token says who.

Users sign with credentials of the stack's identity pool: our Python client, and our client for pages in Node and in a
browser.
"""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from playwright.async_api import Browser, expect

from sandbox.ports import LOOPBACK, PAGE_OFFSET
from streamways.clients.client import chat_request
from streamways.clients.errors import Refused
from streamways.clients.factory import client_for
from streamways.clients.signing import UserSigner, signer_of
from tests.support import node
from tests.support.pages import People
from tests.support.sandbox import FAST, RunningSandbox, running_sandbox, worker_port
from tests.support.site import Site, served_site
from tests.support.stock import StockClient, installed, text_of

TRIED_PORTS = 20
"""More than other workers and their sandboxes take."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Where the page comes from that calls the function URL."""
    with served_site() as served:
        yield served


@pytest.fixture(scope="module")
def signed(site: Site) -> Iterator[RunningSandbox]:
    """Its own page may call it too: it is above the sandbox's port, the first free one from the worker's on."""
    pages = [f"http://{LOOPBACK}:{worker_port() + number + PAGE_OFFSET}" for number in range(TRIED_PORTS)]
    origins = json.dumps([site.origin, *pages])
    config = {"architectures": '["function-url"]', "functionUrlAuth": "AWS_IAM", "corsOrigins": origins}
    with running_sandbox(*FAST, config=config) as running:
        yield running


def ask(sandbox: RunningSandbox, *, sign: bool, token: str | None) -> httpx.Response:
    request = chat_request("How is the function URL secured?")
    url = f"{sandbox.outputs['functionUrl']}api/chat"
    body = json.dumps({"id": request.chat_id, "messages": request.messages}).encode()
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["x-authorization"] = f"Bearer {token}"
    to_send = AWSRequest("POST", url, headers, body)
    if sign:
        keys = sandbox.state.credentials
        credentials = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        SigV4Auth(credentials, "lambda", sandbox.state.region).add_auth(to_send)
    return httpx.post(url, content=body, headers=dict(to_send.headers.items()), timeout=30)


def test_the_stack_holds_the_one_architecture(signed: RunningSandbox) -> None:
    assert signed.outputs.get("functionUrl")
    assert not {"webSocketUrl", "appSyncUrl", "appSyncRealtimeUrl"} & set(signed.state.outputs)


def test_an_unsigned_request_is_refused_by_aws_whatever_its_token(signed: RunningSandbox) -> None:
    response = ask(signed, sign=False, token=signed.token())
    assert response.status_code == 403
    assert response.json()["Message"].startswith("Forbidden")


def test_a_signed_request_without_a_token_is_refused_by_the_function(signed: RunningSandbox) -> None:
    response = ask(signed, sign=True, token=None)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")


def test_a_signed_request_with_a_token_streams(signed: RunningSandbox) -> None:
    response = ask(signed, sign=True, token=signed.token())
    assert response.status_code == 200
    assert response.text.endswith("data: [DONE]\n\n")


def signer(sandbox: RunningSandbox, id_token: str) -> UserSigner:
    made = signer_of(sandbox.outputs, id_token)
    assert made is not None
    return made


async def test_a_user_with_credentials_of_the_identity_pool_streams_and_is_who_the_token_says(
    signed: RunningSandbox,
) -> None:
    request = chat_request("How is the function URL secured?")
    by_pro = signer(signed, signed.id_token("pro"))
    async with client_for("function-url", signed.outputs, signed.token(), signer=by_pro) as client:
        received = [each.part["type"] async for each in client.stream(request)]
        assert received[-1] == "finish"
        assert request.chat_id in [chat.id for chat in (await client.chats()).entries]
        await client.cancel(request.chat_id, request.stream_id)
        await client.delete(request.chat_id)
        with pytest.raises(Refused, match="You have no chat"):
            [each async for each in client.resume(request.chat_id)]
    async with client_for("function-url", signed.outputs, signed.token("free"), signer=by_pro) as client:
        assert (await client.chats()).entries == ()


async def test_without_an_id_token_nothing_is_sent_and_the_refusal_says_what_is_missing(
    signed: RunningSandbox,
) -> None:
    async with client_for("function-url", signed.outputs, signed.token(), signer=signer(signed, "")) as client:
        with pytest.raises(Refused, match="set STREAMWAYS_ID_TOKEN to the user's ID token") as refusal:
            await client.chats()
    assert refusal.value.code == "unauthenticated"


async def test_an_access_token_in_place_of_the_id_token_gets_no_credentials(signed: RunningSandbox) -> None:
    wrong = signer(signed, signed.token())
    async with client_for("function-url", signed.outputs, signed.token(), signer=wrong) as client:
        with pytest.raises(Refused, match="the identity pool gives no credentials: Invalid login token") as refusal:
            await client.chats()
    assert refusal.value.code == "unauthenticated"


def user_keys(sandbox: RunningSandbox) -> Credentials:
    """A user's credentials, as anybody can have them who signs in."""
    outputs = sandbox.outputs
    logins = {outputs["issuer"].removeprefix("https://"): sandbox.id_token()}

    def ask(operation: str, **fields: object) -> dict[str, Any]:
        headers = {"x-amz-target": f"AWSCognitoIdentityService.{operation}"}
        answer = httpx.post(outputs["identityEndpoint"], headers=headers, json={**fields, "Logins": logins})
        return answer.raise_for_status().json()

    identity = ask("GetId", IdentityPoolId=outputs["identityPoolId"])["IdentityId"]
    keys = ask("GetCredentialsForIdentity", IdentityId=identity)["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretKey"], keys["SessionToken"])


def signed_call(url: str, service: str, keys: Credentials, region: str, **headers: str) -> httpx.Response:
    request = AWSRequest("POST", url, {"content-type": "application/json", **headers}, b"{}")
    SigV4Auth(keys, service, region).add_auth(request)
    return httpx.post(url, content=b"{}", headers=dict(request.headers.items()), timeout=30)


@pytest.mark.parametrize(
    ("path", "service", "target"),
    [
        ("/2015-03-31/functions/{function}/invocations", "lambda", None),
        ("/2015-03-31/functions/{function}:live/invocations", "lambda", None),
        ("/", "dynamodb", "DynamoDB_20120810.ListTables"),
        ("/", "cognito-idp", "AWSCognitoIdentityProviderService.ListUsers"),
        ("/model/amazon.nova-lite-v1:0/converse-stream", "bedrock", None),
    ],
)
def test_the_credentials_of_a_user_are_good_for_nothing_but_the_url(
    signed: RunningSandbox, path: str, service: str, target: str | None
) -> None:
    function = next(name for name in signed.state.function_seconds if name.startswith("function-url-handler"))
    url = f"{signed.state.origin}/aws{path.format(function=function)}"
    headers = {"x-amz-target": target} if target else {}
    answer = signed_call(url, service, user_keys(signed), signed.state.region, **headers)
    assert answer.status_code in (400, 403)
    assert "AccessDenied" in answer.headers.get("x-amzn-errortype", "") + answer.text


async def test_the_web_page_signs_what_it_sends(signed: RunningSandbox, browser: Browser) -> None:
    async with People.at(signed, browser) as people:
        person = await people.person()
        await person.ask("How is the function URL secured?")
        await person.sees_the_end()
        await expect(person.tab.locator(".chats")).to_contain_text("How is the function URL secured?")
        assert person.said == []


def given(sandbox: RunningSandbox) -> dict[str, object]:
    return {**sandbox.outputs.to_json(), "token": sandbox.token(), "idToken": sandbox.id_token()}


def test_a_stock_transport_streams_loads_and_stops_with_the_signing_fetch(
    signed: RunningSandbox, stock: StockClient
) -> None:
    [turn] = stock.talk("signed http", given(signed), {"send": "What is MIT-0?"}, {"done": True})
    assert turn["error"] is None
    assert turn["finish"]["finishReason"] == "stop"
    assert text_of(turn["message"])


def played_in_node(sandbox: RunningSandbox) -> dict[str, Any]:
    """The scenario of `tests/node/signed`."""
    scenario = installed() / "tests" / "node" / "signed"
    text = json.dumps(given(sandbox))
    run = subprocess.run(
        [node.NODE, "run.mjs"], cwd=scenario, input=text, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


async def played_in_a_page(sandbox: RunningSandbox, site: Site, browser: Browser) -> dict[str, Any]:
    """The same in a browser, on a page of the origin that the stack lets in."""
    folder = installed()
    for file in (folder / "node_modules" / "streamways-client" / "dist").glob("*.js"):
        site.add(f"/client/{file.name}", file)
    site.add("/aws4fetch.mjs", folder.parent / "node_modules" / "aws4fetch" / "dist" / "aws4fetch.esm.mjs")
    site.add("/scenario.mjs", folder / "tests" / "node" / "signed" / "scenario.mjs")
    site.files["/"] = b'<!doctype html><script type="importmap">{"imports": {"aws4fetch": "/aws4fetch.mjs"}}</script>'
    tab = await browser.new_page()
    try:
        await tab.goto(site.origin)
        return await tab.evaluate(
            """async given => {
                const { signingFetch } = await import('/client/signing.js');
                const { scenario } = await import('/scenario.mjs');
                return await scenario(given, signingFetch);
            }""",
            given(sandbox),
        )
    finally:
        await tab.close()


NEW = ["GetId", "GetCredentialsForIdentity"]


def test_a_program_in_node_signs_what_it_sends_with_credentials_that_it_renews(signed: RunningSandbox) -> None:
    check_the_scenario(played_in_node(signed))


async def test_a_page_signs_what_it_sends_with_credentials_that_it_renews(
    signed: RunningSandbox, site: Site, browser: Browser
) -> None:
    check_the_scenario(await played_in_a_page(signed, site, browser))


def check_the_scenario(told: dict[str, Any]) -> None:
    assert told["first"]["status"] == 200, told["first"]
    assert told["first"]["text"].endswith("data: [DONE]\n\n")
    assert told["first"]["stream"], "a page may read the header"
    assert told["first"]["calls"] == [*NEW, "POST"]
    assert (told["read"]["status"], told["read"]["calls"]) == (200, ["GET"]), "the credentials are at hand"
    assert (told["deleted"]["status"], told["deleted"]["calls"]) == (204, ["DELETE"])
    assert told["a clock that is an hour fast"]["status"] == 200
    refused_first = told["a clock that is set meanwhile"]
    assert (refused_first["status"], refused_first["calls"]) == (200, ["POST", NEW[1], "POST"])
    assert sorted(told["two at once"]["calls"]) == sorted([*NEW, "POST", "POST"])
    for name in ("an access token in place of the ID token", "no token"):
        assert (told[name]["failed"], told[name]["code"]) == ("Refusal", "unauthenticated"), name
    assert told["a stream as body"]["failed"] == "TypeError"
    assert told["unsigned"]["status"] in (403, None), "a browser tells the page nothing of it, or 403"
