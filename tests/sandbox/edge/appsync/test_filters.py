"""Which subscribers get what: enhanced filters by operator, and their limits; filtering by arguments."""

from typing import Any

import pytest

from sandbox.edge.appsync.errors import FieldFailed
from sandbox.edge.appsync.filters import from_arguments, from_filter

PUBLISHED: dict[str, Any] = {
    "owner": "ada",
    "size": 5,
    "price": 2.5,
    "public": True,
    "note": None,
    "tags": ["red", "blue"],
    "place": {"address": {"country": "FR"}},
}


def group(*filters: list[tuple[str, str, object]]) -> dict[str, object]:
    return {
        "filterGroup": [
            {
                "filters": [
                    {"fieldName": name, "operator": operator, "value": value} for name, operator, value in conditions
                ]
            }
            for conditions in filters
        ]
    }


@pytest.mark.parametrize(
    ("name", "operator", "value", "matches"),
    [
        ("owner", "eq", "ada", True),
        ("owner", "eq", "Ada", False),
        ("size", "eq", "5", False),
        ("public", "eq", True, True),
        ("public", "eq", 1, False),
        ("owner", "ne", "bob", True),
        ("owner", "ne", "ada", False),
        ("size", "le", 5, True),
        ("size", "lt", 5, False),
        ("size", "ge", 5.0, True),
        ("size", "gt", 4, True),
        ("owner", "gt", "aaa", True),
        ("owner", "gt", 1, False),
        ("note", "ge", 0, False),
        ("owner", "contains", "d", True),
        ("tags", "contains", "red", True),
        ("tags", "contains", "green", False),
        ("tags", "notContains", "green", True),
        ("owner", "notContains", "ada", False),
        ("owner", "beginsWith", "ad", True),
        ("size", "beginsWith", "5", False),
        ("owner", "in", ["bob", "ada"], True),
        ("owner", "in", ["bob"], False),
        ("owner", "notIn", ["bob"], True),
        ("size", "between", [1, 6], True),
        ("size", "between", [5, 6], False),
        ("tags", "containsAny", ["green", "blue"], True),
        ("tags", "containsAny", ["green"], False),
        ("place.address.country", "eq", "FR", True),
        ("place.address.city", "ne", "Paris", False),
        ("missing", "ne", "anything", False),
        ("missing", "notIn", ["anything"], False),
        ("missing", "notContains", "anything", False),
    ],
)
def test_each_operator_means_what_the_developer_guide_says(
    name: str, operator: str, value: object, matches: bool
) -> None:
    assert from_filter(group([(name, operator, value)]))(PUBLISHED) is matches


def test_conditions_of_a_filter_are_joined_by_and_and_filters_of_a_group_by_or() -> None:
    both = from_filter(group([("owner", "eq", "ada"), ("size", "eq", 1)]))
    either = from_filter(group([("owner", "eq", "bob")], [("size", "eq", 5)]))
    assert (both(PUBLISHED), either(PUBLISHED)) == (False, True)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (None, "non-empty list 'filterGroup'"),
        ({"filterGroup": []}, "non-empty list 'filterGroup'"),
        ({"filterGroup": [{}]}, "non-empty list 'filters'"),
        (group([("a", "lte", 1)]), "an operator of eq, ne"),
        (group([("a", "eq", None)]), "compares with None"),
        (group([("a", "eq", {"b": 1})]), "compares with"),
        (group([("a", "eq", "x" * 257)]), "257 characters"),
        (group([("a", "in", "x")]), "takes a list"),
        (group([("a", "between", [1])]), "takes a pair"),
        (group([("a", "in", list(range(6)))]), "6 values, the limit is 5"),
        (group([("a", "containsAny", list(range(21)))]), "21 values, the limit is 20"),
        (group([("a.b.c.d.e.f", "eq", 1)]), "deeper than 5 levels"),
        (group([(name, "eq", 1) for name in "abcdef"]), "more than 5 different fields"),
        (group(*[[("a", "eq", number)] for number in range(11)]), "comes to 11 filters, the limit is 10"),
        (group([("a", "in", [1, 2, 3]), ("b", "in", [1, 2, 3, 4])]), "comes to 12 filters, the limit is 10"),
    ],
)
def test_a_filter_beyond_the_limits_is_refused_with_the_limit(expression: object, words: str) -> None:
    with pytest.raises(FieldFailed) as failure:
        from_filter(expression)
    assert words in failure.value.message


@pytest.mark.parametrize(
    ("arguments", "matches"),
    [
        ({}, True),
        ({"owner": "ada", "size": 5}, True),
        ({"owner": "bob"}, False),
        ({"note": None}, True),
        ({"owner": None}, False),
        ({"missing": None}, False),
    ],
)
def test_arguments_match_published_fields_of_their_names(arguments: dict[str, object], matches: bool) -> None:
    assert from_arguments(arguments)(PUBLISHED) is matches
