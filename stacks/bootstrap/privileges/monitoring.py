"""Logs, schedules, alarms and who hears of them: CloudWatch, EventBridge and SNS."""

from collections.abc import Mapping
from typing import Final

from stacks.bootstrap.privileges.access import ALL, Access, Scope

_RULE: Final = "arn:aws:events:{region}:{account}:rule/{own}"
_TOPIC: Final = "arn:aws:sns:{region}:{account}:{own}"

ROWS: Final[Mapping[str, tuple[Access, ...]]] = {
    "aws:cloudwatch/dashboard:Dashboard": (
        Access(
            "arn:aws:cloudwatch::{account}:dashboard/{stack}",
            Scope.NAME,
            "cloudwatch",
            create="PutDashboard",
            read="GetDashboard",
            delete="DeleteDashboards",
        ),
    ),
    "aws:cloudwatch/eventRule:EventRule": (
        Access(
            _RULE,
            Scope.NAME,
            "events",
            create="PutRule",
            read="DescribeRule ListTagsForResource",
            delete="DeleteRule",
            tag="TagResource UntagResource",
        ),
    ),
    "aws:cloudwatch/eventTarget:EventTarget": (
        Access(_RULE, Scope.NAME, "events", create="PutTargets", read="ListTargetsByRule", delete="RemoveTargets"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        Access(
            "arn:aws:logs:{region}:{account}:log-group:{own}",
            Scope.NAME,
            "logs",
            create="CreateLogGroup",
            read="ListTagsForResource",
            update="PutRetentionPolicy DeleteRetentionPolicy",
            delete="DeleteLogGroup",
            tag="TagResource UntagResource",
        ),
        Access(ALL, Scope.ANY, "logs", read="DescribeLogGroups"),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        Access(
            "arn:aws:cloudwatch:{region}:{account}:alarm:{own}",
            Scope.NAME,
            "cloudwatch",
            create="PutMetricAlarm",
            read="DescribeAlarms ListTagsForResource",
            delete="DeleteAlarms",
            tag="TagResource UntagResource",
        ),
    ),
    "aws:sns/topic:Topic": (
        Access(
            _TOPIC,
            Scope.NAME,
            "sns",
            create="CreateTopic",
            read="GetTopicAttributes ListTagsForResource",
            update="SetTopicAttributes",
            delete="DeleteTopic",
            tag="TagResource UntagResource",
        ),
    ),
    "aws:sns/topicPolicy:TopicPolicy": (
        Access(
            _TOPIC,
            Scope.NAME,
            "sns",
            create="SetTopicAttributes",
            read="GetTopicAttributes",
            delete="SetTopicAttributes",
        ),
    ),
    "aws:sns/topicSubscription:TopicSubscription": (
        Access(_TOPIC, Scope.NAME, "sns", create="Subscribe", read="ListSubscriptionsByTopic"),
        Access(
            ALL,
            Scope.ANY,
            "sns",
            read="GetSubscriptionAttributes",
            update="SetSubscriptionAttributes",
            delete="Unsubscribe",
        ),
    ),
}
