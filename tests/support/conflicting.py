"""DynamoDB as it is when many write at once: `python -m tests.support.conflicting UPSTREAM` answers before moto or
DynamoDB Local, neither of which has transactions take any time, or knows of the tokens that name them.

A transaction takes `seconds`; what meets it meanwhile is refused in DynamoDB's words:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling

Writes its port as one line to standard output; ends when standard input ends. Tests steer it by `Conflicting`.
"""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from sandbox.environment import without_account
from tests.support.server import Answer, CutConnection, LocalServer, Received

ROOT = Path(__file__).resolve().parents[2]
CONTROL = "/test/rule"
LONGEST_SECONDS = 10.0
"""How long a transaction waits to be met: nothing is lost if that never comes, and the test says so."""
SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
HASH_KEY, RANGE_KEY = "pk", "sk"


@dataclass
class _Rule:
    """What the test has asked for."""

    seconds: float = 0.0
    """How long a transaction takes."""
    until_met: bool = False
    """Whether it takes until something has been refused for its sake."""
    faults: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


class _Refused(Exception):
    def __init__(self, code: str, message: str, **members: object) -> None:
        super().__init__(message)
        self.code = code
        self.body: dict[str, object] = {"Message": message, **members}


class _Proxy:
    """One table service, and what is under way in it."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._http = urllib3.PoolManager(num_pools=1, maxsize=64, retries=False)
        self._lock = threading.Lock()
        self._rule = _Rule()
        self._counted: Counter[str] = Counter()
        self._met = threading.Event()
        self._late: list[threading.Thread] = []
        self._busy: set[tuple[str, ...]] = set()
        """The keys of the items that transactions are writing."""
        self._tokens: dict[str, tuple[str, bool]] = {}
        """By its token, what a transaction holds and whether it has succeeded: one that was cancelled is forgotten."""

    def answer(self, received: Received) -> Answer:
        if received.path == CONTROL:
            return self._control(received)
        operation = received.headers["x-amz-target"].rpartition(".")[2]
        fault = self._fault_of(operation)
        if fault is None:
            return self._told(operation, received)
        if "code" in fault:
            return self._tell(_Refused(fault["code"], "as the test has asked"), fault.get("status", 400))
        if "late" in fault:
            self._late.append(threading.Thread(target=self._later, args=[fault["late"], operation, received]))
            self._late[-1].start()
        else:
            self._told(operation, received)
        raise CutConnection

    def _later(self, seconds: float, operation: str, received: Received) -> None:
        time.sleep(seconds)
        self._told(operation, received)

    def _told(self, operation: str, received: Received) -> Answer:
        try:
            return self._answer(operation, received)
        except _Refused as refusal:
            return self._tell(refusal)

    def _answer(self, operation: str, received: Received) -> Answer:
        if operation in SINGLE_WRITES:
            with self._lock:
                if _key_of(json.loads(received.body)) in self._busy:
                    raise _Refused("TransactionConflictException", "Transaction is ongoing for the item")
        elif operation == "TransactWriteItems":
            return self._transact(received)
        return self._forward(received)

    def _transact(self, received: Received) -> Answer:
        request = json.loads(received.body)
        keys = [_key_of(write) for entry in request["TransactItems"] for write in entry.values()]
        token, content = request["ClientRequestToken"], hashlib.sha256(json.dumps(request).encode()).hexdigest()
        with self._lock:
            if token in self._tokens:
                return self._known(content, *self._tokens[token])
            met = [key in self._busy for key in keys]
            if any(met):
                raise _cancelled("TransactionConflict" if each else "None" for each in met)
            self._busy.update(keys)
            self._tokens[token] = (content, False)
            self._counted["begun"] += 1
        succeeded = False
        try:
            over = time.monotonic() + self._rule.seconds
            answer = self._forward(received)
            time.sleep(max(0.0, over - time.monotonic()))
            if self._rule.until_met:
                self._met.wait(LONGEST_SECONDS)
            succeeded = answer.status == 200
            return answer
        finally:
            with self._lock:
                self._busy.difference_update(keys)
                if succeeded:
                    self._tokens[token] = (content, True)
                else:
                    del self._tokens[token]

    def _known(self, content: str, told: str, succeeded: bool) -> Answer:
        if content != told:
            raise _Refused("IdempotentParameterMismatchException", "The token was used with other parameters")
        if not succeeded:
            raise _Refused("TransactionInProgressException", "Transaction from previous request is still in progress")
        self._counted["found again"] += 1
        return Answer(body=b"{}", headers={"content-type": "application/x-amz-json-1.0"})

    def _forward(self, received: Received) -> Answer:
        kept = {name: value for name, value in received.headers.items() if name not in ("host", "content-length")}
        answer = self._http.request("POST", self._upstream, body=received.body, headers=kept)
        headers = {name: value for name, value in answer.headers.items() if name.startswith(("content-type", "x-amz"))}
        return Answer(answer.status, answer.data, headers)

    def _tell(self, refusal: _Refused, status: int = 400) -> Answer:
        with self._lock:
            self._counted[refusal.code] += 1
        self._met.set()
        body = {"__type": f"com.amazonaws.dynamodb.v20120810#{refusal.code}", **refusal.body}
        return Answer(status, json.dumps(body).encode(), {"content-type": "application/x-amz-json-1.0"})

    def _fault_of(self, operation: str) -> dict[str, Any] | None:
        with self._lock:
            for fault in self._rule.faults:
                if fault["operation"] == operation and fault["times"] > 0:
                    fault["times"] -= 1
                    return fault
        return None

    def _control(self, received: Received) -> Answer:
        for late in list(self._late):
            late.join()
        with self._lock:
            if received.method == "PUT":
                self._rule = _Rule(**json.loads(received.body))
                self._counted.clear()
                self._met.clear()
            return Answer(body=json.dumps(self._counted).encode())


def _key_of(write: Mapping[str, Any]) -> tuple[str, ...]:
    key = write.get("Key") or write["Item"]
    return write["TableName"], key[HASH_KEY]["S"], key[RANGE_KEY]["S"]


def _cancelled(codes: Iterable[str]) -> _Refused:
    reasons = [{"Code": code} for code in codes]
    listed = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{listed}]"
    return _Refused("TransactionCanceledException", message, CancellationReasons=reasons)


@dataclass(frozen=True)
class Conflicting:
    """The proxy of a test."""

    url: str

    def rule(
        self, *, seconds: float = 0.0, until_met: bool = False, faults: Iterable[Mapping[str, object]] = ()
    ) -> None:
        """From now on transactions take so long, or until the first refusal for the sake of one, and the next `times`
        calls of an `operation` go wrong:

        `{"operation", "times", "code", "status"?}` is refused so and has no effect; without a `code` the call is
        served and its answer lost; with `late` it is lost at once, and served after so many seconds. What was counted
        is forgotten.
        """
        body = json.dumps({"seconds": seconds, "until_met": until_met, "faults": list(faults)})
        assert urllib3.request("PUT", f"{self.url}{CONTROL}", body=body).status == 200

    def counted(self) -> dict[str, int]:
        """How often which refusal was given since the rule was made, once all that was late has come. As `begun`: how
        many transactions were; as `found again`: how many repetitions were known by their token."""
        return urllib3.request("GET", f"{self.url}{CONTROL}").json()


@contextmanager
def conflicting_dynamodb() -> Iterator[Conflicting]:
    """An empty DynamoDB (moto) of its own behind the proxy, each in a process of its own."""
    with _process("sandbox.aws.moto_process") as upstream, _process("tests.support.conflicting", upstream) as url:
        yield Conflicting(url)


@contextmanager
def _process(module: str, *arguments: str) -> Iterator[str]:
    """Where a module answers that prints its port, and ends with its standard input."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=without_account({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        process.kill()


def _main() -> None:
    with LocalServer(_Proxy(sys.argv[1]).answer) as server:
        print(server.url.rpartition(":")[2], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main()
