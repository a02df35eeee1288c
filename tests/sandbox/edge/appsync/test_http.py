"""Queries and mutations over HTTP: who gets in, bodies that are none, errors in AppSync's form, limits."""

import json
import time
from typing import Any

import httpx
import pytest

from tests.sandbox.edge.appsync.appsync_harness import PASS_ON, Api, Edge, signed, token

SCHEMA = """
type Query { me: User, echo(text: String, json: AWSJSON, number: Int!): Echo, plain: String, users: [User!] }
type Mutation { rename(name: String!): User! }
type Subscription { renamed: User @aws_subscribe(mutations: ["rename"]) }
type User { name: String!, friends: [User!], json: AWSJSON }
type Echo { text: String, json: AWSJSON, number: Int! }
"""
FAILS = "export function request(ctx) { %s }\nexport function response(ctx) { return ctx.result; }"
CONTEXT = """
export function request(ctx) { return { payload: { text: 'x', number: 1, json: { ...ctx, info: ctx.info } } }; }
export function response(ctx) { return ctx.result; }
"""


@pytest.fixture
def api(edge: Edge) -> Api:
    return edge.api(SCHEMA, {"Query.echo": PASS_ON})


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    (entry,) = response.json()["errors"]
    assert response.headers["x-amzn-errortype"] == entry["errorType"]
    return response.status_code, entry["errorType"], entry["message"]


@pytest.mark.parametrize(
    ("credential", "message"),
    [
        (None, "Valid authorization header not provided."),
        ("not-a-token", "Unable to parse JWT token."),
        ("e30.e30.x", "Unable to parse JWT token."),
        (token("ada", exp=int(time.time()) - 1), "Token has expired."),
        (token("ada").replace(".pool", ".another"), "You are not authorized to make this call."),
    ],
    # Named after the tokens, which hold the time, the tests of two workers would not be the same.
    ids=["none", "no token", "no claims", "expired", "of another pool"],
)
async def test_a_request_without_a_valid_token_is_refused_with_401(
    api: Api, credential: str | None, message: str
) -> None:
    response = await api.post("{ plain }", by=credential)
    assert refusal(response) == (401, "UnauthorizedException", message)
    assert response.headers["access-control-allow-origin"] == "*"


async def test_access_tokens_and_id_tokens_are_taken_with_and_without_bearer(api: Api) -> None:
    for credential in (token("ada"), f"Bearer {token('ada')}", token("ada", token_use="id")):
        assert await api.data("{ plain }", by=credential) == {"plain": None}


async def test_a_mode_that_the_api_does_not_have_is_refused(edge: Edge) -> None:
    for_users = edge.api(SCHEMA, additional=())
    for_roles = edge.api(SCHEMA, default="AWS_IAM", additional=())
    message = "You are not authorized to make this call."
    by_role = await for_users.post("{ plain }", by=edge.credentials.administrator)
    assert refusal(by_role) == (401, "UnauthorizedException", message)
    assert refusal(await for_roles.post("{ plain }", by=token("ada"))) == (401, "UnauthorizedException", message)


async def test_a_signature_over_another_body_is_refused(edge: Edge, api: Api) -> None:
    headers = signed(api.url, b"{}", edge.credentials.administrator)
    response = await api.send(b'{"query": "{ plain }"}', headers=headers)
    assert refusal(response)[:2] == (403, "InvalidSignatureException")


async def test_an_unknown_api_is_404(api: Api) -> None:
    response = await api.edge.http.post(api.url.replace(api.record.api_id, "other"), content=b"{}")
    assert refusal(response)[:2] == (404, "NotFoundException")


async def test_a_preflight_allows_what_it_asks_for(api: Api) -> None:
    asked = {"access-control-request-headers": "authorization,content-type", "origin": "http://localhost:5173"}
    response = await api.edge.http.options(api.url, headers={**asked, "access-control-request-method": "POST"})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in response.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Request body is empty."),
        (b"meow", "Unable to parse GraphQL query."),
        (b"{}", "Unable to parse GraphQL query."),
        (b"[]", "Unable to parse GraphQL query."),
        (b'{"query": 5}', "Unable to parse GraphQL query."),
        (b'{"query": "{ plain"}', "Unable to parse GraphQL query."),
        (json.dumps({"query": "{a" * 50_000}).encode(), "Unable to parse GraphQL query."),
        (b'{"query": "{ plain }", "variables": []}', "Unable to parse GraphQL variables"),
    ],
)
async def test_a_body_that_is_no_call_is_malformed(api: Api, body: bytes, message: str) -> None:
    status, kind, text = refusal(await api.send(body, by=token("ada")))
    assert (status, kind) == (400, "MalformedHttpRequestException")
    assert text.startswith(message)


async def test_of_several_operations_one_must_be_named(api: Api) -> None:
    query = "query A { plain } query B { text: plain }"
    response = await api.post(query, by=token("ada"))
    assert refusal(response) == (400, "BadRequestException", "Missing operation name.")
    assert (await api.post(query, by=token("ada"), operationName="B")).json() == {"data": {"text": None}}


async def test_a_subscription_is_not_for_http(api: Api) -> None:
    assert refusal(await api.post("subscription { renamed { name } }", by=token("ada")))[1] == "UnsupportedOperation"


@pytest.mark.parametrize(
    ("query", "variables", "message"),
    [
        ("{ bad }", {}, "Validation error of type FieldUndefined: Cannot query field 'bad' on type 'Query'."),
        ("{ echo { text } }", {}, "Validation error of type MissingFieldArgument: "),
        ("{ me }", {}, "Validation error of type SubSelectionRequired: "),
        (
            "query Q($n: Int!) { echo(number: $n) { text } }",
            {},
            "Variable 'n' has coerced Null value for NonNull type 'Int!'",
        ),
        (
            "query Q($n: Int!) { echo(number: $n) { text } }",
            {"n": "x"},
            "Variable 'n' has an invalid value. Int cannot",
        ),
        (
            "query Q($j: AWSJSON) { echo(number: 1, json: $j) { text } }",
            {"j": "{"},
            "Variable 'j' has an invalid value. Unable to parse `{` as valid JSON.",
        ),
    ],
)
async def test_a_call_that_does_not_fit_the_schema_is_answered_with_200_and_no_data(
    api: Api, query: str, variables: dict[str, Any], message: str
) -> None:
    response = await api.post(query, variables, by=token("ada"))
    body = response.json()
    assert (response.status_code, body["data"]) == (200, None)
    (entry,) = body["errors"]
    assert entry["message"].startswith(message)
    assert entry["path"] is None
    assert set(entry["locations"][0]) == {"line", "column", "sourceName"}


async def test_json_reaches_resolvers_parsed_and_leaves_as_text(api: Api) -> None:
    query = 'query Q($j: AWSJSON) { echo(number: 1, json: $j, text: "t") { json text } }'
    data = await api.data(query, {"j": '{"a": [1, "é"]}'}, by=token("ada"))
    assert data == {"echo": {"json": '{"a":[1,"é"]}', "text": "t"}}


async def test_a_resolver_sees_the_documented_context_of_a_user(edge: Edge) -> None:
    api = edge.api(SCHEMA, {"Query.echo": CONTEXT})
    ada = token("ada", **{"cognito:groups": ["pro"]})
    query = "query Q($n: Int!) { echo(number: $n) { alias: text ...F } } fragment F on Echo { json }"
    body = json.dumps({"query": query, "variables": {"n": 7}}).encode()
    response = await api.send(body, by=ada, headers={"Cookie": "secret", "X-Custom": "nadia"})
    context = json.loads(response.json()["data"]["echo"]["json"])
    assert context["args"] == context["arguments"] == {"number": 7}
    assert context["info"] == {"fieldName": "echo", "parentTypeName": "Query", "variables": {"n": 7}}
    assert (context["source"], context["prev"], context["stash"]) == ({}, None, {})
    identity = context["identity"]
    assert identity.pop("claims")["token_use"] == "access"
    assert identity == {
        "sub": "ada",
        "username": "ada",
        "groups": ["pro"],
        "issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool",
        "sourceIp": ["127.0.0.1"],
        "defaultAuthStrategy": "ALLOW",
    }
    headers = context["request"]["headers"]
    assert headers["x-custom"] == "nadia"
    assert headers["x-amzn-requestid"] == response.headers["x-amzn-requestid"]
    assert "cookie" not in headers


async def test_a_resolver_sees_the_selection_and_a_role(edge: Edge) -> None:
    code = """
    export function request(ctx) {
      const { userArn, accountId } = ctx.identity;
      return { payload: { number: 1, json: [ctx.info.selectionSetList, userArn, accountId] } };
    }
    export function response(ctx) { return ctx.result; }
    """
    api = edge.api(SCHEMA, {"Query.echo": code}, default="AWS_IAM", additional=())
    data = await api.data("{ echo(number: 1) { json n: number } }", by=edge.credentials.administrator)
    selection, arn, account = json.loads(data["echo"]["json"])
    assert selection == ["json", "n"]
    assert (arn, account) == ("arn:aws:sts::000000000000:assumed-role/sandbox-administrator/sandbox", "000000000000")


async def test_a_field_that_fails_is_null_and_has_appsyncs_entry(edge: Edge) -> None:
    code = FAILS % "util.error('No.', 'Refused', { name: 'n', hidden: 1 }, { retryAfter: 3 });"
    api = edge.api(SCHEMA, {"Query.me": code})
    response = await api.post("{ plain\n me { name } }", by=token("ada"))
    assert response.status_code == 200
    assert response.json() == {
        "data": {"plain": None, "me": None},
        "errors": [
            {
                "path": ["me"],
                "data": {"name": "n"},
                "errorType": "Refused",
                "errorInfo": {"retryAfter": 3},
                "locations": [{"line": 2, "column": 2, "sourceName": None}],
                "message": "No.",
            }
        ],
    }


async def test_a_field_that_must_not_be_null_takes_its_parent_with_it(edge: Edge) -> None:
    api = edge.api(SCHEMA, {"Mutation.rename": FAILS % "util.error('No.');"})
    body = (await api.post('mutation { rename(name: "a") { name } }', by=token("ada"))).json()
    assert (body["data"], [entry["errorType"] for entry in body["errors"]]) == (None, ["Custom"])


async def test_appended_errors_come_with_the_data(edge: Edge) -> None:
    code = FAILS % "util.appendError('Careful.', 'Warning'); return { payload: { name: 'Ada' } };"
    api = edge.api(SCHEMA, {"Query.me": code})
    body = (await api.post("{ me { name } }", by=token("ada"))).json()
    assert body["data"] == {"me": {"name": "Ada"}}
    assert [(entry["message"], entry["errorType"], entry["path"]) for entry in body["errors"]] == [
        ("Careful.", "Warning", ["me"])
    ]


async def test_an_early_return_skips_the_response_handler(edge: Edge) -> None:
    api = edge.api(SCHEMA, {"Query.me": FAILS % "runtime.earlyReturn({ name: 'early' });"})
    assert await api.data("{ me { name } }", by=token("ada")) == {"me": {"name": "early"}}


async def test_unauthorized_names_the_field(edge: Edge) -> None:
    api = edge.api(SCHEMA, {"Query.me": FAILS % "util.unauthorized();"})
    (entry,) = await api.errors("{ me { name } }", by=token("ada"))
    assert (entry["errorType"], entry["message"]) == ("Unauthorized", "Not Authorized to access me on type Query")


async def test_code_that_throws_is_an_error_of_type_code(edge: Edge) -> None:
    api = edge.api(SCHEMA, {"Query.me": FAILS % "return ctx.missing.deeper;"})
    (entry,) = await api.errors("{ me { name } }", by=token("ada"))
    assert entry["errorType"] == "Code"
    assert "TypeError: cannot read property 'deeper' of undefined" in entry["message"]


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("{}", "Cannot return null for non-nullable type: 'String' within parent 'User' (/users[0]/friends[0]/name)"),
        ("{ name: [1] }", "Can't serialize value (/users[0]/friends[0]/name) : String cannot represent value: [1]"),
    ],
)
async def test_results_that_do_not_fit_the_schema_are_told_in_graphql_javas_words(
    edge: Edge, payload: str, message: str
) -> None:
    code = FAILS % f"return {{ payload: [{{ friends: [{payload}] }}] }};"
    (entry,) = await edge.api(SCHEMA, {"Query.users": code}).errors("{ users { friends { name } } }", by=token("ada"))
    assert entry == {"path": ["users", 0, "friends", 0, "name"], "locations": None, "message": message}


async def test_introspection_works(api: Api) -> None:
    data = await api.data("{ __schema { mutationType { name } } __typename }", by=token("ada"))
    assert data == {"__schema": {"mutationType": {"name": "Mutation"}}, "__typename": "Query"}


async def test_a_request_over_1_mb_is_refused(api: Api) -> None:
    body = json.dumps({"query": "{ plain }", "variables": {"x": "x" * 1024 * 1024}}).encode()
    assert refusal(await api.send(body, by=token("ada")))[:2] == (413, "RequestEntityTooLargeException")


async def test_an_answer_over_5_mb_is_refused(edge: Edge) -> None:
    api = edge.api(SCHEMA, {"Query.echo": PASS_ON})
    fields = " ".join(f"f{number}: echo(number: 1, text: $t) {{ text }}" for number in range(6))
    text = "x" * 1_000_000
    response = await api.post(f"query Q($t: String) {{ {fields} }}", {"t": text}, by=token("ada"))
    assert refusal(response)[1] == "ResponseTooLarge"


async def test_a_query_deeper_than_75_levels_is_refused(api: Api) -> None:
    def nested(levels: int) -> str:
        return "{ me { " + "friends { " * levels + "name" + " }" * levels + " } }"

    assert await api.data(nested(73), by=token("ada")) == {"me": None}
    assert refusal(await api.post(nested(74), by=token("ada")))[:2] == (400, "BadRequestException")
