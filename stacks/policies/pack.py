"""The rules as policies of Pulumi's: `pulumi_policy` hands over resources, and takes the messages.

https://www.pulumi.com/docs/insights/policy/policy-packs/authoring/
"""

from collections.abc import Callable
from typing import Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyProviderResource,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from stacks.policies.catalog import RULES
from stacks.policies.graph import Provider, Resource
from stacks.policies.rule import ResourceRule, Rule, StackRule

NAME: Final = "streamways"
LEVEL: Final = EnforcementLevel.MANDATORY
"""A resource that breaks a rule is not made."""


def _policy(rule: Rule) -> Policy:
    description = f"{rule.sentence} {rule.page}"
    if isinstance(rule, StackRule):
        return StackValidationPolicy(rule.name, description, _of_stack(rule))
    return ResourceValidationPolicy(rule.name, description, _of_resource(rule))


def _of_resource(rule: ResourceRule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for problem in rule.problems(_resource(args)):
            report(problem, None)

    return validate


def _of_stack(rule: StackRule) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for violation in rule.violations(map(_resource, args.resources)):
            report(violation.message, violation.urn)

    return validate


def _resource(given: ResourceValidationArgs | PolicyResource) -> Resource:
    return Resource(given.urn, given.resource_type, given.name, given.props, _provider(given.provider))


def _provider(given: PolicyProviderResource | None) -> Provider | None:
    return None if given is None else Provider(given.name, given.props)


POLICIES: Final = [_policy(rule) for rule in RULES]
