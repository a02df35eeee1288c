"""The page about policies against the rules."""

from stacks.policies.catalog import RULES
from stacks.policies.rule import StackRule
from tests.docs.pages import page


def test_the_page_lists_every_rule_with_its_source() -> None:
    assert page("docs/policies.md").table_after("Rules") == [
        [
            f"`{rule.name}`",
            f"[{rule.sentence}]({rule.page})",
            "whole stack" if isinstance(rule, StackRule) else "each resource",
        ]
        for rule in RULES
    ]
