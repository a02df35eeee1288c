"""Amazon EventBridge: rules that fire at a rate, and the functions that they invoke.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

import re

from sandbox.errors import ResourceRefused
from sandbox.resources.handler import Cloud, Created, Entry, Gone, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.resources.lambda_access import callee_named
from sandbox.world import ACCOUNT_ID, Schedule

MAX_NAME = 64
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MAX_TARGETS = 5
DEFAULT_BUS = "default"
UNIT_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}

_RATE = re.compile(r"rate\((?P<count>[1-9]\d*) (?P<unit>minute|hour|day)(?P<plural>s?)\)")


def _put_rule(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    found = world.schedules.get(name)
    if found and not request.id:
        raise ResourceRefused(f"there is a rule {name!r} already, and the sandbox does not overwrite it: rename one")
    inputs.without_effect("description")
    if inputs.optional_text("eventPattern") is not None:
        raise ResourceRefused(
            "eventPattern waits for events of other services, which the sandbox does not send: use a scheduleExpression"
        )
    schedule = Schedule(
        name=name,
        arn=f"arn:aws:events:{world.region}:{ACCOUNT_ID}:rule/{name}",
        period_seconds=_period_seconds(inputs.text("scheduleExpression")),
        targets=found.targets if found else {},
    )
    world.schedules[name] = schedule
    return Created(name, {"arn": schedule.arn, "eventBusName": DEFAULT_BUS, "tagsAll": all_tags(request)})


def _period_seconds(expression: str) -> int:
    if expression.startswith("cron("):
        raise ResourceRefused(
            f"scheduleExpression is {expression!r}; the sandbox fires rules at a rate alone, e.g. rate(5 minutes)"
        )
    match = _RATE.fullmatch(expression)
    # One of a unit is singular, more are plural:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
    if match is None or (match["count"] == "1") == bool(match["plural"]):
        raise ResourceRefused(
            "ValidationException: Parameter ScheduleExpression is not valid. "
            f"({expression!r}; allowed is e.g. rate(1 minute) or rate(5 minutes))"
        )
    return int(match["count"]) * UNIT_SECONDS[match["unit"]]


def _put_target(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    rule, target_id, arn = inputs.text("rule"), inputs.text("targetId"), inputs.text("arn")
    schedule = cloud.world.schedules.get(rule)
    if schedule is None:
        raise ResourceRefused(f"ResourceNotFoundException: Rule {rule} does not exist on EventBus {DEFAULT_BUS}.")
    if not arn.startswith("arn:aws:lambda:"):
        raise ResourceRefused(f"arn is {arn!r}, and the sandbox invokes functions alone: name a function's ARN")
    targets = {**schedule.targets, target_id: callee_named(cloud, arn).arn}
    if len(targets) > MAX_TARGETS:
        raise ResourceRefused(
            f"LimitExceededException: the rule {rule!r} has {len(targets)} targets, allowed are {MAX_TARGETS}"
        )
    schedule.targets[target_id] = targets[target_id]
    return Created(f"{rule}-{target_id}", {"eventBusName": DEFAULT_BUS})


def _place_of_rule(cloud: Cloud, standing: Standing) -> Entry[str, Schedule]:
    return Entry(cloud.world.schedules, standing.id)


def _place_of_target(cloud: Cloud, standing: Standing) -> Entry[str, str]:
    schedule = cloud.world.schedules.get(str(standing.inputs.get("rule")))
    if schedule is None:
        raise Gone
    return Entry(schedule.targets, str(standing.inputs.get("targetId")))


HANDLERS = (
    Handler(
        "aws:cloudwatch/eventRule:EventRule",
        _put_rule,
        PhysicalName("name", MAX_NAME),
        place=_place_of_rule,
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html: another name is another rule
        replaces=("name",),
        computed=("arn", "eventBusName"),
        tagged=True,
    ),
    Handler(
        "aws:cloudwatch/eventTarget:EventTarget",
        _put_target,
        PhysicalName("targetId", MAX_NAME),
        place=_place_of_target,
        # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
        replaces=("rule", "targetId"),
        computed=("eventBusName",),
    ),
)
