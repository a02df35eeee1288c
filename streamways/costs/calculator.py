"""The figures of the calculator in the documentation: the page's script calculates with the prices and the assumptions
of this model. A test compares what it comes to with what this model does.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from shared.contract.architecture import Service
from shared.contract.architectures import DESCRIPTORS
from streamways.clients.client import ARCHITECTURES
from streamways.costs import assumptions, month, table, waiting
from streamways.costs.assumptions import SIZES, Idle, Workload
from streamways.costs.prices import Priced, Prices
from streamways.pages import DOCS

DATA: Final = DOCS / "assets" / "calculator-data.js"
TABLE: Final = (
    "WRITE_UNIT_BYTES",
    "START_WRITES",
    "START_READS",
    "HEARTBEAT_SECONDS",
    "HEARTBEAT_READS",
    "RENEW_SECONDS",
    "FLUSH_SECONDS",
    "FIRST_FLUSH_WRITES",
    "JOURNAL_ITEM_BYTES",
    "JOURNAL_COMPRESSION",
    "END_WRITES",
    "USAGE_ITEM_BYTES",
    "ANSWER_ITEM_BYTES",
    "TICKET_WRITES",
    "READER_READS_A_SECOND",
    "STORED_ITEM_BYTES",
)
ASSUMED: Final = (
    "OTHER_FRAMES",
    "CONTROL_PARTS",
    "CONTROL_BATCHES",
    "PART_BYTES",
    "CONTROL_PART_BYTES",
    "INVOCATION_LOG_BYTES",
    "STREAM_LOG_BYTES",
    "METRICS",
    "HOURS_OF_A_MONTH",
    "CHAT_ITEM_BYTES",
)
SERVICES: Final = {Service.API_GATEWAY_WEBSOCKET: "websocket", Service.APPSYNC: "appsync"}
"""What a transport is billed as, besides Lambda and DynamoDB."""


def data(prices: Prices) -> Mapping[str, object]:
    """All that the script calculates with."""
    constants = {name: getattr(table, name) for name in TABLE} | {name: getattr(assumptions, name) for name in ASSUMED}
    return {
        "pricesOf": prices.date,
        "region": prices.region,
        "prices": {priced.name: prices.of(priced) for priced in Priced},
        "models": {name: {"input": price["input"], "output": price["output"]} for name, price in prices.models.items()},
        "socketUnitBytes": prices.unit_bytes(Priced.SOCKET_MESSAGE),
        "updateUnitBytes": prices.unit_bytes(Priced.UPDATE),
        "constants": constants,
        "architectures": {name: _architecture(name) for name in ARCHITECTURES},
        "workload": asdict(Workload()),
        "idle": asdict(Idle()),
        "sizes": {name: asdict(size) for name, size in SIZES.items()},
        "previewDays": month.PREVIEW_LIFE_DAYS,
        "previewBusyHours": month.PREVIEW_BUSY_HOURS,
    }


def data_script(prices: Prices) -> str:
    """The same as a script: a page that was opened from a folder may load one, and may fetch nothing."""
    return (
        "// Written by `python -m streamways.costs.page`.\n"
        f"globalThis.costFigures = {json.dumps(data(prices), indent=2)};\n"
    )


def _architecture(name: str) -> Mapping[str, object]:
    one = DESCRIPTORS[name]
    billed = [word for service, word in SERVICES.items() if service in one.bill.services]
    return {
        "title": one.title,
        "worker": one.worker,
        "transport": billed[0] if billed else "http",
        "shortFunctions": one.bill.short_functions,
        "envelopeBytes": one.bill.envelope_bytes,
        "claimWrites": table.CLAIM_WRITES[name],
        "readerWrites": one.bill.reader_writes,
        "awaitedFunctions": one.awaited_functions,
        "processorSeconds": waiting.PROCESSOR_SECONDS[name],
    }
