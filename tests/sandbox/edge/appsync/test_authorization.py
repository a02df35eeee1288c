"""Which fields a caller may use: directives, groups, default actions, IAM policies."""

import pytest

from tests.sandbox.edge.appsync.appsync_harness import PASS_ON, Api, Edge, token

SCHEMA = """
type Query {
  plain: Item
  iam: Item @aws_iam
  both: Item @aws_iam @aws_cognito_user_pools
  pro: Item @aws_cognito_user_pools(cognito_groups: ["pro", "enterprise"])
}
type Mutation { publish(text: String): Item @aws_iam  other(text: String): Item @aws_iam }
type Item @aws_iam @aws_cognito_user_pools { text: String, secret: String @aws_iam, own: Own, must: Own! }
type Own { text: String }
"""
ITEM = """
export function request(ctx) {
  return { payload: { text: 't', secret: 's', own: { text: 'o' }, must: { text: 'm' } } };
}
export function response(ctx) { return ctx.result; }
"""
FIELDS = ("Query.plain", "Query.iam", "Query.both", "Query.pro", "Mutation.publish", "Mutation.other")


@pytest.fixture
def api(edge: Edge) -> Api:
    return edge.api(SCHEMA, {**dict.fromkeys(FIELDS, ITEM), "Mutation.publish": PASS_ON})


@pytest.mark.parametrize(("field", "allowed"), [("plain", True), ("iam", False), ("both", True), ("pro", False)])
async def test_a_user_may_use_fields_of_the_default_mode_and_those_marked_for_users(
    api: Api, field: str, allowed: bool
) -> None:
    body = (await api.post(f"{{ {field} {{ text }} }}", by=token("ada"))).json()
    assert body["data"][field] == ({"text": "t"} if allowed else None)
    message = f"Not Authorized to access {field} on type Query"
    assert allowed or [(entry["errorType"], entry["message"]) for entry in body["errors"]] == [
        ("Unauthorized", message)
    ]


@pytest.mark.parametrize(("field", "allowed"), [("plain", False), ("iam", True), ("both", True), ("pro", False)])
async def test_a_role_may_use_fields_marked_for_iam_alone(edge: Edge, api: Api, field: str, allowed: bool) -> None:
    body = (await api.post(f"{{ {field} {{ text }} }}", by=edge.credentials.administrator)).json()
    assert body["data"][field] == ({"text": "t"} if allowed else None)


async def test_groups_open_a_field_to_their_members(api: Api) -> None:
    for groups, answer in ((["free", "pro"], {"text": "t"}), (["free"], None)):
        body = (await api.post("{ pro { text } }", by=token("ada", **{"cognito:groups": groups}))).json()
        assert body["data"]["pro"] == answer


async def test_the_directives_of_a_type_and_of_its_fields_count_for_what_is_inside_a_result(api: Api) -> None:
    body = (await api.post("{ plain { text secret own { text } } }", by=token("ada"))).json()
    assert body["data"]["plain"] == {"text": "t", "secret": None, "own": {"text": "o"}}
    assert [entry["path"] for entry in body["errors"]] == [["plain", "secret"]]


async def test_a_type_without_directive_is_for_the_default_mode_alone(edge: Edge, api: Api) -> None:
    by = edge.credentials.administrator
    body = (await api.post("{ both { own { text } must { text } } }", by=by)).json()
    assert body["data"]["both"] == {"own": {"text": None}, "must": {"text": None}}
    messages = {entry["message"] for entry in body["errors"]}
    assert messages == {"Not Authorized to access text on type Own"}


async def test_a_role_needs_appsync_graphql_on_the_very_field(api: Api) -> None:
    keys = api.publisher("Mutation.publish")
    mutation = 'mutation { publish(text: "t") { text secret } other { text } }'
    body = (await api.post(mutation, by=keys)).json()
    assert body["data"] == {"publish": {"text": "t", "secret": None}, "other": None}
    (entry,) = body["errors"]
    assert (entry["errorType"], entry["message"]) == ("Unauthorized", "Not Authorized to access other on type Mutation")


async def test_with_the_default_action_deny_a_user_needs_a_directive(edge: Edge) -> None:
    api = edge.api(SCHEMA, dict.fromkeys(FIELDS, ITEM), default_action="DENY")
    body = (await api.post("{ plain { text } both { text } }", by=token("ada"))).json()
    assert body["data"] == {"plain": None, "both": {"text": "t"}}


async def test_aws_auth_counts_only_without_additional_modes(edge: Edge) -> None:
    schema = 'type Query { a: String @aws_auth(cognito_groups: ["pro"]) }'
    alone, among_others = edge.api(schema, additional=()), edge.api(schema)
    assert (await alone.errors("{ a }", by=token("ada")))[0]["errorType"] == "Unauthorized"
    assert await alone.data("{ a }", by=token("ada", **{"cognito:groups": ["pro"]})) == {"a": None}
    assert await among_others.data("{ a }", by=token("ada")) == {"a": None}


@pytest.mark.parametrize("claim", [{"client_id": "ours"}, {"aud": "ours", "token_use": "id"}])
async def test_only_tokens_of_a_matching_app_client_are_taken(api: Api, claim: dict[str, str]) -> None:
    api.record.app_client_pattern = "^(ours|theirs)$"

    taken = await api.post("{ plain { text } }", by=token("ada", **claim))
    refused = await api.post("{ plain { text } }", by=token("ada", **{**claim, **dict.fromkeys(claim, "another")}))

    assert taken.json()["data"]["plain"] == {"text": "t"}
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["errorType"] == "UnauthorizedException"
