"""Publishes through `Mutation.publishParts`, signed with the function's role, over one kept connection.

https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

import json
import os
from collections.abc import Iterator, Sequence
from functools import partial

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from shared.init_phase import at_init
from shared.protocol.parts import Numbered, encode
from shared.stream.delivery import TryAgain, with_retries

MAX_BATCH_BYTES = 112 * 1024
"""A subscriber is sent at most 240 KB, and a part that travels as AWSJSON is escaped: it may double.
https://docs.aws.amazon.com/general/latest/gr/appsync.html"""

# The selection holds every field that a subscription's filter names: AppSync filters on what is selected.
PUBLISH = """mutation Publish($owner: ID!, $streamId: ID!, $firstSequence: Int!, $parts: [AWSJSON!]!) {
  publishParts(owner: $owner, streamId: $streamId, firstSequence: $firstSequence, parts: $parts) {
    owner streamId firstSequence parts
  }
}"""


class PublishRefused(Exception):
    """AppSync does not take the publish, and would not another time."""


def publish(owner: str, stream_id: str, batch: Sequence[Numbered], until: float) -> None:
    """Publishes adjacent parts in order, as few messages as they fit in, tried again until then (`time.monotonic()`).

    Whether anybody listens, AppSync does not tell. Raises PublishRefused, or TryAgain when time is up.
    """
    for first_sequence, texts in _messages(batch):
        variables = {"owner": owner, "streamId": stream_id, "firstSequence": first_sequence, "parts": texts}
        with_retries(partial(_post, encode({"query": PUBLISH, "variables": variables}).encode()), until)


def _messages(batch: Sequence[Numbered]) -> Iterator[tuple[int, list[str]]]:
    """The parts as JSON, as many together as a message holds, with the sequence of the first."""
    texts: list[str] = []
    size = 0
    for numbered in batch:
        text = encode(numbered.part)
        length = len(text.encode())
        if texts and size + length > MAX_BATCH_BYTES:
            yield numbered.sequence - len(texts), texts
            texts, size = [], 0
        texts.append(text)
        size += length
    if texts:
        yield batch[-1].sequence + 1 - len(texts), texts


def _post(body: bytes) -> None:
    url = os.environ["GRAPHQL_URL"]
    try:
        response = _http().request("POST", url, body=body, headers=_signed_headers(url, body))
    except urllib3.exceptions.HTTPError as error:
        raise TryAgain(str(error)) from error
    if response.status == 429 or response.status >= 500:
        raise TryAgain(f"AppSync answered {response.status}")
    errors = json.loads(response.data).get("errors") if response.status == 200 else None
    if errors or response.status != 200:
        raise PublishRefused(errors[0]["message"] if errors else f"AppSync answered {response.status}")


def _signed_headers(url: str, body: bytes) -> dict[str, str]:
    request = AWSRequest("POST", url, {"content-type": "application/json"}, body)
    credentials = _session().get_credentials()
    assert credentials is not None, "Lambda gives each function the keys of its role"
    SigV4Auth(credentials, "appsync", os.environ["AWS_REGION"]).add_auth(request)
    return dict(request.headers.items())


@at_init
def _http() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=1, timeout=urllib3.Timeout(connect=2, read=5), retries=False)


@at_init
def _session() -> boto3.Session:
    return boto3.Session()
