"""Amazon SNS: topics, who may publish to them, and who is told. Nothing is delivered: nothing here publishes."""

import json

from sandbox.errors import ResourceRefused
from sandbox.monitoring import Topic
from sandbox.resources.handler import Cloud, Created, Handler, PhysicalName, Request, all_tags
from sandbox.world import ACCOUNT_ID

# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
MAX_NAME = 256


def _create_topic(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    inputs.without_effect("displayName")
    topic = Topic(name, f"arn:aws:sns:{world.region}:{ACCOUNT_ID}:{name}")
    world.topics[topic.arn] = topic
    return Created(topic.arn, {"arn": topic.arn, "owner": ACCOUNT_ID, "tagsAll": all_tags(cloud, request)})


def _create_topic_policy(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    topic = _topic(cloud, inputs.text("arn"))
    text = inputs.text("policy")
    try:
        topic.policy = json.loads(text)
    except json.JSONDecodeError:
        raise ResourceRefused("InvalidParameter: Invalid parameter: Policy Error: not JSON") from None
    return Created(topic.arn, {"owner": ACCOUNT_ID})


def _create_subscription(cloud: Cloud, request: Request) -> Created:
    inputs = request.inputs
    topic = _topic(cloud, inputs.text("topic"))
    protocol = inputs.text("protocol", allowed=("email", "https"))
    endpoint = inputs.text("endpoint")
    if (protocol, endpoint) in topic.subscriptions:
        raise ResourceRefused(f"the topic has a subscription of this {protocol} endpoint already")
    topic.subscriptions.append((protocol, endpoint))
    arn = f"{topic.arn}:{request.stable_id(32)}"
    return Created(arn, {"arn": arn, "ownerId": ACCOUNT_ID, "pendingConfirmation": True})


def _topic(cloud: Cloud, arn: str) -> Topic:
    if arn not in cloud.world.topics:
        raise ResourceRefused(f"NotFoundException: Topic does not exist ({arn})")
    return cloud.world.topics[arn]


HANDLERS = (
    Handler("aws:sns/topic:Topic", _create_topic, PhysicalName("name", MAX_NAME)),
    Handler("aws:sns/topicPolicy:TopicPolicy", _create_topic_policy),
    Handler("aws:sns/topicSubscription:TopicSubscription", _create_subscription),
)
