"""Rules that fire at a rate, and their targets."""

import re
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from tests.sandbox.resources.account import Account

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"


def rule(account: Account, **inputs: Any) -> str:
    return account.create(RULE, "sweep", **{"scheduleExpression": "rate(1 minute)", **inputs}).id


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(1 hour)", 3_600),
        ("rate(12 hours)", 43_200),
        ("rate(10 days)", 864_000),
    ],
)
def test_a_rule_fires_at_its_rate(account: Account, expression: str, seconds: int) -> None:
    created = account.create(RULE, "sweep", scheduleExpression=expression)
    schedule = account.world.schedules[created.id]
    assert schedule.period_seconds == seconds
    assert schedule.arn == created.outputs["arn"] == f"arn:aws:events:us-east-1:000000000000:rule/{created.id}"
    assert re.fullmatch(r"sweep-[0-9a-f]{7}", created.id)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"scheduleExpression": "rate(1 minutes)"}, "ScheduleExpression is not valid"),
        ({"scheduleExpression": "rate(5 minute)"}, "ScheduleExpression is not valid"),
        ({"scheduleExpression": "rate(0 minutes)"}, "ScheduleExpression is not valid"),
        ({"scheduleExpression": "rate(30 seconds)"}, "ScheduleExpression is not valid"),
        ({"scheduleExpression": "cron(0 12 * * ? *)"}, "the sandbox fires rules at a rate alone"),
        ({"scheduleExpression": None}, "scheduleExpression is required"),
        ({"eventPattern": "{}"}, "events of other services, which the sandbox does not send"),
        ({"state": "DISABLED"}, "state: misspelt, or not emulated"),
    ],
)
def test_a_rule_of_another_kind_is_refused(account: Account, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        rule(account, **inputs)


def test_a_target_is_a_function_under_an_id_of_its_own(account: Account) -> None:
    name, arn = rule(account), account.function().outputs["arn"]
    created = account.create(TARGET, "sweep", rule=name, arn=arn)
    assert account.world.schedules[name].targets == {created.outputs["targetId"]: arn}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"rule": "absent"}, "Rule absent does not exist"),
        ({"arn": "arn:aws:sqs:us-east-1:000000000000:queue"}, "the sandbox invokes functions alone"),
        ({"arn": "arn:aws:lambda:us-east-1:000000000000:function:absent"}, "Function not found"),
        ({"input": "{}"}, "input: misspelt, or not emulated"),
    ],
)
def test_a_target_that_would_not_be_invoked_is_refused(account: Account, inputs: dict[str, Any], message: str) -> None:
    target = {"rule": rule(account), "arn": account.function().outputs["arn"], **inputs}
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(TARGET, "sweep", **target)


def test_a_rule_has_five_targets_at_most(account: Account) -> None:
    name, arn = rule(account), account.function().outputs["arn"]
    for number in range(5):
        account.create(TARGET, f"target{number}", rule=name, arn=arn)
    with pytest.raises(ResourceRefused, match="has 6 targets, allowed are 5"):
        account.create(TARGET, "target5", rule=name, arn=arn)


def test_a_rule_is_not_overwritten(account: Account) -> None:
    account.create(RULE, "one", name="same", scheduleExpression="rate(1 day)")
    with pytest.raises(ResourceRefused, match="there is a rule 'same' already"):
        account.create(RULE, "two", name="same", scheduleExpression="rate(1 day)")
