"""The rules of `stacks/policies`, over every environment and choice of architectures, and over what breaks them."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from stacks.policies.catalog import RULES, violations
from stacks.policies.exposure import PUBLIC_FUNCTIONS
from stacks.policies.graph import Resource
from stacks.policies.naming import NAMES_BY_STACK, NAMES_WITHIN_ANOTHER
from stacks.settings.environments import ENVIRONMENTS
from streamways.clients.client import ARCHITECTURES
from tests.program.conftest import Deploy
from tests.program.policies.examples import EXAMPLES
from tests.program.policies.seen import Seen, seen
from tests.program.test_domain_settings import DOMAINS, PAGE_DOMAIN

SUBSETS = [
    subset for size in range(1, len(ARCHITECTURES) + 1) for subset in itertools.combinations(ARCHITECTURES, size)
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("chosen", SUBSETS, ids="+".join)
def test_every_environment_keeps_every_rule_whatever_it_holds(
    deploy: Deploy, environment: str, chosen: Sequence[str]
) -> None:
    stack = seen(deploy(architectures=list(chosen), environment=environment))
    assert violations(stack.inputs, stack.outputs) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"functionUrlAuth": "AWS_IAM", "corsOrigins": ["https://chat.example.com"]},
        {"guardrailId": "gr1", "guardrailVersion": "3", "selfSignUp": True},
        {**DOMAINS, "hostedZoneId": "Z0123456789ABCDEFGHIJ", "webSocketAccessLogs": True},
        {"model": "us.amazon.nova-lite-v1:0", "reservedConcurrency": 5, "logRetentionDays": 1},
        {"page": True, "environment": "production"},
        {"page": True, **DOMAINS, **PAGE_DOMAIN},
    ],
    ids=str,
)
def test_no_setting_makes_a_stack_break_a_rule(deploy: Deploy, settings: Mapping[str, object]) -> None:
    stack = seen(deploy(**settings))
    assert violations(stack.inputs, stack.outputs) == []


def spoilt(resources: Sequence[Resource], name: str) -> list[Resource]:
    """These resources with the bad example of a rule among them."""
    example = EXAMPLES[name]
    changed = [(one.type, one.name) == (example.type, example.name) for one in resources]
    assert changed.count(True) == 1
    return [example.spoil(one) if change else one for one, change in zip(resources, changed, strict=True)]


def urn_of(stack: Seen, name: str) -> str:
    """The resource that breaks a rule in its bad example."""
    example = EXAMPLES[name]
    (urn,) = (one.urn for one in stack.inputs if (one.type, one.name) == (example.broken_type, example.broken))
    return urn


@pytest.mark.parametrize("name", [rule.name for rule in RULES])
def test_a_rule_refuses_its_bad_example_and_says_what_to_do(deploy: Deploy, name: str) -> None:
    stack = seen(deploy())
    found = [each for each in violations(spoilt(stack.inputs, name), spoilt(stack.outputs, name)) if each.rule == name]

    assert {each.urn for each in found} == {urn_of(stack, name)}
    for each in found:
        assert "\n" not in each.message
        assert ";" in each.message, "what was given; what to do"


def test_each_rule_has_a_name_of_its_own_a_sentence_a_page_and_a_bad_example() -> None:
    assert [rule.name for rule in RULES] == list(EXAMPLES)
    for rule in RULES:
        assert rule.sentence.endswith(".")
        assert rule.page.startswith("https://")


def test_a_dashboard_is_called_after_its_stack_and_no_other_way(deploy: Deploy) -> None:
    stack = seen(deploy(alarms=True))
    (dashboard,) = (one for one in stack.inputs if one.type == "aws:cloudwatch/dashboard:Dashboard")
    for name, refused in (("streamways-dev", []), ("streamways-pr-7", [dashboard.urn]), ("ours", [dashboard.urn])):
        called = [replace(dashboard, props={**dashboard.props, "dashboardName": name})]
        assert [each.urn for each in violations(called, called) if each.rule == "no-fixed-names"] == refused


def test_no_exception_outlives_what_it_was_made_for(deploy: Deploy) -> None:
    made = deploy(alarms=True, page=True, **DOMAINS, hostedZoneId="Z0123456789ABCDEFGHIJ").resources.values()
    assert {(one.type, key) for one in made for key in one.inputs} >= {*NAMES_WITHIN_ANOTHER, *NAMES_BY_STACK}
    assert {one.name for one in made} >= {f"{name}-url" for name in PUBLIC_FUNCTIONS}
