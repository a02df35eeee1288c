"""The clients of the AI SDK and ours beside them, in the Node of the virtual environment, asked over its stdin.

`frontend-sample/` says which packages there are. Our client is built, packed and installed, as it is for others.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support import node

MANIFEST = "frontend-sample/package.json"
SOURCES = (
    "frontend-sample/src",
    MANIFEST,
    "frontend-sample/tsconfig.json",
    "frontend-sample/tsconfig.build.json",
    "frontend-sample/README.md",
    "frontend-sample/LICENSE",
    "docs/examples",
    "tests/node",
)


class StockClient:
    """One Node process for the whole session; each question is one line."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [node.NODE, "tests/node/stock.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def problems(self, chunks: Sequence[object]) -> list[str | None]:
        """What the SDK's chunk schema finds wrong with each part; None is a valid one."""
        return self._ask({"do": "validate", "chunks": chunks})["problems"]

    def read(self, chunks: Sequence[object]) -> tuple[dict[str, Any], list[str]]:
        """The message that the SDK reads from a stream of parts, and the errors it reports."""
        answer = self._ask({"do": "read", "chunks": chunks})
        return answer["message"], answer["errors"]

    def chat(self, transport: str, options: dict[str, object], *prompts: str) -> list[dict[str, Any]]:
        """Sends prompts, one after the other, over a stock transport (`http`, `websocket`): a turn for each."""
        return self._ask({"do": "chat", "transport": transport, "options": options, "prompts": prompts})["turns"]

    def talk(
        self, transport: str, stack: Mapping[str, object], *steps: Mapping[str, object], chat_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Drives pages of a chat, step by step, over one of the transports of `tests/node/talk.mjs`, which says how.

        Without an id it is a new chat.
        """
        chat = {"chatId": chat_id} if chat_id else {}
        return self._ask({"do": "talk", "transport": transport, "stack": stack, "steps": steps, **chat})["turns"]

    def load(
        self, transport: str, stack: Mapping[str, object], chat_id: str, *, haste: float = 1
    ) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """The history of a chat as a page loads it, and the error `{"name", "message", "code"?}` or None.

        `haste`: how much faster the page's timers run.
        """
        answer = self._ask({"do": "load", "transport": transport, "stack": stack, "chatId": chat_id, "haste": haste})
        return answer.get("messages", []), answer.get("error")

    def answered(self, status: int | None, body: str = "") -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """What a stock HTTP transport behind our typed errors makes of an answer: the parts, and the error or None.

        The error is `{"name", "message", "code"?, "retryAfter"?}`. Without a status the network is lost.
        """
        answer = self._ask({"do": "answered", "status": status, "body": body})
        return answer["parts"], answer["error"]

    def leave(self, body: str) -> None:
        """Reads one part of an answer that goes on, behind typed errors, and waits until its body is cancelled."""
        self._ask({"do": "leave", "body": body})

    def ordered(self, batches: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """The parts that our client gives out when it takes these batches of numbered parts, one after the other."""
        return self._ask({"do": "order", "batches": batches})["parts"]

    def passed(self, status: int, text: str) -> tuple[int, str]:
        """Status and body that our fetch makes of an answer of this status, which has a body stream, as in browsers."""
        answer = self._ask({"do": "pass", "status": status, "text": text})
        return answer["status"], answer["text"]

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _ask(self, command: dict[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"failed": "Node has ended"}')
        assert "failed" not in answer, answer["failed"]
        return answer


def text_of(message: dict[str, Any]) -> str:
    """The texts of a UI message."""
    return "".join(part["text"] for part in message["parts"] if part["type"] == "text")


@pytest.fixture(scope="session")
def stock() -> Iterator[StockClient]:
    """The stock client."""
    client = StockClient(installed())
    yield client
    client.close()


def installed() -> Path:
    """A folder with our sources and our client, installed, below one with the packages; made for each state of them."""
    return node.installed(MANIFEST, sources(), _with_our_client)


def sources() -> dict[str, Path]:
    """Our own files that the clients are made of, by their path in the repository."""
    return node.files(*SOURCES)


def _with_our_client(folder: Path) -> None:
    node.npm("pack", folder=folder / "frontend-sample")
    [package] = (folder / "frontend-sample").glob("*.tgz")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    # What it needs beside it lies in the folder above.
    node.npm("install", "--offline", "--legacy-peer-deps", str(package), folder=folder)
