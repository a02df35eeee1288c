"""Frames of `application/vnd.amazon.eventstream`, in which Bedrock answers a stream.

A frame is: total length, length of the headers, CRC-32 of those two (all big-endian 32 bit), headers, payload, and the
CRC-32 of everything before it. Follows
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html#RESTSelectObjectAppendix-EventStream
(the same encoding in every AWS service); `botocore.eventstream` reads it.
"""

import json
import struct
from collections.abc import Mapping
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"

STRING_HEADER = 7
"""Type of a header value: UTF-8 text with a 16 bit length."""
PRELUDE_AND_CHECKSUMS_BYTES = 16


def event(event_type: str, payload: Mapping[str, object]) -> bytes:
    """One frame with the event `event_type` (for example `contentBlockDelta`) and its members as JSON."""
    headers = {":event-type": event_type, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())


def exception(exception_type: str, message: str) -> bytes:
    """One frame with an exception (for example `throttlingException`), after which a stream ends."""
    headers = {":exception-type": exception_type, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, json.dumps({"message": message}).encode())


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame with string headers and a payload."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", PRELUDE_AND_CHECKSUMS_BYTES + len(encoded) + len(payload), len(encoded))
    message = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    encoded_name, encoded_value = name.encode(), value.encode()
    opening = struct.pack("!B", len(encoded_name)) + encoded_name
    return opening + struct.pack("!BH", STRING_HEADER, len(encoded_value)) + encoded_value
