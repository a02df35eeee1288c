"""Plays the part of Pulumi's engine from a recording of one: its requests, in its order, with our provider's answers.

What our provider answered goes where the engine would have put it: checked inputs into `Create`, the state into `Diff`,
`Update`, `Read` and `Delete`. What the program had made of the recorded answers (ARNs in policies, ids in
environments) is replaced by what it would have made of ours.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from sandbox.engine.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from sandbox.world import ACCOUNT_ID
from stacks.packages import build

RECORDING = Path(__file__).parent / "calls.jsonl.gz"
REQUESTS: Mapping[str, type[Message]] = {
    "Handshake": provider_pb2.ProviderHandshakeRequest,
    "Attach": plugin_pb2.PluginAttach,
    "CheckConfig": provider_pb2.CheckRequest,
    "DiffConfig": provider_pb2.DiffRequest,
    "Configure": provider_pb2.ConfigureRequest,
    "Invoke": provider_pb2.InvokeRequest,
    "Check": provider_pb2.CheckRequest,
    "Diff": provider_pb2.DiffRequest,
    "Create": provider_pb2.CreateRequest,
    "Read": provider_pb2.ReadRequest,
    "Update": provider_pb2.UpdateRequest,
    "Delete": provider_pb2.DeleteRequest,
}
TELLING = ("Check", "Create", "Update", "Invoke")
"""Calls whose answers a program sees."""
SINCE_THE_RECORDING = {
    "ALLOWED_ORIGINS": "http://localhost:5173",
    "ARCHITECTURE": "recorded",
    "MIN_INTERVAL_MILLISECONDS": "50",
    "STACK_NAME": "rec",
}
"""Environment variables that the functions have come to need."""
SHORTEST = 5
"""Characters of a value that stands for itself, wherever it turns up."""

Call = Mapping[str, Any]
Document = dict[str, Any]


def with_keys_of(origin: str) -> Callable[[str], str]:
    """What the setting `cognitoEndpoint` does to the program: it gets the keys of the pool from the sandbox."""
    keys = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com/([^/\"]+/\.well-known)")
    return lambda text: keys.sub(rf"{origin}/cognito/\1", text)


def recorded() -> dict[str, list[Call]]:
    """The calls of each command, by its mark."""
    commands: dict[str, list[Call]] = {}
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines:
        for line in lines:
            call: Call = json.loads(line)
            if "mark" in call:
                commands[call["mark"]] = []
            else:
                commands[list(commands)[-1]].append(call)
    return commands


@dataclass(frozen=True)
class State:
    """A resource in the engine's memory."""

    id: str
    inputs: Document
    properties: Document


@dataclass
class Answer:
    """What our provider said to a recorded call."""

    call: Call
    sent: Document
    """The request as our provider got it."""
    document: Document

    @property
    def urn(self) -> str:
        return str(self.call["request"].get("urn", ""))

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


@dataclass
class Engine:
    """`play` sends the calls of one command. `rewrite` adapts the text of a request before it is read."""

    stub: provider_pb2_grpc.ResourceProviderStub
    rewrite: Callable[[str], str] = lambda text: text
    state: dict[str, State] = field(default_factory=dict)
    _checked: dict[str, Document] = field(default_factory=dict)
    _superseded: dict[str, State] = field(default_factory=dict)
    _delete_first: set[str] = field(default_factory=set)
    _deleted_early: set[str] = field(default_factory=set)
    _ours: dict[str, str] = field(default_factory=dict)
    """What stood in the recorded answers → what stands in ours."""

    def play(self, calls: list[Call]) -> list[Answer]:
        """Raises grpc.RpcError when a call is refused, AssertionError for a failed check of inputs."""
        return [answer for call in calls for answer in self._play(call)]

    def _play(self, call: Call) -> Iterator[Answer]:
        method, urn = str(call["method"]), str(call["request"].get("urn", ""))
        request = self._request(method, urn, call["request"])
        if method == "Delete" and urn in self._deleted_early:
            self._deleted_early.discard(urn)
            return
        if method == "Create" and not request.get("preview"):
            if urn in self._delete_first:
                # The recorded provider let the engine delete later; ours has told it not to.
                old = self.state.pop(urn)
                self._deleted_early.add(urn)
                gone = {"id": old.id, "urn": urn, "properties": old.properties, "oldInputs": old.inputs}
                yield Answer({"method": "Delete", "request": {"urn": urn}}, gone, self.send("Delete", gone))
            elif urn in self.state:
                self._superseded[urn] = self.state[urn]
        document = self.send(method, request)
        assert not document.get("failures"), document["failures"]
        if method in TELLING:
            self._learn(call["response"], document)
        self._remember(method, urn, request, document)
        yield Answer(call, request, document)

    def _request(self, method: str, urn: str, given: Document) -> Document:
        request: Document = json.loads(self.rewrite(self._translated(json.dumps(given))))
        state = self._superseded.get(urn) or self.state.get(urn) if method == "Delete" else self.state.get(urn)
        news = self._checked.get(urn) or (state.inputs if state else {})
        match method:
            case "Check":
                request["news"] = _as_now(request["type"], request["news"])
                request["olds"] = state.inputs if state and given["olds"] else {}
            case "Create":
                request["properties"] = news
            case "Diff" | "Update":
                assert state is not None, f"{urn} is to be changed and was never made"
                request |= {"id": state.id, "olds": state.properties, "oldInputs": state.inputs, "news": news}
            case "Read":
                assert state is not None, f"{urn} is to be read and was never made"
                request |= self.read_request(urn)
            case "Delete":
                assert state is not None, f"{urn} is to be deleted and was never made"
                request |= {"id": state.id, "properties": state.properties, "oldInputs": state.inputs}
            case _:
                pass
        return request

    def output(self, name: str, key: str) -> Any:
        """An output of the resource with this logical name."""
        found = [state.properties[key] for urn, state in self.state.items() if _has(urn, name, state, key)]
        assert len(found) == 1, f"{name} has {len(found)} outputs {key}"
        return found[0]

    def read_request(self, urn: str) -> Document:
        """What a refresh asks for a resource."""
        state = self.state[urn]
        return {"id": state.id, "urn": urn, "properties": state.properties, "inputs": state.inputs}

    def send(self, method: str, request: Document) -> Document:
        """One call. Raises grpc.RpcError."""
        message = json_format.ParseDict(request, REQUESTS.get(method, Empty)())
        return json_format.MessageToDict(getattr(self.stub, method)(message, timeout=60))

    def _remember(self, method: str, urn: str, request: Document, document: Document) -> None:
        match method:
            case "Check":
                self._checked[urn] = document["inputs"]
            case "Diff":
                replaced = bool(document.get("deleteBeforeReplace"))
                (self._delete_first.add if replaced else self._delete_first.discard)(urn)
            case "Create" if not request.get("preview"):
                self.state[urn] = State(document["id"], request["properties"], document["properties"])
                self._delete_first.discard(urn)
            case "Update" if not request.get("preview"):
                self.state[urn] = State(request["id"], request["news"], document["properties"])
            case "Read":
                if not document.get("id"):
                    del self.state[urn]
            case "Delete":
                if self._superseded.pop(urn, None) is None:
                    del self.state[urn]
            case "Cancel":
                self._checked.clear()
            case _:
                pass

    def _translated(self, text: str) -> str:
        if not self._ours:
            return text
        longest_first = sorted(self._ours, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, longest_first)), lambda match: self._ours[match[0]], text)

    def _learn(self, theirs: Any, ours: Any) -> None:
        """Note which of our values stand where the recording has others."""
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for key in theirs.keys() & ours.keys():
                self._learn(theirs[key], ours[key])
        elif isinstance(theirs, list) and isinstance(ours, list):
            for one, other in zip(theirs, ours, strict=False):
                self._learn(one, other)
        elif isinstance(theirs, str) and isinstance(ours, str) and theirs != ours and len(theirs) >= SHORTEST:
            self._ours[_inside_json(theirs)] = _inside_json(ours)
            if theirs.startswith("wss://"):  # the program makes the address of `@connections` of it
                self._ours["https" + theirs.removeprefix("wss")] = "http" + ours.removeprefix("ws")


def _has(urn: str, name: str, state: State, key: str) -> bool:
    return urn.rpartition("::")[2] == name and key in state.properties


def _inside_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _as_now(type_token: str, news: Document) -> Document:
    """The inputs of a function with this checkout's package, and with the variables that its code needs."""
    if type_token != "aws:lambda/function:Function":
        return news
    package = build(Path(news["code"]["path"]).stem.rpartition("-")[0])
    variables = news["environment"]["variables"]
    if isinstance(variables, dict):  # in a preview they may be unknown
        variables = SINCE_THE_RECORDING | variables
        if worker := variables.get("WORKER_FUNCTION_NAME"):
            variables["WORKER_FUNCTION_ARN"] = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:{worker}"
    return news | {"code": news["code"] | {"path": str(package)}, "environment": {"variables": variables}}
