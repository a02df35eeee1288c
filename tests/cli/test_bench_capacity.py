"""`bench capacity`: DynamoDB's rules for units, what a request was for, and that real functions can be measured."""

import json
import time
from typing import Any

import pytest
from starlette.responses import Response

from sandbox.aws.moto import Moto
from shared.table.keys import parts_key, reader_key, record_key
from streamways.bench.capacity import measure, phases
from streamways.bench.capacity.metered_table import TARGET, MeteredTable
from streamways.bench.capacity.phases import Phase, Phases
from streamways.bench.capacity.units import Index, Item, index_write_units, item_bytes, read_units, write_units
from streamways.bench.endpoints import FIRST_TOKEN_SECONDS
from streamways.clients.client import ARCHITECTURES
from streamways.costs import table
from streamways.costs.answer import Answer
from streamways.costs.assumptions import Workload
from streamways.costs.table import read_units as read_units_of
from streamways.costs.table import write_units as write_units_of

KILOBYTE = 1024
OPEN = Index("open", "startedAt", all_attributes=False)
LISTED = Index("pk", "listed", all_attributes=True)
KEYS = ("pk", "sk")


def item(size: int = 0, **attributes: str) -> Item:
    """An item of so many bytes, or of these texts."""
    if size:
        return {"pk": {"S": "x" * (size - 2)}}
    return {"pk": {"S": "p"}, "sk": {"S": "s"}, **{name: {"S": text} for name, text in attributes.items()}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "zwölf"}, 6),
        ({"N": "0"}, 1),
        ({"N": "1700000000"}, 2),
        ({"N": "1700000001.25"}, 7),
        ({"N": "-12"}, 3),
        ({"B": "AAEC"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + 2 + 3),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 3),
        ({"SS": ["ab", "c"]}, 3),
    ],
)
def test_an_items_size_is_that_of_its_names_and_values(value: dict[str, Any], size: int) -> None:
    assert item_bytes({"name": value}) == len("name") + size


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, item(1), 1),
        (None, item(KILOBYTE), 1),
        (None, item(KILOBYTE + 1), 2),
        (item(3 * KILOBYTE), item(10), 3),
        (item(3 * KILOBYTE), None, 3),
        (None, None, 1),
    ],
)
def test_a_write_takes_a_unit_for_each_kilobyte_of_the_larger_item(
    before: Item | None, after: Item | None, units: int
) -> None:
    assert write_units(before, after) == units


@pytest.mark.parametrize(
    ("size", "consistent", "units"), [(0, True, 1), (0, False, 0.5), (4096, True, 1), (4097, True, 2), (4097, False, 1)]
)
def test_a_read_takes_a_unit_for_each_4_kilobytes_or_half_of_it(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


@pytest.mark.parametrize(
    ("index", "before", "after", "units"),
    [
        (OPEN, None, item(), 0),
        (OPEN, None, item(open="websocket", startedAt="1"), 1),
        (OPEN, item(open="websocket", startedAt="1"), None, 1),
        # Only keys are in it: a change of anything else does not touch it.
        (OPEN, item(open="websocket", startedAt="1"), item(open="websocket", startedAt="1", usage="2"), 0),
        (OPEN, item(open="websocket", startedAt="1"), item(open="websocket", startedAt="2"), 2),
        (LISTED, item(listed="1", title="a"), item(listed="1", title="b"), 1),
        (LISTED, item(listed="1"), item(listed="2"), 2),
        (LISTED, item(listed="1"), item(listed="1"), 0),
    ],
)
def test_an_index_is_written_where_its_entry_changes_and_twice_where_the_entry_moves(
    index: Index, before: Item | None, after: Item | None, units: int
) -> None:
    assert index_write_units(index, KEYS, before, after) == units


def test_requests_are_told_apart_by_their_keys_and_their_order() -> None:
    journal, reader = parts_key("u", "s", 0)["sk"], reader_key("u", "c", "r")["sk"]
    record = record_key("u", "s")["sk"]
    requests: list[tuple[str, list[str], Phase]] = [
        ("BatchGetItem", ["chat", record, "lease"], "start"),
        ("Query", ["message#000001"], "start"),
        ("TransactWriteItems", [record, "lease"], "start"),
        ("UpdateItem", ["lease"], "start"),
        ("PutItem", [journal], "journal"),
        ("UpdateItem", ["lease"], "heartbeat"),
        ("GetItem", ["lease"], "heartbeat"),
        ("BatchGetItem", ["chat", "chat#c"], "reader"),
        ("GetItem", [record], "reader"),
        ("UpdateItem", [reader], "reader"),
        ("Query", [journal], "reader"),
        ("PutItem", [journal], "journal"),
        ("TransactWriteItems", [record, "lease"], "end"),
        ("Query", [journal], "reader"),
        ("DeleteItem", [reader], "reader"),
    ]
    seen = Phases()
    assert [seen.of(operation, keys) for operation, keys, _ in requests] == [phase for _, _, phase in requests]


def test_the_keys_that_tell_requests_apart_are_those_of_the_table() -> None:
    assert record_key("u", "s")["sk"] == phases.RECORD_KEY
    assert parts_key("u", "s", 0)["sk"].startswith(phases.JOURNAL_PREFIX)
    assert reader_key("u", "c", "r")["sk"].startswith(phases.READER_PREFIX)


async def test_an_operation_that_is_not_metered_is_refused(tmp_path: Any) -> None:
    metered = MeteredTable(Moto(tmp_path / "moto.log"))
    with pytest.raises(ValueError, match="BatchWriteItem is not metered"):
        await metered.forward(b"{}", {TARGET: "DynamoDB_20120810.BatchWriteItem"})
    await metered.close()


def test_the_units_of_real_functions_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    refused: set[tuple[str, str]] = set()
    transactions: dict[MeteredTable, list[float]] = {}
    forward = MeteredTable.forward

    async def watched(metered: MeteredTable, body: bytes, headers: Any) -> Response:
        answer = await forward(metered, body, headers)
        operation = headers[TARGET].rpartition(".")[2]
        if operation == "TransactWriteItems":
            transactions.setdefault(metered, []).append(time.monotonic())
        document = json.loads(bytes(answer.body))
        if "__type" in document:
            refused.add((operation, document["__type"].partition("#")[2]))
        return answer

    monkeypatch.setattr(MeteredTable, "forward", watched)
    tokens, tokens_per_second = 60, 40
    rows = measure.measure_capacity(tokens, tokens_per_second)
    longest = max(ended - started for *_, started, ended in transactions.values())
    units = {(row["architecture"], row["phase"]): (row["writeUnits"], row["readUnits"]) for row in rows}

    assert [row["phase"] for row in rows[:6]] == ["start", "heartbeat", "journal", "end", "an answer", "reader"]
    workload = Workload(
        output_tokens=tokens, tokens_per_second=tokens_per_second, first_token_seconds=FIRST_TOKEN_SECONDS
    )
    for architecture in ARCHITECTURES:
        phase = {name: units[architecture, name] for name in ("start", "heartbeat", "journal", "end")}
        assert units[architecture, "an answer"] == tuple(map(sum, zip(*phase.values(), strict=True)))
        # The cost model says the same; how often a timer fires may differ by one, and a busy machine takes longer.
        answer = Answer.assumed(architecture, workload)
        least, most = (
            write_units_of(
                architecture,
                seconds=seconds,
                text_bytes=answer.text_bytes,
                part_bytes=sum(answer.message_bytes),
            )
            for seconds in (answer.seconds, longest)
        )
        assert phase["start"] == (least["start"], table.START_READS)
        assert phase["end"] == (least["end"], 0)
        assert least["heartbeat"] - 1 <= phase["heartbeat"][0] <= most["heartbeat"] + 1
        looks = [read_units_of(seconds=seconds, readers=0) - table.START_READS for seconds in (answer.seconds, longest)]
        assert looks[0] - table.HEARTBEAT_READS <= phase["heartbeat"][1] <= looks[1] + table.HEARTBEAT_READS
        flush = least["journal"] / (answer.seconds / table.FLUSH_SECONDS)
        assert least["journal"] - 1.5 * flush <= phase["journal"][0] <= most["journal"] + flush
        assert phase["journal"][1] == 0
        assert units[architecture, "reader"][0] == table.READER_WRITES[architecture]
        assert units[architecture, "reader"][1] >= 2
    renewal_after_the_end = ("UpdateItem", "ConditionalCheckFailedException")
    assert refused <= {renewal_after_the_end}
