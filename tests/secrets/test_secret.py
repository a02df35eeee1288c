"""A secret is read once for many requests, anew when it was rotated, and never told to anybody."""

import traceback
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from aws_lambda_powertools.utilities.parameters import base
from botocore.awsrequest import AWSResponse

from shared.contract.limits import SECRET_MAX_AGE_SECONDS
from shared.errors import Busy, SecretEmpty
from shared.secrets import secret as module
from shared.secrets.secret import LOOK_AGAIN_SECONDS, Secret, Versions
from tests.support.logs import Logs


class Clock:
    """The time that keeping a value goes by; it stands still."""

    def __init__(self) -> None:
        self.at = datetime(2030, 1, 1)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Store:
    """A secret in Secrets Manager, and how often it was asked for."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("secretsmanager")
        self.arn: str = self.client.create_secret(Name=f"origin-{uuid4()}")["ARN"]
        self.asked: list[str] = []
        self.refuses: str | None = None
        self.client.meta.events.register("before-call.secretsmanager.GetSecretValue", self._before)

    def write(self, value: str) -> None:
        self.client.put_secret_value(SecretId=self.arn, SecretString=value)

    def secret(self) -> Secret:
        return Secret(self.arn, Versions(self.client))

    def _before(self, params: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        self.asked.append(params["body"].decode())
        if self.refuses is None:
            return None
        answer: Any = AWSResponse("", 400, {}, None)
        return answer, {"Error": {"Code": self.refuses, "Message": "no"}, "ResponseMetadata": {}}


@pytest.fixture
def store(mocked_aws: None) -> Store:  # noqa: ARG001
    return Store()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(base, "datetime", clock)
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_the_current_and_the_previous_value_are_accepted_and_no_older_one(store: Store) -> None:
    for value in ("first", "second", "third"):
        store.write(value)
    secret = store.secret()
    assert secret.value() == "third"
    assert [secret.accepts(value) for value in ("third", "second", "first", "", "thir")] == [True, True, *[False] * 3]


def test_a_value_is_asked_for_once_until_it_is_old(store: Store, clock: Clock) -> None:
    store.write("first")
    secret = store.secret()
    for _ in range(5):
        assert secret.accepts("first")
    assert len(store.asked) == 2, "the current version and the previous one"
    clock.pass_seconds(SECRET_MAX_AGE_SECONDS + 1)
    assert secret.accepts("first")
    assert len(store.asked) == 4


def test_a_rotated_value_is_accepted_at_once_and_what_it_has_replaced_twice_is_not(store: Store, clock: Clock) -> None:
    store.write("first")
    secret = store.secret()
    assert secret.accepts("first")
    for new, old in (("second", "first"), ("third", "second")):
        clock.pass_seconds(LOOK_AGAIN_SECONDS)
        store.write(new)
        assert secret.accepts(new)
        assert secret.accepts(old)
    assert not secret.accepts("first")


def test_a_flood_of_forged_values_asks_once_an_interval(store: Store, clock: Clock) -> None:
    store.write("first")
    secret = store.secret()
    assert secret.accepts("first")
    del store.asked[:]
    for _ in range(3):
        clock.pass_seconds(LOOK_AGAIN_SECONDS)
        assert not any(secret.accepts(f"forged-{number}") for number in range(20))
    assert len(store.asked) == 3 * 2


def test_a_value_that_a_shell_has_written_has_no_line_feed(store: Store) -> None:
    store.write("from a file\n")
    assert store.secret().value() == "from a file"


@pytest.mark.parametrize("missing", ["value", "secret", "text"])
def test_a_secret_without_a_value_accepts_nothing_and_says_what_to_do(store: Store, missing: str) -> None:
    if missing == "secret":
        store.client.delete_secret(SecretId=store.arn, ForceDeleteWithoutRecovery=True)
    if missing == "text":
        store.client.put_secret_value(SecretId=store.arn, SecretBinary=b"binary")
    for ask in (lambda: store.secret().accepts(""), lambda: store.secret().accepts("guessed"), store.secret().value):
        with pytest.raises(SecretEmpty, match="put-secret-value"):
            ask()


def test_nothing_at_all_is_no_previous_value(store: Store) -> None:
    store.client.put_secret_value(SecretId=store.arn, SecretBinary=b"binary")
    store.write("second")
    assert not store.secret().accepts("")


def test_what_keeps_a_secret_from_being_read_is_in_the_log_and_passes_by_itself(store: Store, logs: Logs) -> None:
    store.write("first")
    secret = store.secret()
    store.refuses = "AccessDeniedException"
    with pytest.raises(Busy):
        secret.accepts("first")
    (entry,) = logs.lines("a secret cannot be read")
    assert (entry["secret"], entry["reason"]) == (store.arn, "AccessDeniedException")
    store.refuses = None
    assert secret.accepts("first")


def test_no_error_and_no_log_line_holds_a_value(store: Store, logs: Logs) -> None:
    written, tried = (uuid4().hex for _ in range(2))
    store.write(written)
    assert not store.secret().accepts(tried)
    store.refuses = "InternalServiceError"
    with pytest.raises(Busy) as caught:
        store.secret().accepts(tried)
    said = "".join(traceback.format_exception(caught.value)) + logs.text
    assert "InternalServiceError" in said
    assert written not in said
    assert tried not in said
