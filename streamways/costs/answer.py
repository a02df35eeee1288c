"""The bill of one answer besides the model: from what its client measured, or from a workload."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from shared.contract.architecture import Service
from shared.contract.architectures import DESCRIPTORS
from streamways.clients.client import Architecture
from streamways.costs import table
from streamways.costs.assumptions import (
    CONTROL_BATCHES,
    CONTROL_PART_BYTES,
    CONTROL_PARTS,
    ENVELOPE_BYTES,
    INVOCATION_LOG_BYTES,
    OTHER_FRAMES,
    PART_BYTES,
    SHORT_FUNCTIONS,
    STREAM_LOG_BYTES,
    Workload,
)
from streamways.costs.lines import Line
from streamways.costs.prices import Priced, Prices

BYTES_PER_GIGABYTE = 1_000_000_000
MEGABYTES_PER_GIGABYTE = 1024
SECONDS_PER_MINUTE = 60


GENERATING = "Lambda: generating, waiting included"
"""The line of the function that generates."""


@dataclass(frozen=True)
class Answer:
    """What one answer used, as far as its client can tell."""

    architecture: Architecture
    seconds: float
    """From the request to the last part: the time of the invocation that generates."""
    text_bytes: int
    parts: int
    message_bytes: Sequence[int]
    """Size of the parts in each transport message, as JSON, without the transport's own envelope."""
    connection_seconds: float
    memory_megabytes: int
    short_function_seconds: float
    readers: int = 0

    @classmethod
    def assumed(cls, architecture: Architecture, workload: Workload) -> Self:
        """One answer of a workload. Over the function URL each token is a message; a worker merges what comes
        within its interval."""
        seconds = workload.output_tokens / workload.tokens_per_second
        texts = workload.output_tokens
        if DESCRIPTORS[architecture].worker:
            texts = min(texts, math.ceil(round(seconds / workload.interval_seconds, 6)))
        controls = CONTROL_BATCHES if _bills(architecture, Service.APPSYNC) else CONTROL_PARTS
        text = round(PART_BYTES + workload.text_bytes / texts)
        control = CONTROL_PART_BYTES * CONTROL_PARTS // controls
        return cls(
            architecture=architecture,
            seconds=workload.seconds,
            text_bytes=workload.text_bytes,
            parts=texts + CONTROL_PARTS,
            message_bytes=[text] * texts + [control] * controls,
            connection_seconds=workload.connection_seconds,
            memory_megabytes=workload.memory_megabytes,
            short_function_seconds=workload.short_function_seconds,
            readers=workload.readers,
        )


def answer_lines(answer: Answer, prices: Prices) -> list[Line]:
    """Every line of an answer but the model's."""
    return [*_functions(answer), *_table(answer), *_transport(answer, prices), *_around(answer)]


def _functions(answer: Answer) -> list[Line]:
    short, following = _short(answer), _following(answer)
    gigabytes = answer.memory_megabytes / MEGABYTES_PER_GIGABYTE
    billed = math.ceil(answer.seconds * 1000) / 1000
    return [
        Line("Lambda: requests", 1 + short + following, Priced.REQUEST),
        Line(GENERATING, gigabytes * billed, Priced.COMPUTE),
        Line("Lambda: short functions", gigabytes * short * answer.short_function_seconds, Priced.COMPUTE),
        Line("Lambda: followers", gigabytes * following * billed, Priced.COMPUTE),
    ]


def _table(answer: Answer) -> list[Line]:
    units = table.write_units(
        answer.architecture,
        seconds=answer.seconds,
        text_bytes=answer.text_bytes,
        part_bytes=sum(answer.message_bytes),
    )
    following = _following(answer)
    tickets = table.TICKET_WRITES * (1 + following) if _bills(answer.architecture, Service.API_GATEWAY_WEBSOCKET) else 0
    reads = table.read_units(seconds=answer.seconds, readers=following)
    return [
        Line("DynamoDB: start", units["start"], Priced.WRITE),
        Line("DynamoDB: heartbeat", units["heartbeat"], Priced.WRITE),
        Line("DynamoDB: journal", units["journal"], Priced.WRITE),
        Line("DynamoDB: end", units["end"], Priced.WRITE),
        Line("DynamoDB: ticket", tickets, Priced.WRITE),
        Line("DynamoDB: followers", following * table.READER_WRITES[answer.architecture], Priced.WRITE),
        Line("DynamoDB: reads", reads, Priced.READ),
    ]


def _transport(answer: Answer, prices: Prices) -> list[Line]:
    minutes, receivers = answer.connection_seconds / SECONDS_PER_MINUTE, 1 + answer.readers
    if _bills(answer.architecture, Service.API_GATEWAY_WEBSOCKET):
        messages = _units(answer, prices.unit_bytes(Priced.SOCKET_MESSAGE)) + OTHER_FRAMES
        return [
            Line("API Gateway: messages", messages * receivers, Priced.SOCKET_MESSAGE),
            Line("API Gateway: connection, in minutes", minutes * receivers, Priced.SOCKET_MINUTE),
        ]
    if _bills(answer.architecture, Service.APPSYNC):
        updates = _units(answer, prices.unit_bytes(Priced.UPDATE))
        return [
            Line("AppSync: mutations", 1 + len(answer.message_bytes), Priced.OPERATION),
            Line("AppSync: updates, connecting included", (updates + 1) * receivers, Priced.UPDATE),
            Line("AppSync: connection, in minutes", minutes * receivers, Priced.REALTIME_MINUTE),
        ]
    return []


def _around(answer: Answer) -> list[Line]:
    invocations = 1 + _short(answer) + _following(answer)
    logged = invocations * INVOCATION_LOG_BYTES + STREAM_LOG_BYTES
    sent = sum(size + ENVELOPE_BYTES[answer.architecture] for size in answer.message_bytes) * (1 + answer.readers)
    return [
        Line("CloudWatch: logs", logged / BYTES_PER_GIGABYTE, Priced.LOG),
        Line("data to the client", sent / BYTES_PER_GIGABYTE, Priced.TRANSFER),
    ]


def _following(answer: Answer) -> int:
    """Followers that take a function and read the journal; a subscriber of AppSync takes neither."""
    return 0 if _bills(answer.architecture, Service.APPSYNC) else answer.readers


def _short(answer: Answer) -> int:
    """Each follower has a connection of its own."""
    return SHORT_FUNCTIONS[answer.architecture] * (1 + _following(answer))


def _units(answer: Answer, unit_bytes: int) -> int:
    """Messages as they are metered: one for each unit begun, envelope included."""
    envelope = ENVELOPE_BYTES[answer.architecture]
    return sum(max(1, math.ceil((size + envelope) / unit_bytes)) for size in answer.message_bytes)


def _bills(architecture: Architecture, service: Service) -> bool:
    return service in DESCRIPTORS[architecture].bill.services
