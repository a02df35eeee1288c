"""Figures of this project that the documentation states are those of the code."""

import pytest

from handlers.appsync import worker as appsync_worker
from handlers.websocket import worker as websocket_worker
from sandbox.options import DEFAULT_PORT, PORT_RANGE, ModelPace
from shared.protocol.request import MAX_MESSAGES, MAX_REQUEST_BYTES, MAX_TEXT_CHARACTERS
from shared.stream.dispatch import START_WITHIN_SECONDS
from shared.stream.outbox import MAX_PART_BYTES
from shared.stream.registry import KEPT_SECONDS
from shared.stream.run import DEADLINE_MARGIN_SECONDS
from stacks.appsync_stream import START_TIMEOUT_SECONDS
from stacks.streaming_function import ASYNCHRONOUS_AGE_SECONDS
from stacks.websocket_stream import FRONT_TIMEOUT_SECONDS
from tests.docs.pages import page

PACE = ModelPace()
REQUEST = f"{MAX_MESSAGES} messages, {MAX_TEXT_CHARACTERS:,} characters"


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("docs/protocol.md", f"{REQUEST} of text and, over HTTP, {MAX_REQUEST_BYTES // 1024} KB"),
        ("docs/protocol.md", f"at most {MAX_PART_BYTES // 1024} KB of serialised UTF-8"),
        ("docs/protocol.md", f"remembered for {KEPT_SECONDS // 3600} hours"),
        ("docs/architectures/function-url.md", f"{REQUEST} or {MAX_REQUEST_BYTES // 1024} KB"),
        ("docs/architectures/function-url.md", f"{DEADLINE_MARGIN_SECONDS:g} s before the timeout"),
        ("docs/architectures/websocket.md", f"{DEADLINE_MARGIN_SECONDS:g} s before the timeout"),
        ("docs/architectures/websocket.md", f"at most once per {websocket_worker.MIN_INTERVAL_SECONDS * 1000:g} ms"),
        ("docs/architectures/websocket.md", f"expire after {ASYNCHRONOUS_AGE_SECONDS} seconds"),
        ("docs/architectures/websocket.md", f"expire after {START_WITHIN_SECONDS} seconds"),
        ("docs/architectures/websocket.md", f"takes over {FRONT_TIMEOUT_SECONDS} s, its timeout"),
        ("docs/architectures/appsync.md", f"at least {appsync_worker.MIN_INTERVAL_SECONDS * 1000:g} ms of it"),
        ("docs/architectures/appsync.md", f"takes over {START_TIMEOUT_SECONDS} s, its timeout"),
        (
            "docs/sandbox.md",
            f"{PACE.first_token_ms:g} ms to the first token and {PACE.tokens_per_second:g} tokens a second",
        ),
        ("docs/sandbox.md", f"tries the next {PORT_RANGE}"),
        ("docs/quickstart.md", f"tries is {DEFAULT_PORT}"),
    ],
)
def test_a_figure_of_the_code_stands_in_the_docs(name: str, statement: str) -> None:
    assert statement in " ".join(page(name).prose.split())
