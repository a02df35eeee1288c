"""Figures of this project that the documentation states are those of the code."""

import pytest

from sandbox.options import DEFAULT_PORT, PORT_RANGE, ModelPace
from shared.chats.history import MAX_PROMPT_CHARACTERS, MAX_PROMPT_MESSAGES
from shared.contract.architectures import DESCRIPTORS
from shared.contract.limits import (
    DEADLINE_MARGIN_SECONDS,
    MAX_MESSAGE_BYTES,
    MAX_PART_BYTES,
    MAX_REQUEST_BYTES,
    START_WITHIN_SECONDS,
)
from shared.generation.journal_writer import FLUSH_SECONDS
from shared.generation.settlement import SETTLE_SECONDS
from shared.protocol.request import MAX_MESSAGE_CHARACTERS
from shared.streams.records import KEPT_SECONDS, LEASE_SECONDS
from shared.streams.repository import RESUMABLE_SECONDS, TOMBSTONE_SECONDS
from shared.streams.tail import POLL_SECONDS
from stacks.appsync_stream import API_TIMEOUT_SECONDS
from stacks.packages.catalog import PACKAGES
from stacks.reaper import SWEEP_RATE
from stacks.websocket_routes import INTEGRATION_TIMEOUT_SECONDS
from tests.docs.pages import default, page

PACE = ModelPace()
SWEPT_EVERY = {"rate(1 minute)": 60}[SWEEP_RATE]
MESSAGE = f"{MAX_MESSAGE_CHARACTERS:,} characters and {MAX_MESSAGE_BYTES // 1024} KB"


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("docs/protocol.md", f"at most {MESSAGE} of text, a request {MAX_REQUEST_BYTES // 1024} KB"),
        ("docs/protocol.md", f"{MAX_PROMPT_MESSAGES} messages and {MAX_PROMPT_CHARACTERS:,} characters of a chat"),
        ("docs/protocol.md", f"the parts of the last {FLUSH_SECONDS} s"),
        ("docs/protocol.md", f"written every {FLUSH_SECONDS} s and read every {POLL_SECONDS} s"),
        ("docs/protocol.md", f"for {RESUMABLE_SECONDS} seconds after its end"),
        ("docs/protocol.md", f"before it began, within {TOMBSTONE_SECONDS} s"),
        ("docs/protocol.md", f"at most {MAX_PART_BYTES // 1024} KB of serialised UTF-8"),
        ("docs/protocol.md", f"remembered for {KEPT_SECONDS // 3600} hours"),
        (
            "docs/architectures/function-url.md",
            f"over {MAX_MESSAGE_CHARACTERS:,} characters, a request over {MAX_REQUEST_BYTES // 1024} KB",
        ),
        ("docs/architectures/function-url.md", f"{DEADLINE_MARGIN_SECONDS:g} s before the timeout"),
        ("docs/architectures/function-url.md", f"waited for, {SETTLE_SECONDS:g} seconds at most"),
        ("docs/states.md", f"waits up to {SETTLE_SECONDS:g} s for both"),
        (
            "docs/states.md",
            f"otherwise within {LEASE_SECONDS + SWEPT_EVERY} s: {LEASE_SECONDS} s until its lease has run out",
        ),
        (
            "docs/states.md",
            f"it is ended within {LEASE_SECONDS + START_WITHIN_SECONDS + SWEPT_EVERY} s.",
        ),
        ("docs/architectures/websocket.md", f"{DEADLINE_MARGIN_SECONDS:g} s before the timeout"),
        ("docs/architectures/websocket.md", f"at most once per {default('webSocketIntervalMilliseconds')} ms"),
        ("docs/architectures/websocket.md", f"expire after {START_WITHIN_SECONDS} seconds"),
        ("docs/architectures/websocket.md", f"takes over {INTEGRATION_TIMEOUT_SECONDS} s, its timeout"),
        ("docs/architectures/appsync.md", f"at least {default('appSyncIntervalMilliseconds')} ms of it"),
        ("docs/architectures/appsync.md", f"takes over {API_TIMEOUT_SECONDS} s, its timeout"),
        (
            "docs/sandbox.md",
            f"{PACE.first_token_ms:g} ms to the first token and {PACE.tokens_per_second:g} tokens a second",
        ),
        ("docs/sandbox.md", f"tries the next one, {PORT_RANGE} ports in all"),
        ("docs/quickstart.md", f"tries {PORT_RANGE} ports from the first one"),
        ("docs/quickstart.md", f"tries is {DEFAULT_PORT}"),
    ],
)
def test_a_figure_of_the_code_stands_in_the_docs(name: str, statement: str) -> None:
    assert statement in " ".join(page(name).prose.split())


def test_the_comparison_names_every_function_of_each_architecture() -> None:
    [row] = [cells for cells in page("docs/comparison.md").table_after("In short") if cells[0] == "Lambda functions"]
    counted = [int(cell.lstrip("[").partition("]")[0]) for cell in row[1:]]
    named = [len(cell.split(",")) for cell in row[1:]]
    packages = [sum(name.startswith(architecture) for name in PACKAGES) for architecture in DESCRIPTORS]
    assert counted == named == packages
    assert sum(packages) == len(PACKAGES)
