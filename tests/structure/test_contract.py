"""Each side of the contract has what it says, and nothing besides."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from shared.contract.architecture import Descriptor
from shared.contract.architectures import DESCRIPTORS
from shared.contract.errors import ErrorCode
from shared.contract.limits import INVITATIONS_AN_HOUR, PAGE_ENTRIES
from shared.contract.parts import DELTAS, OF_A_LATE_END, TERMINAL, PartType
from shared.contract.transports import STREAM_HEADER
from shared.errors import StreamwaysError
from shared.protocol import parts
from stacks import program
from streamways.bench.lag.figures import LEAST_INTERVAL_MS
from streamways.clients import refusals
from streamways.clients.client import SILENCE_SECONDS
from streamways.clients.factory import CLIENTS
from streamways.conformance.stack import StackUnderTest
from tests.docs.pages import page
from tests.support.imports import ROOT

CLIENT = ROOT / "frontend-sample/src/streamways"


def settings() -> dict[str, Any]:
    """The program's settings, as Pulumi.yaml declares them."""
    return yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]


def test_architectures_have_a_place_each() -> None:
    assert [one.place for one in DESCRIPTORS.values()] == list(range(1, len(DESCRIPTORS) + 1))


def test_an_architecture_can_be_deployed_spoken_to_and_chosen() -> None:
    chosen = settings()["architectures"]
    assert list(program.ARCHITECTURES) == list(CLIENTS) == chosen["default"] == list(DESCRIPTORS)
    assert f": {', '.join(DESCRIPTORS)}, in any" in chosen["description"]


@pytest.mark.parametrize("one", DESCRIPTORS.values(), ids=list(DESCRIPTORS))
def test_a_descriptor_names_what_is_there(one: Descriptor) -> None:
    dependencies = (ROOT / "pyproject.toml").read_text()
    for package in one.packages.values():
        assert package.entry.startswith(f"handlers.{one.folder}.")
        assert (ROOT / package.entry.replace(".", "/")).with_suffix(".py").is_file()
        assert f"\n{package.group} = [" in dependencies
    prices = json.loads((ROOT / "shared/prices.json").read_text())["services"]
    assert one.bill.services <= prices.keys()


def test_no_two_architectures_share_a_package_or_an_output() -> None:
    packages = [package.name for one in DESCRIPTORS.values() for package in one.packages.values()]
    outputs = [output for one in DESCRIPTORS.values() for output in one.outputs]
    assert len(set(packages)) == len(packages)
    assert len(set(outputs)) == len(outputs)


def strings(typescript: str, name: str) -> set[str]:
    """The texts in a constant of the TypeScript client."""
    constant = re.search(rf"const {name}\b[^=]*=([^;]*);", (CLIENT / typescript).read_text())
    assert constant, f"{typescript} has no {name}"
    return set(re.findall(r"'([^']+)'", constant[1]))


def codes(name: str) -> dict[str, str]:
    """A dictionary of codes of the TypeScript client."""
    constant = re.search(rf"const {name}\b[^=]*=([^;]*);", (CLIENT / "refusals.ts").read_text())
    assert constant
    return dict(re.findall(r"(\w+): '(\w+)'", constant[1]))


def test_the_typescript_client_takes_the_same_parts_for_the_end_of_a_stream() -> None:
    assert strings("ordered-parts.ts", "TERMINAL") == TERMINAL
    assert strings("ordered-parts.ts", "OF_A_LATE_END") | TERMINAL == OF_A_LATE_END


def test_the_typescript_client_reads_the_same_codes_out_of_answers_of_aws() -> None:
    assert codes("CODES_BY_STATUS") == {str(status): code for status, code in refusals.CODES_BY_STATUS.items()}
    assert codes("CODES_BY_APPSYNC_ERROR") == refusals.CODES_BY_APPSYNC_ERROR


def test_a_status_of_aws_is_read_as_a_code_that_has_it() -> None:
    assert not [status for status, code in refusals.CODES_BY_STATUS.items() if status not in code.statuses]


def errors(tree: type[StreamwaysError] = StreamwaysError) -> Iterator[type[StreamwaysError]]:
    """All typed errors."""
    for child in tree.__subclasses__():
        yield child
        yield from errors(child)


def test_each_code_has_an_error_for_each_of_its_statuses() -> None:
    assert {(error.code, error.status) for error in errors()} == {
        (code, status) for code in ErrorCode for status in code.statuses
    }


def test_the_parts_that_the_protocol_module_makes_are_known() -> None:
    kinds = parts.BLOCK_KINDS
    assert {parts.block_delta(kind, "b", "")["type"] for kind in kinds} == DELTAS
    assert {make(kind, "b")["type"] for make in (parts.block_start, parts.block_end) for kind in kinds} <= set(PartType)


def test_the_graphql_schema_names_the_parts_of_a_late_end() -> None:
    schema = " ".join((ROOT / "handlers/appsync/schema.graphql").read_text().split())
    told = re.search(r"those of the types ([a-z, -]+) are taken", schema)
    assert told
    assert set(re.split(r", | and ", told[1])) == OF_A_LATE_END


def test_the_table_of_parts_in_the_docs_names_parts_that_there_are() -> None:
    rows = page("docs/protocol.md").table_after("Parts of an answer")
    named = {text for row in rows for text in re.findall(r"`([a-z-]+)`", row[1])}
    assert TERMINAL | DELTAS <= named <= set(PartType)


def test_the_typescript_client_reads_the_header_that_names_the_stream() -> None:
    assert strings("cancelling-fetch.ts", "STREAM_HEADER") == {STREAM_HEADER}


def test_what_is_assumed_of_a_stack_that_tells_nothing_of_its_functions_is_the_programs_default() -> None:
    timeout = settings()["timeoutSeconds"]["default"]
    assert (StackUnderTest.function_seconds, SILENCE_SECONDS) == (timeout, timeout)
    assert settings()["webSocketIntervalMilliseconds"]["default"] == LEAST_INTERVAL_MS


def test_the_files_of_where_to_change_what_are_there() -> None:
    rows = page("CONTRIBUTING.md").table_after("Where to change what")
    named = [path for row in rows for cell in row[1:] for path in re.findall(r"`([\w.-]+(?:/[\w.-]*)*)`", cell)]
    assert len(rows) >= 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_adding_an_architecture_takes_at_most_8_existing_files() -> None:
    rows = page("CONTRIBUTING.md").table_after("Where to change what")
    assert rows[0][0] == "add an architecture"
    assert len(re.findall(r"`[\w./-]+`", rows[0][1])) <= 8


@pytest.mark.parametrize(
    "words",
    [
        f"who may send {INVITATIONS_AN_HOUR} an hour",
        f"newest first: {PAGE_ENTRIES},",
    ],
)
def test_the_schema_tells_clients_the_limits_that_hold(words: str) -> None:
    assert words in (ROOT / "handlers/appsync/schema.graphql").read_text()
