"""Amazon SNS: topics, who may publish to them, and who is told. Nothing is delivered: nothing here publishes."""

import json
from dataclasses import dataclass

from sandbox.errors import ResourceRefused
from sandbox.monitoring import Topic
from sandbox.resources.handler import Cloud, Created, Entry, Gone, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.world import ACCOUNT_ID

# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
MAX_NAME = 256


def _put_topic(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    inputs.without_effect("displayName")
    arn = f"arn:aws:sns:{world.region}:{ACCOUNT_ID}:{name}"
    world.topics.setdefault(arn, Topic(name, arn))
    return Created(arn, {"arn": arn, "owner": ACCOUNT_ID, "tagsAll": all_tags(request)})


def _put_topic_policy(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    topic = _topic(cloud, inputs.text("arn"))
    text = inputs.text("policy")
    try:
        topic.policy = json.loads(text)
    except json.JSONDecodeError:
        raise ResourceRefused("InvalidParameter: Invalid parameter: Policy Error: not JSON") from None
    return Created(topic.arn, {"owner": ACCOUNT_ID})


def _put_subscription(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    topic = _topic(cloud, inputs.text("topic"))
    protocol = inputs.text("protocol", allowed=("email", "https"))
    endpoint = inputs.text("endpoint")
    if (protocol, endpoint) in topic.subscriptions.values() and not request.id:
        raise ResourceRefused(f"the topic has a subscription of this {protocol} endpoint already")
    taken = [arn.rpartition(":")[2] for arn in topic.subscriptions]
    arn = request.id or f"{topic.arn}:{request.own_id(32, taken)}"
    topic.subscriptions[arn] = (protocol, endpoint)
    return Created(arn, {"arn": arn, "ownerId": ACCOUNT_ID, "pendingConfirmation": True})


def _topic(cloud: Cloud, arn: str) -> Topic:
    if arn not in cloud.world.topics:
        raise ResourceRefused(f"NotFoundException: Topic does not exist ({arn})")
    return cloud.world.topics[arn]


def _place_of_topic(cloud: Cloud, standing: Standing) -> Entry[str, Topic]:
    return Entry(cloud.world.topics, standing.id)


@dataclass(frozen=True)
class PlaceOfTopicPolicy:
    """A topic has one policy at most."""

    topic: Topic

    def holds(self) -> bool:
        """Whether there is one."""
        return self.topic.policy is not None

    def clear(self) -> None:
        """The topic gets back SNS's own, by which its owner alone may publish."""
        self.topic.policy = None


def _place_of_topic_policy(cloud: Cloud, standing: Standing) -> PlaceOfTopicPolicy:
    return PlaceOfTopicPolicy(_standing_topic(cloud, standing.id))


def _place_of_subscription(cloud: Cloud, standing: Standing) -> Entry[str, tuple[str, str]]:
    return Entry(_standing_topic(cloud, standing.id.rpartition(":")[0]).subscriptions, standing.id)


def _standing_topic(cloud: Cloud, arn: str) -> Topic:
    topic = cloud.world.topics.get(arn)
    if topic is None:
        raise Gone
    return topic


HANDLERS = (
    Handler(
        "aws:sns/topic:Topic",
        _put_topic,
        PhysicalName("name", MAX_NAME),
        place=_place_of_topic,
        # https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
        replaces=("name",),
        computed=("arn", "owner"),
        tagged=True,
    ),
    Handler(
        "aws:sns/topicPolicy:TopicPolicy",
        _put_topic_policy,
        place=_place_of_topic_policy,
        # https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html: another topic's is another policy
        replaces=("arn",),
        computed=("owner",),
    ),
    Handler(
        "aws:sns/topicSubscription:TopicSubscription",
        _put_subscription,
        place=_place_of_subscription,
        # https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
        replaces=("endpoint", "protocol", "topic"),
        computed=("arn", "ownerId", "pendingConfirmation"),
    ),
)
