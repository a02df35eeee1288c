"""The schema: described throughout, and what the worker publishes is valid by it."""

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, parse, validate

from handlers.appsync.publish import PUBLISH
from tests.support.appsync import SDL


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SDL)


def test_every_operation_is_described(schema: GraphQLSchema) -> None:
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        assert isinstance(root, GraphQLObjectType)
        assert [name for name, field in root.fields.items() if not field.description] == []


def test_the_worker_s_publish_is_valid(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(PUBLISH)) == []
