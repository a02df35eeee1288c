"""All rules, and what breaks them."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from stacks.policies import data, exposure, functions, naming, pages, permissions
from stacks.policies.graph import Resource
from stacks.policies.rule import ResourceRule, Rule, StackRule, Violation

RULES: Final[Sequence[Rule]] = (
    *permissions.RULES,
    *exposure.RULES,
    *pages.RULES,
    *data.RULES,
    *functions.RULES,
    *naming.RULES,
)


def violations(inputs: Sequence[Resource], outputs: Sequence[Resource]) -> list[Violation]:
    """Where a stack breaks the rules: its resources with their inputs, and the same with what they have become."""
    of_resources = chain.from_iterable(rule.violations(inputs) for rule in RULES if isinstance(rule, ResourceRule))
    of_stack = chain.from_iterable(rule.violations(outputs) for rule in RULES if isinstance(rule, StackRule))
    return [*of_resources, *of_stack]
