"""The page about AppSync, held against the schema: its examples are valid, and it names every operation."""

from graphql import GraphQLObjectType, build_schema, parse, validate

from tests.docs.pages import page
from tests.support.appsync import SDL

PAGE = "docs/architectures/appsync.md"
SCHEMA = build_schema(SDL)


def test_the_operations_of_the_documentation_are_valid() -> None:
    examples = page(PAGE).code("graphql")
    assert examples
    for example in examples:
        assert validate(SCHEMA, parse(example)) == []


def test_the_documentation_names_every_operation() -> None:
    text = page(PAGE).text
    for root in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type):
        assert isinstance(root, GraphQLObjectType)
        for name, field in root.fields.items():
            arguments = ", ".join(field.args) if name != "publishParts" else "…"
            assert f"`{root.name}.{name}{f'({arguments})' if arguments else ''}`" in text
