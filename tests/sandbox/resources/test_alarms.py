"""Alarms, dashboards and topics: what is recorded of them, and what is refused."""

import json
import re
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from tests.sandbox.resources.account import Account

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
TOPIC = "aws:sns/topic:Topic"
POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
METRIC = {
    "id": "failed",
    "returnData": False,
    "metric": {"namespace": "N", "metricName": "M", "stat": "Sum", "period": 60, "dimensions": {"stack": "dev"}},
}
SUM = {"id": "value", "returnData": True, "expression": "IF(failed > 1, failed, 0)", "label": "failed"}


def alarm(account: Account, **inputs: Any) -> str:
    usual = {"comparisonOperator": "GreaterThanThreshold", "threshold": 5, "evaluationPeriods": 1}
    return account.create(ALARM, "failed", **{**usual, "metricQueries": [METRIC, SUM], **inputs}).id


def topic(account: Account) -> str:
    return str(account.create(TOPIC, "alarms").outputs["arn"])


def test_an_alarm_is_recorded_with_what_it_looks_at_and_whom_it_tells(account: Account) -> None:
    arn = topic(account)
    name = alarm(account, alarmActions=[arn], okActions=[arn], treatMissingData="notBreaching")
    recorded = account.world.alarms[name]
    assert re.fullmatch(r"failed-[0-9a-f]{7}", name)
    assert (recorded.expression, recorded.threshold, recorded.actions) == (SUM["expression"], 5, (arn,))
    [metric] = recorded.metrics
    assert (metric.namespace, metric.name, metric.statistic, metric.dimensions) == ("N", "M", "Sum", {"stack": "dev"})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"alarmActions": ["arn:aws:sns:us-east-1:000000000000:absent"]}, "the sandbox knows topics as actions alone"),
        ({"threshold": None}, "the sandbox knows no alarm on anomalies"),
        ({"comparisonOperator": "Above"}, "comparisonOperator is 'Above'"),
        ({"metricQueries": []}, "the sandbox takes an expression with its metrics"),
        ({"metricQueries": [METRIC, METRIC, SUM]}, "'failed' is no id that is unique"),
        ({"metricQueries": [{**METRIC, "id": "Failed"}, SUM]}, "'Failed' is no id"),
        ({"metricQueries": [METRIC, {**SUM, "returnData": False}]}, "the sandbox takes alarms on one expression"),
        ({"metricQueries": [METRIC, {**METRIC, "id": "more"}]}, "exactly one query has to return data"),
        ({"metricQueries": [METRIC, {**SUM, "expression": "failed / every"}]}, "names no metric every"),
        ({"metricQueries": [{**METRIC, "expression": "failed"}, SUM]}, "needs a metric or an expression"),
        ({"metricQueries": [{**METRIC, "metric": {**METRIC["metric"], "period": 90}}, SUM]}, "period is 90"),
        ({"alarmDescription": "x" * 1025}, "alarmDescription has 1025 characters"),
        ({"actionsEnabled": False}, "actionsEnabled: misspelt, or not emulated"),
    ],
)
def test_an_alarm_of_another_kind_is_refused(account: Account, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        alarm(account, **inputs)


def test_a_dashboard_is_recorded_under_its_name_once(account: Account) -> None:
    account.create(DASHBOARD, "board", dashboardName="shop-dev", dashboardBody=json.dumps({"widgets": []}))
    assert account.world.dashboards == {"shop-dev": {"widgets": []}}
    for name, body, message in (
        ("shop-dev", "{}", "there is a dashboard 'shop-dev' already"),
        ("shop.dev", "{}", "has other characters"),
        ("other", "{", "must be a valid JSON object"),
    ):
        with pytest.raises(ResourceRefused, match=message):
            account.create(DASHBOARD, "second", dashboardName=name, dashboardBody=body)


def test_a_topic_keeps_its_policy_and_its_subscriptions(account: Account) -> None:
    arn = topic(account)
    account.create(POLICY, "alarms", arn=arn, policy='{"Statement": []}')
    told = account.create(SUBSCRIPTION, "mail", topic=arn, protocol="email", endpoint="a@example.com")
    assert told.outputs["pendingConfirmation"] is True
    recorded = account.world.topics[arn]
    assert (recorded.policy, *recorded.subscriptions.values()) == ({"Statement": []}, ("email", "a@example.com"))


@pytest.mark.parametrize(
    ("type_token", "inputs", "message"),
    [
        (SUBSCRIPTION, {"topic": "arn:absent", "protocol": "email", "endpoint": "a@example.com"}, "does not exist"),
        (SUBSCRIPTION, {"protocol": "sms", "endpoint": "+1"}, "protocol is 'sms'"),
        (POLICY, {"policy": "{"}, "Policy Error"),
        (TOPIC, {"fifoTopic": True}, "fifoTopic: misspelt, or not emulated"),
    ],
)
def test_what_a_topic_cannot_be_is_refused(
    account: Account, type_token: str, inputs: dict[str, Any], message: str
) -> None:
    key = {SUBSCRIPTION: "topic", POLICY: "arn"}.get(type_token)
    given = {**({key: topic(account)} if key else {}), **inputs}
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(type_token, "other", **given)
