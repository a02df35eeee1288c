"""Which schemas AppSync takes, and its scalars."""

from typing import Any

import pytest
from graphql import execute

from sandbox.edge.appsync.documents import load
from sandbox.edge.appsync.errors import OperationInvalid, SchemaRefused
from sandbox.edge.appsync.schema import check_field, check_schema, compile_schema

VALID = """
type Query { a(d: AWSDate, t: AWSTime, dt: AWSDateTime, s: AWSTimestamp, e: AWSEmail, p: AWSPhone, u: AWSURL,
  i: AWSIPAddress, j: AWSJSON): AWSJSON }
type Mutation { publish(text: String!): Note! @aws_iam }
type Subscription { onNote: Note @aws_subscribe(mutations: ["publish"]) }
type Note @aws_iam @aws_cognito_user_pools(cognito_groups: ["pro"]) { text: String! @aws_auth(cognito_groups: ["a"]) }
extend type Query { more: Int @aws_api_key @aws_oidc @aws_lambda }
"""


def test_a_schema_with_appsyncs_scalars_and_directives_is_accepted() -> None:
    assert check_schema(VALID).query_type is not None
    assert compile_schema(VALID).subscriptions_of == {"publish": ("onNote",)}


@pytest.mark.parametrize(
    ("sdl", "words"),
    [
        ("type Query {", "line 1: Syntax Error"),
        ("type Mutation { a: Int }", "Query root type must be provided"),
        ("type Query { a: Int }\ntype B { c: Missing }", "line 2: Unknown type 'Missing'"),
        ("type Query { a: Int @aws_other }", "line 1: Unknown directive '@aws_other'"),
        ("scalar Any type Query { a: Any }", "AppSync has no custom scalars"),
        ("type Query { a: Int } type AWSThing { a: Int }", "begins with AWS"),
        ('type Query { a: Int } type Subscription { s: Int @aws_subscribe(mutations: ["m"]) }', "does not have"),
        ("type Query { a: Int } type Subscription { s: Int @aws_subscribe }", "'mutations'"),
        (
            "type Query { a: Int } type Mutation { m: String }"
            ' type Subscription { s: Int @aws_subscribe(mutations: ["m"]) }',
            "Subscription.s returns Int, but Mutation.m returns String",
        ),
    ],
)
def test_a_schema_that_appsync_refuses_is_refused_with_the_place(sdl: str, words: str) -> None:
    with pytest.raises(SchemaRefused) as refusal:
        check_schema(sdl)
    assert words in str(refusal.value)


def test_a_resolver_must_be_for_a_field_of_the_schema() -> None:
    check_field(check_schema(VALID), "Mutation", "publish")
    for type_name, field_name in (("Mutation", "other"), ("Other", "publish"), ("AWSJSON", "a")):
        with pytest.raises(SchemaRefused):
            check_field(check_schema(VALID), type_name, field_name)


async def outcome(argument: str) -> str:
    """What a query with this argument gives back, or why it is refused."""

    def look_up(_source: object, _info: object, /, **arguments: object) -> object:
        return list(arguments.values())

    try:
        document = (await load(VALID, f"{{ a({argument}) }}", None)).document
    except OperationInvalid as refusal:
        return str(refusal)
    result: Any = execute(check_schema(VALID), document, field_resolver=look_up)
    return result.data["a"]


@pytest.mark.parametrize(
    "argument",
    [
        'd: "2026-11-21"',
        'd: "2026-11-21+05:30"',
        't: "12:00:34.123Z"',
        't: "12:00"',
        'dt: "2026-11-21T12:00:34.123Z"',
        'dt: "2026-11-21T12:00:34-07:00"',
        "s: -123123",
        'e: "ada@example.com"',
        'p: "+1 555 764 4377"',
        'u: "https://amazon.com/a?b"',
        'u: "mailto:ada@example.com"',
        'i: "127.0.0.1/8"',
        'i: "1a2b:3c4b::1234:4567"',
    ],
)
async def test_a_scalar_takes_what_the_developer_guide_shows(argument: str) -> None:
    assert "Unable" not in await outcome(argument)


@pytest.mark.parametrize(
    "argument",
    [
        'd: "2026-13-21"',
        'd: "21.11.2026"',
        't: "25:00:00"',
        'dt: "2026-11-21T12:00:34"',
        'dt: "2026-11-21"',
        's: "1"',
        'e: "ada"',
        'p: "none"',
        'u: "amazon"',
        'u: "https://amazon.com//a"',
        'i: "127.0.0"',
        'j: "{no json"',
        "d: 5",
    ],
)
async def test_a_scalar_refuses_what_is_none(argument: str) -> None:
    assert "Unable to parse" in await outcome(argument)


async def test_json_is_parsed_on_the_way_in_and_made_a_text_on_the_way_out() -> None:
    assert await outcome(r'j: "{\"a\": [1, \"é\"]}"') == '[{"a":[1,"é"]}]'
    assert await outcome(r'j: "\"text\""') == '["text"]'
    assert "takes a string" in await outcome("j: {a: 1}")
