"""Alarms, topic and dashboard on the recorded graph: what they look at is what functions write."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.resources.registry import HANDLERS
from shared.contract.metrics import NAMESPACE, Dimension, StackMetric
from stacks.alarms import PERIOD_SECONDS
from stacks.dashboard import LONGEST_NAME, dashboard_name
from streamways.clients.client import ARCHITECTURES
from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID, Deployment, Resource, defaults, run
from tests.sandbox.resources.account import Account

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
TOPIC = "aws:sns/topic:Topic"
POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
MONITORING = {ALARM, DASHBOARD, TOPIC, POLICY, SUBSCRIPTION}
HOOK = "https://events.example.com/integration/0123"
TOLD = {
    "alarms": True,
    "alarmEmails": ["a@example.com", "b@example.com"],
    "alarmWebhooks": [HOOK],
    "reservedConcurrency": 10,
    "timeoutSeconds": 30,
}


def metrics_of(alarm: Resource) -> list[Mapping[str, Any]]:
    return [query["metric"] for query in alarm.inputs["metricQueries"] if "metric" in query]


def expression_of(alarm: Resource) -> str:
    [query] = [query for query in alarm.inputs["metricQueries"] if query.get("returnData")]
    return query["expression"]


def environment(function: Resource) -> Mapping[str, str]:
    return function.inputs["environment"]["variables"]


def functions(deployment: Deployment) -> dict[str, Resource]:
    """By physical name."""
    return {f"{each.name}-0a1b2c3": each for each in deployment.of("aws:lambda/function:Function")}


def test_without_alarms_there_is_nothing_of_them(deploy: Deploy) -> None:
    for deployment in (deploy(), deploy(alarms=False, alarmEmails=["oncall@example.com"])):
        assert not MONITORING & {resource.type for resource in deployment.resources.values()}
        assert not deployment.of("streamways:index:Monitoring")


@pytest.mark.parametrize("chosen", [ARCHITECTURES, ("appsync",)], ids="+".join)
def test_what_alarms_look_at_is_what_the_functions_write(deploy: Deploy, chosen: tuple[str, ...]) -> None:
    """`tests/core/generation/test_run_records.py` shows that a stream writes each of these names."""
    deployment = deploy("pr-7", **TOLD, **({} if chosen == ARCHITECTURES else {"architectures": list(chosen)}))
    written = {
        (environment(each)["POWERTOOLS_SERVICE_NAME"], environment(each)["STACK_NAME"])
        for each in functions(deployment).values()
    }
    watched = set[tuple[str, str]]()
    for alarm in deployment.of(ALARM):
        for metric in metrics_of(alarm):
            if metric["namespace"] == NAMESPACE:
                assert metric["metricName"] in set(StackMetric), alarm.name
                assert set(metric["dimensions"]) == {Dimension.SERVICE, Dimension.STACK}, alarm.name
                watched.add((metric["dimensions"]["service"], metric["dimensions"]["stack"]))
    assert watched == written == {(name, "pr-7") for name in chosen}
    for each in functions(deployment).values():
        assert environment(each)["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE


def test_each_kind_of_trouble_has_its_alarm_in_each_architecture(deploy: Deploy) -> None:
    names = {alarm.name for alarm in deploy(**TOLD).of(ALARM)}
    everywhere = (
        *("error-share", "throttled-models", "reaped-streams", "time-to-first-text"),
        *("duration", "delivery-lag", "dropped-sweeps"),
    )
    assert names == {
        *(f"monitoring-{name}-{kind}" for name in ("function-url", "websocket", "appsync") for kind in everywhere),
        "monitoring-websocket-failed-destinations",
        "monitoring-appsync-failed-destinations",
        "monitoring-function-url-reserved-concurrency",
        "monitoring-account-concurrency",
    }


def test_an_alarm_on_a_function_names_one_that_has_such_metrics(deploy: Deploy) -> None:
    deployment = deploy(**TOLD)
    configs = {each.inputs["functionName"]: each.inputs for each in deployment.of(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    )}  # fmt: skip
    seen = list[str]()
    for alarm in deployment.of(ALARM):
        for metric in metrics_of(alarm):
            if metric["namespace"] == "AWS/Lambda":
                name = metric["dimensions"]["FunctionName"]
                assert name in functions(deployment)
                seen.append(metric["metricName"])
                if metric["metricName"] == "DestinationDeliveryFailures":
                    assert configs[name]["destinationConfig"]["onFailure"]
                if metric["metricName"] == "AsyncEventsDropped":
                    assert name in configs
                if metric["metricName"] == "ConcurrentExecutions":
                    assert functions(deployment)[name].inputs["reservedConcurrentExecutions"] == 10
    expected = ["AsyncEventsDropped"] * 3 + ["ConcurrentExecutions"] + ["DestinationDeliveryFailures"] * 2
    assert sorted(seen) == expected


@pytest.mark.parametrize(
    ("kind", "values", "goes_off"),
    [
        ("error-share", {"counted": 1, "streams": 1}, False),
        ("error-share", {"counted": 2, "streams": 2}, False),
        ("error-share", {"counted": 3, "streams": 3}, True),
        ("error-share", {"counted": 5, "streams": 100}, False),
        ("error-share", {"counted": 6, "streams": 100}, True),
        ("throttled-models", {"counted": 1, "streams": 1}, False),
        ("throttled-models", {"counted": 3, "streams": 30}, True),
        ("reaped-streams", {"counted": 2}, False),
        ("reaped-streams", {"counted": 3}, True),
        ("time-to-first-text", {"slow": 60_000, "streams": 9}, False),
        ("time-to-first-text", {"slow": 5_001, "streams": 10}, True),
        ("time-to-first-text", {"slow": 5_000, "streams": 10}, False),
        ("duration", {"slow": 24_001, "streams": 10}, True),
        ("duration", {"slow": 24_000, "streams": 10}, False),
        ("delivery-lag", {"slow": 2_001, "streams": 10}, True),
        ("dropped-sweeps", {"counted": 2}, False),
        ("reserved-concurrency", {"used": 8}, False),
        ("reserved-concurrency", {"used": 9}, True),
        ("account-concurrency", {"used": 9}, True),
        ("account-concurrency", {"used": 8}, False),
    ],
)
def test_an_alarm_goes_off_above_its_threshold_and_never_for_one_of_one(
    deploy: Deploy, kind: str, values: dict[str, float], goes_off: bool
) -> None:
    deployment = deploy(**TOLD)
    place = "" if kind.startswith("account") else "function-url-"
    alarm = deployment.named(f"monitoring-{place}{kind}", ALARM)
    metric_math = {"IF": lambda test, one, other: one if test else other, "SERVICE_QUOTA": lambda _: 10}
    value = eval(expression_of(alarm), {"__builtins__": {}}, {**metric_math, **values})
    assert alarm.inputs["comparisonOperator"] == "GreaterThanThreshold"
    assert (value > alarm.inputs["threshold"]) is goes_off


def test_an_alarm_tells_the_topic_and_is_silent_without_data(deploy: Deploy) -> None:
    deployment = deploy(**TOLD)
    arn = f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:monitoring-alarms-0a1b2c3"
    [policy] = deployment.of(POLICY)
    for alarm in deployment.of(ALARM):
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [arn]
        assert alarm.inputs["treatMissingData"] == "notBreaching"
        assert policy.urn in alarm.dependencies
        assert all(metric["period"] == PERIOD_SECONDS for metric in metrics_of(alarm))


def test_only_cloudwatch_may_publish_and_only_for_this_account(deploy: Deploy) -> None:
    [policy] = deploy(**TOLD).of(POLICY)
    [statement] = json.loads(policy.inputs["policy"])["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    assert statement["Resource"] == policy.inputs["arn"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}


def test_everybody_who_is_named_gets_a_subscription_and_a_webhooks_address_is_a_secret(deploy: Deploy) -> None:
    deployment = deploy(**TOLD)
    told = [(each.inputs["protocol"], each.inputs["endpoint"]) for each in deployment.of(SUBSCRIPTION)]
    assert sorted(endpoint for protocol, endpoint in told if protocol == "email") == TOLD["alarmEmails"]
    [endpoint] = [endpoint for protocol, endpoint in told if protocol == "https"]
    assert endpoint["value"] == HOOK, "marked as a secret"
    assert "integration" not in str([resource.name for resource in deployment.resources.values()])


def test_who_is_taken_out_of_the_list_changes_no_other_subscription(deploy: Deploy) -> None:
    fewer = deploy(alarms=True, alarmEmails=["b@example.com"], architectures=["appsync"])
    [subscription] = fewer.of(SUBSCRIPTION)
    assert subscription.name in {each.name for each in deploy(**TOLD).of(SUBSCRIPTION)}
    assert "monitoring-function-url-reserved-concurrency" not in {alarm.name for alarm in fewer.of(ALARM)}


def test_alarms_that_reach_nobody_are_warned_of(deploy: Deploy, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        deploy("told", alarms=True, alarmEmails=["a@example.com"], architectures=["appsync"])
        assert "reach nobody" not in caplog.text
        deploy("quiet", alarms=True, architectures=["appsync"])
    assert "reach nobody: set alarmEmails or alarmWebhooks" in caplog.text


def test_a_preview_of_a_new_stack_with_alarms_is_no_error(deploy: Deploy) -> None:
    assert deploy("new", preview=True, architectures=["appsync"], **TOLD).of(DASHBOARD)


def test_the_dashboard_draws_every_alarm_from_what_it_looks_at(deploy: Deploy) -> None:
    deployment = deploy(**TOLD)
    [dashboard] = deployment.of(DASHBOARD)
    states, *graphs = json.loads(dashboard.inputs["dashboardBody"])["widgets"]
    alarms = deployment.of(ALARM)
    assert len(states["properties"]["alarms"]) == len(alarms)
    assert all(arn.startswith("arn:aws:cloudwatch:us-east-1:") for arn in states["properties"]["alarms"])
    drawn = set[tuple[object, ...]]()
    for graph in graphs:
        lines = graph["properties"]["metrics"]
        shown = [line[0] for line in lines if len(line) == 1]
        hidden = [line[-1] for line in lines if len(line) > 1]
        ids = [each["id"] for each in (*shown, *hidden)]
        assert len(set(ids)) == len(ids)
        assert not any(each["visible"] for each in hidden)
        for line in lines:
            if len(line) > 1:
                assert any(line[-1]["id"] in each["expression"] for each in shown)
                drawn.add((*line[:2], *sorted(zip(line[2:-1:2], line[3:-1:2], strict=True)), line[-1]["stat"]))
    watched = {
        (metric["namespace"], metric["metricName"], *sorted(metric["dimensions"].items()), metric["stat"])
        for alarm in alarms
        for metric in metrics_of(alarm)
    }
    assert drawn == watched
    titles = {graph["properties"]["title"] for graph in graphs}
    assert {query["label"] for alarm in alarms for query in alarm.inputs["metricQueries"] if "label" in query} < titles


def test_the_dashboard_is_in_form_and_links_nothing_outside_of_aws(deploy: Deploy) -> None:
    [dashboard] = deploy(**TOLD).of(DASHBOARD)
    body = dashboard.inputs["dashboardBody"]
    assert "http" not in body
    assert "](" not in body
    taken = set[tuple[int, int]]()
    for widget in json.loads(body)["widgets"]:
        assert widget["type"] in ("alarm", "metric")
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not taken & cells, "one lies over another"
        taken |= cells
        if widget["type"] == "metric":
            assert widget["properties"]["region"] == "us-east-1"
            assert widget["properties"]["view"] == "timeSeries"
    assert {x for x, _ in taken} == set(range(24))


def test_two_stacks_have_two_dashboards(deploy: Deploy) -> None:
    names = [deploy(stack, **TOLD).of(DASHBOARD)[0].inputs["dashboardName"] for stack in ("dev", "pr-7")]
    assert names == ["streamways-dev", "streamways-pr-7"]


def test_a_dashboards_name_is_one_that_cloudwatch_takes_and_of_one_stack_alone() -> None:
    names = [dashboard_name("shop", stack) for stack in ("a.b", "a-b", "a_b", "x" * 250, "x" * 251)]
    assert names[1:3] == ["shop-a-b", "shop-a_b"]
    assert names[0].startswith("shop-a-b-")
    assert len(set(names)) == len(names)
    assert all(len(name) <= LONGEST_NAME for name in names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_") for name in names)


def test_the_sandbox_takes_every_resource_of_it(deploy: Deploy, account: Account) -> None:
    deployment = deploy(**TOLD)
    types = {resource.type for resource in deployment.resources.values() if resource.type.startswith("aws:")}
    assert types <= set(HANDLERS)
    [topic] = deployment.of(TOPIC)
    arn = account.create(TOPIC, topic.name).outputs["arn"]
    for kind in (POLICY, SUBSCRIPTION, ALARM, DASHBOARD):
        for resource in deployment.of(kind):
            text = json.dumps(resource.inputs).replace(
                f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:monitoring-alarms-0a1b2c3", str(arn)
            )
            inputs = json.loads(text, parse_float=lambda number: int(float(number)))
            if isinstance(inputs.get("endpoint"), dict):
                inputs["endpoint"] = inputs["endpoint"]["value"]
            account.create(kind, resource.name, **inputs)
    assert set(account.world.dashboards) == {"streamways-dev"}
    assert len(account.world.alarms) == len(deployment.of(ALARM))


@pytest.fixture
def account(tmp_path: Any) -> Account:
    return Account(tmp_path)


def test_secret_webhooks_are_not_told_when_they_are_wrong() -> None:
    given = {"streamways:alarms": "true", "streamways:alarmWebhooks": '["http://events.example.com/s3cr3t"]'}
    with pytest.raises(Exception, match=r"alarmWebhooks\[0\] is \(secret\): set it to an https:// URL") as caught:
        run({**defaults(), **given}, "dev", secrets=["streamways:alarmWebhooks"])
    assert "s3cr3t" not in str(caught.value)
