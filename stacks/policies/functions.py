"""How functions are invoked and where they log.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from collections.abc import Iterator, Sequence
from typing import Final

from shared.contract.limits import START_WITHIN_SECONDS
from stacks.policies.graph import (
    EVENT_CONFIG,
    EVENT_TARGET,
    FUNCTION,
    LOG_GROUP,
    ROLE,
    ROLE_POLICY,
    Resource,
    statements,
)
from stacks.policies.rule import ResourceRule, StackRule


def events_are_not_retried(resource: Resource) -> Iterator[str]:
    """A retried or late start bills an answer that nobody waits for."""
    retries, age = resource.props.get("maximumRetryAttempts"), resource.props.get("maximumEventAgeInSeconds")
    if retries != 0:
        yield f"maximumRetryAttempts is {retries}; set 0, for Lambda's default is 2"
    if age is None or age > START_WITHIN_SECONDS:
        yield f"maximumEventAgeInSeconds is {age}; set at most {START_WITHIN_SECONDS}, for Lambda's default is 21600"


def events_are_bounded(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Whatever is invoked asynchronously says that it is not retried.

    That is what a rule of EventBridge targets, what hears of failed events, and what another function invokes.
    """
    functions = [resource for resource in resources if resource.type == FUNCTION]
    configs = [resource for resource in resources if resource.type == EVENT_CONFIG]
    bounded = {config.props["functionName"] for config in configs}
    invoked = {resource.props["arn"] for resource in resources if resource.type == EVENT_TARGET}
    invoked |= {config.at("destinationConfig", "onFailure", "destination") for config in configs}
    for policy in _policies_of_functions(resources, functions):
        invoked |= {
            arn
            for statement in statements(policy)
            if "lambda:InvokeFunction" in statement.texts("Action")
            for arn in statement.texts("Resource")
        }
    for function in functions:
        arn = function.props["arn"]
        if any(each == arn or str(each).startswith(f"{arn}:") for each in invoked) and not bounded & {
            arn,
            function.props["name"],
        }:
            yield function, "it is invoked asynchronously and would be retried; give it a FunctionEventInvokeConfig"


def functions_have_log_groups(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A group that Lambda makes by itself has no retention, and stays when the stack is gone."""
    groups = {resource.props["name"] for resource in resources if resource.type == LOG_GROUP}
    seen: set[object] = set()
    for function in resources:
        if function.type == FUNCTION:
            group = function.at("loggingConfig", "logGroup")
            if group not in groups:
                yield function, f"it logs to {group or 'a group that Lambda makes'}; give it a log group of the stack"
            elif group in seen:
                yield function, f"it logs to {group}, as another does; give it a log group of its own"
            seen.add(group)


def functions_write_to_their_own_logs(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """No function writes into the logs of another."""
    functions = [resource for resource in resources if resource.type == FUNCTION]
    groups = {resource.props["name"]: resource.props["arn"] for resource in resources if resource.type == LOG_GROUP}
    for function in functions:
        own = groups.get(function.at("loggingConfig", "logGroup"))
        for policy in _policies_of_functions(resources, [function]):
            for statement in statements(policy):
                if any(action.startswith("logs:") for action in statement.texts("Action")):
                    for arn in statement.texts("Resource"):
                        if arn != f"{own}:log-stream:*":
                            yield function, f"it may write to {arn}; name the streams of its own log group"


def _policies_of_functions(resources: Sequence[Resource], functions: Sequence[Resource]) -> Iterator[Resource]:
    arns = {function.props["role"] for function in functions}
    roles = {
        role.props[key]
        for role in resources
        if role.type == ROLE and role.props["arn"] in arns
        for key in ("id", "name")
    }
    yield from (policy for policy in resources if policy.type == ROLE_POLICY and policy.props["role"] in roles)


_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
RULES: Final = (
    ResourceRule(
        "no-retries",
        "What is invoked asynchronously is never retried and never starts late.",
        f"{_LAMBDA}/invocation-async-configuring.html",
        frozenset({EVENT_CONFIG}),
        events_are_not_retried,
    ),
    StackRule(
        "bounded-events",
        "Every function that is invoked asynchronously says how often and how late.",
        f"{_LAMBDA}/invocation-async-error-handling.html",
        events_are_bounded,
    ),
    StackRule(
        "own-log-group",
        "Each function logs to a group of its own, which the stack has made.",
        f"{_LAMBDA}/monitoring-cloudwatchlogs-loggroups.html",
        functions_have_log_groups,
    ),
    StackRule(
        "own-logs",
        "Each function writes to its own log group alone.",
        f"{_LAMBDA}/monitoring-cloudwatchlogs-loggroups.html",
        functions_write_to_their_own_logs,
    ),
)
