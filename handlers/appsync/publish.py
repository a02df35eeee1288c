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

from shared.contract.environment import Variable
from shared.generation.delivery import TryAgain, with_retries
from shared.init_phase import at_init
from shared.protocol.cursor import Cursor
from shared.protocol.part_size import serialised_bytes
from shared.protocol.parts import SequencedPart, encode
from shared.streams.records import OpenStream
from shared.streams.start import StreamStart

MAX_BATCH_BYTES = 112 * 1024
"""A subscriber is sent at most 240 KB, and a part that travels as AWSJSON is escaped: it may double.
https://docs.aws.amazon.com/general/latest/gr/appsync.html"""

# The selection holds every field that a subscription's filter names: AppSync filters on what is selected.
PUBLISH = """mutation Publish(
  $owner: ID!, $streamId: ID!, $chatId: ID!, $epoch: Int!, $firstSequence: Int!, $parts: [AWSJSON!]!, $cursor: String
) {
  publishParts(
    owner: $owner, streamId: $streamId, chatId: $chatId, epoch: $epoch, firstSequence: $firstSequence, parts: $parts,
    cursor: $cursor
  ) {
    owner streamId chatId epoch firstSequence parts cursor
  }
}"""


class PublishRefused(Exception):
    """AppSync does not take the publish, and would not another time."""


def publish(
    stream: StreamStart | OpenStream, batch: Sequence[SequencedPart], until: float, *, journaled: bool = True
) -> None:
    """Publishes adjacent parts in order, as few messages as they fit in, tried again until then (`time.monotonic()`).

    `journaled=False`: the parts are none of the stream's, and no client can go on behind them. Whether anybody listens,
    AppSync does not tell. Raises PublishRefused, or TryAgain when time is up.
    """
    for message in _messages(batch):
        last = message[-1]
        variables = {
            "owner": stream.owner,
            "streamId": stream.stream_id,
            "chatId": stream.chat_id,
            "epoch": last.epoch,
            "firstSequence": message[0].sequence,
            "parts": [encode(numbered.part) for numbered in message],
            "cursor": str(Cursor.behind(stream.stream_id, last)) if journaled else None,
        }
        with_retries(partial(_post, encode({"query": PUBLISH, "variables": variables}).encode()), until)


def _messages(batch: Sequence[SequencedPart]) -> Iterator[Sequence[SequencedPart]]:
    """The parts, as many together as a message holds."""
    first, size = 0, 0
    for index, numbered in enumerate(batch):
        length = serialised_bytes(numbered.part)
        if index > first and size + length > MAX_BATCH_BYTES:
            yield batch[first:index]
            first, size = index, 0
        size += length
    if batch:
        yield batch[first:]


def _post(body: bytes) -> None:
    url = os.environ[Variable.GRAPHQL_URL]
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
