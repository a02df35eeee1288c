"""Who may call a function URL, and from which pages."""

import json
from dataclasses import replace

import pytest

from sandbox.errors import ResourceRefused
from sandbox.iam.credentials import User
from sandbox.world import Cors, ResourcePermission, Role
from stacks.iam import call_through_url, policy_document
from tests.sandbox.functions.urls import PUBLIC_FUNCTION, PUBLIC_URL, Urls, permit

HEADERS = """
import json
async def app(scope, receive, send):
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    own = [(b"access-control-allow-origin", b"https://own")] if scope["path"] == "/own" else []
    await send({"type": "http.response.start", "status": 200, "headers": own})
    await send({"type": "http.response.body", "body": json.dumps(headers).encode()})
"""
FORBIDDEN = {
    "Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
}
CORS = Cors(
    allow_origins=("https://app.example", "http://localhost:5173"),
    allow_methods=("GET", "POST"),
    allow_headers=("authorization", "content-type"),
    expose_headers=("retry-after",),
    max_age_seconds=300,
)
CALLER = "arn:aws:iam::000000000000:role/caller"


@pytest.mark.parametrize("permission", [PUBLIC_URL, PUBLIC_FUNCTION])
async def test_one_permission_alone_is_not_enough(urls: Urls, permission: ResourcePermission) -> None:
    function = urls.lab.add_web("open", HEADERS)
    path = urls.add(function)
    permit(function, permission)
    await urls.open()
    response = await urls.client.get(path)
    assert response.status_code == 403
    assert response.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert response.json() == FORBIDDEN
    permit(function, PUBLIC_URL, PUBLIC_FUNCTION)
    assert (await urls.client.get(path)).status_code == 200


async def test_with_iam_an_unsigned_request_is_forbidden(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("closed", HEADERS), authorization="AWS_IAM")
    await urls.open()
    response = await urls.client.get(path)
    assert (response.status_code, response.json()) == (403, FORBIDDEN)
    response = await urls.client.get(path, headers={"authorization": "Bearer token"})
    assert response.status_code == 403


async def test_with_iam_the_callers_role_needs_both_actions(urls: Urls) -> None:
    function = urls.lab.add_web("closed", HEADERS)
    path = urls.add(function, authorization="AWS_IAM")
    permit(function)
    url_only = {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": function.arn}
    role = urls.lab.world.roles[urls.lab.add("other", "", policy=url_only).role_arn]
    await urls.open()
    keys = urls.lab.credentials.for_role(role.arn)
    refused = await urls.client.send(urls.signed("GET", path, keys))
    assert (refused.status_code, refused.json()) == (403, FORBIDDEN)
    both = {"Effect": "Allow", "Action": "lambda:Invoke*", "Resource": function.arn}
    role.policies["more"] = {"Version": "2012-10-17", "Statement": [both]}
    allowed = await urls.client.send(urls.signed("GET", path, keys))
    assert allowed.status_code == 200
    context = json.loads(allowed.json()["x-amzn-request-context"])
    assert context["accountId"] == "000000000000"
    assert context["authorizer"]["iam"]["accessKey"] == keys.access_key_id
    assert context["authorizer"]["iam"]["userArn"].startswith("arn:aws:sts::000000000000:assumed-role/other/")


async def test_with_iam_a_user_of_an_identity_pool_calls_the_url_of_their_role_and_no_other(urls: Urls) -> None:
    function, other = urls.lab.add_web("closed", HEADERS), urls.lab.add_web("also", HEADERS)
    path, elsewhere = (urls.add(each, authorization="AWS_IAM") for each in (function, other))
    permit(function)
    permit(other)
    lab = urls.lab
    lab.world.roles[CALLER] = Role(
        "caller", CALLER, {}, {"call": json.loads(policy_document(call_through_url(function.arn)))}
    )
    keys = lab.credentials.for_user(CALLER, User("us-east-1:pool", "us-east-1:ada"), 3600).keys
    await urls.open()
    answer = await urls.client.send(urls.signed("POST", path, keys, body=b"{}"))
    assert answer.status_code == 200
    who = json.loads(answer.json()["x-amzn-request-context"])["authorizer"]["iam"]
    assert who["userArn"] == "arn:aws:sts::000000000000:assumed-role/caller/CognitoIdentityCredentials"
    refused = await urls.client.send(urls.signed("POST", elsewhere, keys, body=b"{}"))
    assert (refused.status_code, refused.json()) == (403, FORBIDDEN)


async def test_with_iam_the_function_may_grant_a_role_that_has_nothing(urls: Urls) -> None:
    function = urls.lab.add_web("closed", HEADERS)
    path = urls.add(function, authorization="AWS_IAM")
    permit(
        function,
        replace(PUBLIC_URL, principal=CALLER, function_url_auth_type="AWS_IAM"),
        replace(PUBLIC_FUNCTION, principal=CALLER),
    )
    await urls.open()
    request = urls.signed("POST", path, urls.lab.credentials.for_role(CALLER), body=b"{}")
    assert (await urls.client.send(request)).status_code == 200


async def test_a_signature_over_another_body_is_refused(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("closed", HEADERS), authorization="AWS_IAM")
    await urls.open()
    request = urls.signed("POST", path, urls.lab.credentials.administrator, body=b"signed")
    forged = urls.client.build_request("POST", path, content=b"forged", headers=request.headers)
    response = await urls.client.send(forged)
    assert response.status_code == 403
    assert response.headers["x-amzn-errortype"] == "InvalidSignatureException"


async def test_the_token_travels_beside_the_signature(urls: Urls) -> None:
    function = urls.lab.add_web("closed", HEADERS, environment={"AWS_LWA_AUTHORIZATION_SOURCE": "X-Authorization"})
    path = urls.add(function, authorization="AWS_IAM")
    await urls.open()
    keys = urls.lab.credentials.administrator
    response = await urls.client.send(urls.signed("GET", path, keys, headers={"x-authorization": "Bearer token"}))
    assert response.status_code == 200
    assert response.json()["authorization"] == "Bearer token"
    assert "x-authorization" not in response.json()


async def test_preflights_are_answered_by_the_url_itself(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("open", "this does not even compile"), cors=CORS)
    await urls.open()
    asked = {"access-control-request-method": "POST", "origin": "https://app.example"}
    response = await urls.client.options(path, headers=asked)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://app.example"
    assert response.headers["access-control-allow-methods"] == "GET,POST"
    assert response.headers["access-control-allow-headers"] == "authorization,content-type"
    assert response.headers["access-control-max-age"] == "300"
    elsewhere = await urls.client.options(path, headers={**asked, "origin": "https://elsewhere.example"})
    assert not [name for name in elsewhere.headers if name.startswith("access-control-")]


async def test_answers_carry_the_urls_headers_for_listed_origins(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("open", HEADERS), cors=CORS)
    await urls.open()
    response = await urls.client.get(path, headers={"origin": "http://localhost:5173"})
    assert response.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert response.headers["access-control-expose-headers"] == "retry-after"
    assert "access-control-allow-credentials" not in response.headers
    elsewhere = await urls.client.get(path, headers={"origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 200
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_a_function_that_sets_cors_headers_too_sends_them_twice(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("open", HEADERS), cors=CORS)
    await urls.open()
    response = await urls.client.get(f"{path}own", headers={"origin": "https://app.example"})
    assert response.headers.get_list("access-control-allow-origin") == ["https://own", "https://app.example"]


async def test_without_cors_a_preflight_is_the_functions_to_answer(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("open", HEADERS))
    await urls.open()
    asked = {"access-control-request-method": "POST", "origin": "https://app.example"}
    assert "x-amzn-request-context" in (await urls.client.options(path, headers=asked)).json()


@pytest.mark.parametrize(
    ("layers", "environment", "complaint"),
    [
        ((), {}, "which no layer of it brings"),
        (("arn:aws:lambda:eu-north-1:753240598075:layer:LambdaAdapterLayerArm64:30",), {}, "cannot run"),
        (
            ("arn:aws:lambda:us-east-1:753240598075:layer:LambdaAdapterLayerX86:30",),
            {"AWS_LWA_ASYNC_INIT": "true"},
            "ASYNC",
        ),
        (("arn:aws:lambda:us-east-1:000000000000:layer:other:1",), {}, "layers that the sandbox cannot run"),
    ],
)
async def test_what_would_not_start_on_aws_or_is_not_emulated_is_refused_at_deployment(
    urls: Urls, layers: tuple[str, ...], environment: dict[str, str], complaint: str
) -> None:
    urls.lab.add_web("web", HEADERS, layers=layers, environment=environment)
    with pytest.raises(ResourceRefused, match=complaint):
        await urls.lab.service()
    urls.lab.world.functions.clear()
    await urls.open()
