"""Publishing through AppSync: one signed request, tried again when it may pass."""

import json
import re
import time

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from handlers.appsync.publish import PUBLISH, PublishRefused, publish
from shared.generation.delivery import TryAgain
from shared.protocol import parts
from shared.protocol.parts import REAPER_EPOCH, WORKER_EPOCH, SequencedPart
from tests.support.appsync import APPSYNC, World
from tests.support.aws import ENVIRONMENT
from tests.support.cursors import behind
from tests.support.server import Received
from tests.support.starts import CHAT, OWNER, start

BATCH = [
    SequencedPart(4, parts.block_start("text", "t")),
    SequencedPart(5, parts.block_delta("text", "t", 'wörld 🎈 "quoted" \0')),
]


def send(stream_id: str = "s-1", seconds: float = 60.0) -> None:
    """Publishes the batch, for so long if need be."""
    publish(start(stream_id), BATCH, time.monotonic() + seconds)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again without pauses."""
    monkeypatch.setattr("shared.generation.delivery.LONGEST_PAUSE_SECONDS", 0.0)


def test_a_batch_is_published_as_one_message(world: World) -> None:
    send()
    [variables] = world.appsync.published
    parts_told = [json.loads(part) for part in variables.pop("parts")]
    assert parts_told == [each.part for each in BATCH]
    assert variables == {
        "owner": OWNER,
        "streamId": "s-1",
        "chatId": CHAT,
        "epoch": WORKER_EPOCH,
        "firstSequence": 4,
        "cursor": str(behind(5, "s-1")),
    }


def test_a_batch_that_is_too_large_for_one_message_is_several_each_with_the_place_behind_it(world: World) -> None:
    large = [
        SequencedPart(number, parts.block_delta("text", "t", "x" * 60_000), REAPER_EPOCH) for number in range(7, 10)
    ]
    publish(start("s-1"), large, time.monotonic() + 60)
    told = [(each["firstSequence"], each["epoch"], each["cursor"]) for each in world.appsync.published]
    assert told == [(number, REAPER_EPOCH, str(behind(number, "s-1", REAPER_EPOCH))) for number in range(7, 10)]


def test_parts_that_are_none_of_the_streams_have_no_place_behind_them(world: World) -> None:
    publish(start("s-1"), BATCH, time.monotonic() + 60, journaled=False)
    assert world.appsync.published[0]["cursor"] is None


def test_the_publish_selects_each_field_that_a_subscription_filters_on() -> None:
    resolver = (APPSYNC / "resolvers" / "Subscription.onParts.js").read_text()
    filtered = set(re.findall(r"(\w+)(?:: \{| = \{) eq:", resolver))
    selected = set(PUBLISH.rpartition(") {")[2].replace("}", "").split())
    assert filtered == {"owner", "streamId", "chatId"}
    assert filtered < selected


def signed_again(received: Received) -> str:
    """The signature that the request should have, by botocore."""
    headers = {
        name: value for name, value in received.headers.items() if name in signed_names(received) and name != "host"
    }
    request = AWSRequest(
        "POST", f"http://{received.headers['host']}{received.path}", data=received.body, headers=headers
    )
    request.context["timestamp"] = received.headers["x-amz-date"]
    keys = Credentials(
        *[ENVIRONMENT[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")]
    )
    auth = SigV4Auth(keys, "appsync", ENVIRONMENT["AWS_REGION"])
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


def signed_names(received: Received) -> list[str]:
    match = re.search(r"SignedHeaders=([^,]+)", received.headers["authorization"])
    assert match
    return match[1].split(";")


def test_the_request_is_signed_for_appsync_with_the_keys_of_the_role(world: World) -> None:
    send()
    [received] = world.appsync.received
    authorization = received.headers["authorization"]
    assert "/us-east-1/appsync/aws4_request" in authorization
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(signed_names(received))
    assert authorization.endswith(f"Signature={signed_again(received)}")


@pytest.mark.parametrize("failures", [[429], [500], [502, 503, 504], [0], [429, 0, 500]])
def test_a_publish_is_sent_again_after(failures: list[int], world: World) -> None:
    world.appsync.failures.are(failures)
    send()
    assert len(world.appsync.received) == len(failures) + 1
    assert len(world.appsync.published) == 1


def test_a_publish_is_given_up_when_appsync_stays_busy_until_time_is_up(world: World) -> None:
    world.appsync.failures.are([429], for_ever=True)
    with pytest.raises(TryAgain):
        send(seconds=0.3)
    assert len(world.appsync.received) > 1


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_publish_that_is_refused_for_good_is_not_sent_again(status: int, world: World) -> None:
    world.appsync.failures.are([status])
    with pytest.raises(PublishRefused, match=str(status)):
        send()
    assert len(world.appsync.received) == 1


def test_an_error_of_graphql_is_a_refusal_with_its_message(world: World) -> None:
    world.appsync.errors.append({"errorType": "Unauthorized", "message": "Not Authorized to access publishParts"})
    with pytest.raises(PublishRefused, match="Not Authorized"):
        send()
    assert len(world.appsync.received) == 1


def test_one_connection_serves_many_publishes(world: World) -> None:
    for number in range(3):
        send(f"s-{number}")
    assert len(world.appsync.published) == 3
    assert len({received.client_port for received in world.appsync.received}) == 1
