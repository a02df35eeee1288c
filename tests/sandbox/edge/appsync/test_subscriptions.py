"""What subscribers get of a mutation's result: their selection of its selection, filtered."""

import logging
from typing import Any

import pytest

from tests.sandbox.edge.appsync.appsync_harness import PASS_ON, Api, Edge, token

SCHEMA = """
type Query { none: String }
type Mutation {
  post(owner: ID!, text: String, size: Int, json: AWSJSON, place: PlaceInput): Post
  repost(owner: ID!, text: String): Post!
  postMany(texts: [String!]): [Post!]
}
type Subscription {
  onPost(owner: ID, text: String): Post @aws_subscribe(mutations: ["post", "repost"])
  onMine(size: Int): Post @aws_subscribe(mutations: ["post"])
  onPlace: Post @aws_subscribe(mutations: ["post"])
  onMany: [Post!] @aws_subscribe(mutations: ["postMany"])
  onlyForNobody: Post @aws_subscribe(mutations: ["post"])
  must: Post! @aws_subscribe(mutations: ["post"])
}
input PlaceInput { country: String }
type Place { country: String }
type Post @aws_iam @aws_cognito_user_pools {
  owner: ID!, text: String, size: Int, json: AWSJSON, place: Place, secret: String @aws_iam
}
"""
FILTER = """
import {{ extensions, util }} from '@aws-appsync/utils';
export function request(ctx) {{ return {{ payload: null }}; }}
export function response(ctx) {{
  extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter({0}));
  return null;
}}
"""
RESOLVERS = {
    "Mutation.post": PASS_ON,
    "Mutation.repost": PASS_ON,
    "Mutation.postMany": """
        export function request(ctx) { return { payload: ctx.args.texts.map((text) => ({ owner: 'ada', text })) }; }
        export function response(ctx) { return ctx.result; }
    """,
    "Subscription.onMine": FILTER.format("{ owner: { eq: ctx.identity.sub }, size: { ge: 3 } }"),
    "Subscription.onPlace": FILTER.format("{ 'place.country': { eq: 'FR' } }"),
    "Subscription.onlyForNobody": FILTER.format("{}"),
}
ADA = token("ada")


@pytest.fixture
def api(edge: Edge) -> Api:
    return edge.api(SCHEMA, RESOLVERS)


async def post(api: Api, arguments: str, selection: str = "owner text size json place { country }") -> Any:
    return await api.data(f"mutation {{ post({arguments}) {{ {selection} }} }}", by=ADA)


async def test_a_field_that_the_mutation_did_not_select_is_null_or_an_error(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onPost { owner text } }")
        await post(api, 'owner: "ada", text: "t"', "owner")
        assert await client.data("1") == {"data": {"onPost": {"owner": "ada", "text": None}}}
        await post(api, 'owner: "ada", text: "t"', "text")
        assert await client.data("1") == {
            "data": {"onPost": None},
            "errors": [
                {
                    "path": ["onPost", "owner"],
                    "message": "Cannot return null for non-nullable type: 'ID' within parent 'Post' (/onPost/owner)",
                }
            ],
        }


async def test_each_named_mutation_publishes_whoever_calls_it(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onPost { text } }")
        await post(api, 'owner: "bob", text: "one"')
        await api.data('mutation { repost(owner: "bob", text: "two") { text } }', by=token("bob"))
        got = [(await client.data("1"))["data"]["onPost"]["text"] for _ in range(2)]
        assert got == ["one", "two"]


async def test_json_is_a_text_once_in_the_answer_and_in_what_subscribers_get(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onPost { json } }")
        answer = await post(api, r'owner: "ada", json: "{\"a\": \"é\"}"')
        assert answer["post"]["json"] == '{"a":"é"}'
        assert await client.data("1") == {"data": {"onPost": {"json": '{"a":"é"}'}}}


async def test_arguments_filter_by_equality_and_null_means_null(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("all", "subscription { onPost { text } }")
        await client.started("bob", 'subscription { onPost(owner: "bob") { text } }')
        await client.started("none", "subscription { onPost(text: null) { owner } }")
        variables = {"o": "bob"}
        await client.started("variable", "subscription S($o: ID) { onPost(owner: $o) { text } }", variables)
        await post(api, 'owner: "ada", text: "a"')
        await post(api, 'owner: "bob", text: "b"')
        await post(api, 'owner: "ada"')
        await post(api, 'owner: "bob", text: "not selected"', "text")
        await post(api, 'owner: "bob", text: "end"')
        got: dict[str, list[object]] = {}
        while len(got.get("variable", [])) < 2:
            frame = await client.receive()
            got.setdefault(frame["id"], []).append(next(iter(frame["payload"]["data"]["onPost"].values())))
        assert got["all"] == ["a", "b", None, "not selected", "end"]
        assert got["bob"] == got["variable"] == ["b", "end"]
        assert got["none"] == ["ada"]


async def test_an_enhanced_filter_replaces_arguments_and_needs_its_fields_in_the_mutations_selection(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("mine", "subscription { onMine(size: 100) { text } }")
        await post(api, 'owner: "bob", size: 5, text: "of bob"')
        await post(api, 'owner: "ada", size: 2, text: "too small"')
        await post(api, 'owner: "ada", size: 5, text: "owner not selected"', "size text")
        await post(api, 'owner: "ada", size: 5, text: "size not selected"', "owner text")
        await post(api, 'owner: "ada", size: 5, text: "aliased"', "owner text large: size")
        await post(api, 'owner: "ada", size: 3, text: "mine"')
        assert await client.data("mine") == {"data": {"onMine": {"text": "mine"}}}


async def test_a_filter_reaches_into_nested_fields(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onPlace { text } }")
        await post(api, 'owner: "ada", text: "de", place: { country: "DE" }')
        await post(api, 'owner: "ada", text: "fr", place: { country: "FR" }')
        assert await client.data("1") == {"data": {"onPlace": {"text": "fr"}}}


async def test_a_filter_that_matches_nobody_is_refused_at_the_start(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        frame = await client.start("1", "subscription { onlyForNobody { text } }")
        assert frame["payload"]["errors"][0]["errorType"] == "InvalidSubscriptionFilter"


async def test_a_subscription_field_that_must_not_be_null_cannot_start(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        frame = await client.start("1", "subscription { must { text } }")
        assert "Cannot return null for non-nullable type: 'Post'" in frame["payload"]["errors"][0]["message"]


async def test_a_subscribers_own_authorization_decides_on_each_field(edge: Edge) -> None:
    resolver = "export function request(ctx) { return { payload: { ...ctx.args, secret: 's' } }; }\n"
    resolver += "export function response(ctx) { return ctx.result; }"
    api = edge.api(SCHEMA, {"Mutation.post": resolver})
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onPost { text secret } }")
        await api.post('mutation { post(owner: "ada", text: "t") { text secret } }', by=ADA)
        payload = await client.data("1")
        assert payload["data"] == {"onPost": {"text": "t", "secret": None}}
        assert payload["errors"][0]["message"] == "Not Authorized to access secret on type Post"


async def test_a_mutation_without_a_result_publishes_nothing(edge: Edge) -> None:
    code = """
    export function request(ctx) { if (ctx.args.text === 'bad') { util.error('No.'); } return { payload: ctx.args }; }
    export function response(ctx) { return ctx.result; }
    """
    api = edge.api(SCHEMA, {"Mutation.post": code})
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onPost { text } }")
        await api.errors('mutation { post(owner: "ada", text: "bad") { text } }', by=ADA)
        await post(api, 'owner: "ada", text: "good"')
        assert await client.data("1") == {"data": {"onPost": {"text": "good"}}}


async def test_a_list_is_published_whole_to_those_without_a_filter(api: Api) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onMany { text } }")
        await api.data('mutation { postMany(texts: ["a", "b"]) { owner text } }', by=ADA)
        assert await client.data("1") == {"data": {"onMany": [{"text": "a"}, {"text": "b"}]}}


async def test_more_than_240_kb_is_published_to_nobody_and_the_log_says_so(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onPost { text } }")
        fitting = "x" * (240 * 1024 - len('{"text":""}'))
        with caplog.at_level(logging.WARNING):
            for text in (fitting + "x", fitting):
                await post(api, f'owner: "ada", text: "{text}"', "text")
        assert await client.data("1") == {"data": {"onPost": {"text": fitting}}}
        assert "Mutation.post published 245761 bytes, the limit is 245760" in caplog.text


async def test_apis_do_not_hear_each_other(edge: Edge, api: Api) -> None:
    other = edge.api(SCHEMA, RESOLVERS)
    client = await api.subscriber(ADA)
    async with client.socket:
        await client.started("1", "subscription { onPost { text } }")
        await post(other, 'owner: "ada", text: "elsewhere"')
        await post(api, 'owner: "ada", text: "here"')
        assert await client.data("1") == {"data": {"onPost": {"text": "here"}}}


async def test_setting_a_filter_outside_a_subscription_is_an_error(edge: Edge) -> None:
    api = edge.api(SCHEMA, {"Mutation.post": FILTER.format("{ owner: { eq: 'ada' } }")})
    (entry,) = await api.errors('mutation { post(owner: "ada") { text } }', by=ADA)
    assert entry["message"] == "setSubscriptionFilter is for the response handler of a subscription."
