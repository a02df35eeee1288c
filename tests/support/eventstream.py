"""Frames of `application/vnd.amazon.eventstream`, as Bedrock sends them; botocore can only read them.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html#RESTSelectObjectAppendix-EventStream
"""

import json
import struct
from collections.abc import Mapping
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
STRING = 7
PRELUDE_AND_CHECKSUMS_BYTES = 16


def event(kind: str, payload: Mapping[str, object]) -> bytes:
    """An event of the stream, for example `contentBlockDelta`."""
    return frame({":message-type": "event", ":event-type": kind, ":content-type": "application/json"}, payload)


def exception(kind: str, message: str) -> bytes:
    """An error in the middle of the stream, for example `throttlingException`."""
    headers = {":message-type": "exception", ":exception-type": kind, ":content-type": "application/json"}
    return frame(headers, {"message": message})


def frame(headers: Mapping[str, str], payload: Mapping[str, object]) -> bytes:
    """Lengths and their checksum, headers, payload, and the checksum of all that."""
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", STRING, len(value)) + value.encode()
        for name, value in headers.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", PRELUDE_AND_CHECKSUMS_BYTES + len(head) + len(body), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return message + struct.pack("!I", crc32(message))
