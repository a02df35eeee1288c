"""Signatures as boto3's own signer makes them, and every way in which one can be wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import botocore.auth
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from sandbox.aws.sigv4 import SignatureRefused, SignedRequest, verify_signed
from sandbox.iam.credentials import ADMINISTRATOR, FORGOTTEN_AFTER_SECONDS, Credentials, Keys, User

ROLE = "arn:aws:iam::000000000000:role/worker"
URL = "http://127.0.0.1:9100/aws/model/amazon.nova-lite-v1%3A0/converse-stream?b=2&a=%201"
BODY = b'{"messages": []}'
SERVICE = "bedrock"


@pytest.fixture
def credentials() -> Credentials:
    return Credentials()


def sign(keys: Keys, *, service: str = SERVICE, headers: dict[str, str] | None = None) -> SignedRequest:
    """A request as botocore signs it and as a server receives it."""
    parts = urlsplit(URL)
    sent = AWSRequest("POST", URL, {"Content-Type": "application/json", **(headers or {})}, BODY)
    secret = BotocoreCredentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
    SigV4Auth(secret, service, "us-east-1").add_auth(sent)
    received = {name.lower(): value for name, value in sent.headers.items()} | {"host": parts.netloc}
    return SignedRequest("POST", parts.path, parts.query, received, BODY)


def refusal(request: SignedRequest, credentials: Credentials, service: str = SERVICE) -> str:
    with pytest.raises(SignatureRefused) as refused:
        verify_signed(request, service=service, credentials=credentials)
    return refused.value.code


def test_a_signed_request_is_the_role_that_the_keys_were_given_to(credentials: Credentials) -> None:
    request = sign(credentials.for_role(ROLE), headers={"X-Amz-Meta": "  two   blanks ", "User-Agent": "any"})
    assert verify_signed(request, service=SERVICE, credentials=credentials) == ROLE


def test_a_role_has_the_same_keys_each_time_and_no_other_role_has_them(credentials: Credentials) -> None:
    assert credentials.for_role(ROLE) == credentials.for_role(ROLE)
    assert credentials.for_role(ROLE) != credentials.for_role(f"{ROLE}2")
    request = sign(credentials.administrator)
    assert verify_signed(request, service=SERVICE, credentials=credentials) == ADMINISTRATOR


def header(name: str, change: Callable[[str], str]) -> Callable[[SignedRequest], SignedRequest]:
    return lambda request: replace(request, headers={**request.headers, name: change(request.headers[name])})


def without(name: str) -> Callable[[SignedRequest], SignedRequest]:
    return lambda request: replace(request, headers={k: v for k, v in request.headers.items() if k != name})


def added(name: str, value: str) -> Callable[[SignedRequest], SignedRequest]:
    return lambda request: replace(request, headers={**request.headers, name: value})


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (lambda request: replace(request, body=BODY + b" "), "InvalidSignature"),
        (lambda request: replace(request, method="GET"), "InvalidSignature"),
        (lambda request: replace(request, path=request.path.replace("lite", "pro")), "InvalidSignature"),
        (lambda request: replace(request, query="a=%201&b=3"), "InvalidSignature"),
        (header("host", lambda _: "example.com"), "InvalidSignature"),
        (header("content-type", lambda _: "text/plain"), "InvalidSignature"),
        (header("x-amz-security-token", lambda token: token[:-1]), "UnrecognizedClient"),
        (without("x-amz-security-token"), "UnrecognizedClient"),
        (without("authorization"), "MissingAuthenticationToken"),
        (without("x-amz-date"), "IncompleteSignature"),
        (header("authorization", lambda _: "Bearer token"), "IncompleteSignature"),
        (header("authorization", lambda value: value.replace("ASIA", "AKIA")), "UnrecognizedClient"),
        (header("authorization", lambda value: value.replace("us-east-1", "eu-west-1")), "InvalidSignature"),
        (header("authorization", lambda value: value[:-1] + ("0" if value[-1] != "0" else "1")), "InvalidSignature"),
        (header("authorization", lambda value: value.replace("host;", "")), "InvalidSignature"),
        (added("x-amz-target", "unsigned"), "InvalidSignature"),
        (added("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "InvalidSignature"),
    ],
)
def test_a_request_that_is_not_as_it_was_signed_is_refused(
    credentials: Credentials, tamper: Callable[[SignedRequest], SignedRequest], code: str
) -> None:
    request = sign(credentials.for_role(ROLE))
    assert refusal(tamper(request), credentials) == code


def test_a_query_string_in_another_order_is_the_same(credentials: Credentials) -> None:
    request = replace(sign(credentials.for_role(ROLE)), query="a=%201&b=2")
    assert verify_signed(request, service=SERVICE, credentials=credentials) == ROLE


def test_a_signed_hash_of_another_body_is_refused(credentials: Credentials) -> None:
    request = sign(credentials.for_role(ROLE), headers={"X-Amz-Content-SHA256": "0" * 64})
    assert refusal(request, credentials) == "InvalidSignature"


def test_a_signature_for_another_service_is_refused(credentials: Credentials) -> None:
    request = sign(credentials.for_role(ROLE), service="dynamodb")
    assert refusal(request, credentials) == "InvalidSignature"


def test_keys_of_another_sandbox_are_refused(credentials: Credentials) -> None:
    assert refusal(sign(Credentials().for_role(ROLE)), credentials) == "UnrecognizedClient"


def test_one_roles_token_does_not_go_with_anothers_keys(credentials: Credentials) -> None:
    mixed = replace(credentials.for_role(ROLE), session_token=credentials.administrator.session_token)
    assert refusal(sign(mixed), credentials) == "UnrecognizedClient"


@pytest.mark.parametrize(("minutes", "words"), [(-6, "Signature expired"), (6, "Signature not yet current")])
def test_a_signature_is_good_for_five_minutes(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch, minutes: int, words: str
) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: moment)
    request = sign(credentials.for_role(ROLE))
    with pytest.raises(SignatureRefused, match=words):
        verify_signed(request, service=SERVICE, credentials=credentials)


def test_a_signature_four_minutes_old_is_good(credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime.now(UTC) - timedelta(minutes=4)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: moment)
    request = sign(credentials.for_role(ROLE))
    assert verify_signed(request, service=SERVICE, credentials=credentials) == ROLE


def test_a_date_of_another_day_in_the_scope_is_refused(credentials: Credentials) -> None:
    def tomorrow(value: str) -> Any:
        today = f"{datetime.now(UTC):%Y%m%d}"
        return value.replace(today, "20200101")

    request = header("authorization", tomorrow)(sign(credentials.for_role(ROLE)))
    assert refusal(request, credentials) == "InvalidSignature"


def test_the_keys_of_a_user_are_good_until_they_end_and_forgotten_in_the_end() -> None:
    now = [1_000_000.0]
    credentials = Credentials(clock=lambda: now[0])
    user = User("us-east-1:pool", "us-east-1:ada")
    given = credentials.for_user(ROLE, user, 3600)
    request = sign(given.keys)
    assert (given.expires_at, given.user) == (1_003_600, user)
    assert verify_signed(request, service=SERVICE, credentials=credentials) == ROLE
    now[0] += 3600
    assert refusal(request, credentials) == "ExpiredToken"
    now[0] += FORGOTTEN_AFTER_SECONDS + 1
    credentials.for_user(ROLE, user, 3600)
    assert refusal(request, credentials) == "UnrecognizedClient"


def test_each_user_has_keys_of_their_own_and_a_role_s_stay(credentials: Credentials) -> None:
    user = User("us-east-1:pool", "us-east-1:ada")
    one, other = (credentials.for_user(ROLE, user, 3600).keys for _ in range(2))
    assert one != other
    assert credentials.for_role(ROLE) not in (one, other)
