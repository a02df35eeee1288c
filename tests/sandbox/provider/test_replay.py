"""What a real engine sent when it deployed this project's program, answered by the sandbox.

The commands are played once, in order; each test looks at what came of one of them. Where Pulumi's command line is on
the path, those that speak of the engine's own count run with it too, and with the program as it is now.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sandbox import state
from sandbox.engine.protocol import provider_pb2_grpc
from sandbox.options import PROJECT_ROOT
from streamways.clients.client import Architecture, chat_request
from streamways.clients.factory import client_for
from streamways.clients.outputs import StackOutputs
from tests.sandbox.provider.command_line import CommandLine, Work
from tests.sandbox.provider.replay import Answer, Engine, recorded, with_keys_of
from tests.support.sandbox import FAST, RunningSandbox, running_sandbox

pytestmark = pytest.mark.xdist_group("provider-replay")

STREAMING: tuple[Architecture, ...] = ("function-url", "websocket")
"""AppSync's schema is part of the recording, and older than the client's."""
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
Commands = Mapping[str, list[Answer]]


@dataclass(frozen=True)
class Story:
    """What the sandbox answered to each command, and what it was like in between."""

    commands: Commands
    streamed: Mapping[Architecture, list[object]]
    """After `up`: the types of the parts of an answer, by architecture."""
    graphql: httpx.Response
    """After `up`: what AppSync answered to a query that every schema has."""
    left: Mapping[str, int]
    """How many resources the engine had after each command."""
    found_after_destroy: list[str]
    """URNs of what `refresh` would have found then."""
    functions: Mapping[str, list[str]]
    """The functions that the sandbox ran after each command."""


@pytest.fixture(scope="module")
async def story(sandbox: RunningSandbox, stub: provider_pb2_grpc.ResourceProviderStub) -> Story:
    engine = Engine(stub, with_keys_of(sandbox.state.origin))
    commands: dict[str, list[Answer]] = {}
    left: dict[str, int] = {}
    functions: dict[str, list[str]] = {}
    streamed: dict[Architecture, list[object]] = {}
    made: dict[str, dict[str, object]] = {}
    graphql: httpx.Response | None = None
    for mark, calls in recorded().items():
        commands[mark] = await asyncio.to_thread(engine.play, calls)
        left[mark] = len(engine.state)
        running = state.read(PROJECT_ROOT / ".sandbox", sandbox.state.port)
        assert running is not None
        functions[mark] = sorted(running.function_seconds)
        if mark == "up":
            made = {urn: engine.read_request(urn) for urn in engine.state}
            for architecture in STREAMING:
                streamed[architecture] = await _stream(architecture, engine, sandbox)
            graphql = _query(engine, sandbox)
    found = [urn for urn, request in made.items() if engine.send("Read", request).get("id")]
    assert graphql is not None
    return Story(commands, streamed, graphql, left, found, functions)


async def _stream(architecture: Architecture, engine: Engine, sandbox: RunningSandbox) -> list[object]:
    outputs = StackOutputs.from_json(
        {
            "functionUrl": engine.output("function-url-url", "functionUrl"),
            "webSocketUrl": engine.output("websocket-stage", "invokeUrl"),
        }
    )
    async with client_for(architecture, outputs, sandbox.token()) as client, asyncio.timeout(60):
        return [received.part["type"] async for received in client.stream(chat_request("What is streamed?"))]


def _query(engine: Engine, sandbox: RunningSandbox) -> httpx.Response:
    headers = {"authorization": sandbox.token()}
    url = engine.output("appsync-api", "uris")["GRAPHQL"]
    return httpx.post(url, json={"query": "{ __typename }"}, headers=headers, trust_env=False, timeout=30)


def of(answers: list[Answer], method: str, *, preview: bool = False) -> list[Answer]:
    """The calls of this method; of a preview, or of the work itself."""
    return [
        answer
        for answer in answers
        if answer.call["method"] == method and bool(answer.call["request"].get("preview")) == preview
    ]


DRIVERS = ("replay", *(("pulumi",) if shutil.which("pulumi") else ()))


@pytest.fixture(scope="module", params=DRIVERS)
def work(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Work]:
    """What each command did, by its mark."""
    if request.param == "pulumi":
        return _deployed_by_the_command_line(tmp_path_factory.mktemp("pulumi"))
    story: Story = request.getfixturevalue("story")
    return {mark: _work_of(answers) for mark, answers in story.commands.items()}


def _work_of(answers: list[Answer]) -> Work:
    replaced = {answer.urn for answer in of(answers, "Create")} & {answer.urn for answer in of(answers, "Delete")}
    counts = Counter(
        word
        for method, word in (("Create", "create"), ("Update", "update"), ("Delete", "delete"))
        for answer in of(answers, method)
        if answer.urn not in replaced
    )
    counts["replace"] = len(replaced)
    return +counts


def _deployed_by_the_command_line(folder: Path) -> dict[str, Work]:
    with running_sandbox("--provider", *FAST) as sandbox:
        pulumi = CommandLine(folder, sandbox)
        done = {"up": pulumi.work("up"), "up again": pulumi.work("up")}
        pulumi.set("timeoutSeconds", "90")
        done["timeoutSeconds 60 to 90"] = pulumi.work("up")
        pulumi.set("architectures[0]", "function-url")
        done["architectures: function-url alone"] = pulumi.work("up")
        pulumi.set("functionUrlAuth", "AWS_IAM")
        done["functionUrlAuth AWS_IAM"] = pulumi.work("up")
        return done | {verb: pulumi.work(verb) for verb in ("refresh", "destroy")}


CHANGING = {"create", "update", "replace", "delete"}


def test_a_person_is_told_how_to_attach_an_engine(sandbox: RunningSandbox) -> None:
    assert state.attachment(sandbox.state) == [
        f"export PULUMI_DEBUG_PROVIDERS=aws:{sandbox.state.provider_port}",
        "pulumi config set aws:region us-east-1",
        f"pulumi config set cognitoEndpoint {sandbox.state.origin}/cognito",
        f"pulumi config set identityEndpoint {sandbox.state.origin}/cognito-identity",
    ]


def test_every_call_of_the_recording_is_answered(story: Story) -> None:
    assert sum(len(answers) for answers in story.commands.values()) == sum(map(len, recorded().values()))


def test_a_preview_makes_nothing_and_leaves_unknown_what_only_the_service_knows(story: Story) -> None:
    preview = story.commands["preview of an empty stack"]
    assert story.left["preview of an empty stack"] == 0
    assert story.functions["preview of an empty stack"] == []
    created = {answer.urn: answer.document["properties"] for answer in of(preview, "Create", preview=True)}
    for answer in of(story.commands["up"], "Create"):
        computed = answer.document["properties"].keys() - answer.sent["properties"].keys()
        foreseen = created[answer.urn]
        assert {key for key, value in foreseen.items() if value == UNKNOWN} >= computed, answer.name
        assert foreseen.keys() == answer.document["properties"].keys(), answer.name


def test_up_makes_everything_under_names_of_its_own(story: Story) -> None:
    made = of(story.commands["up"], "Create")
    assert len(made) == story.left["up"] > 90
    assert all(answer.document["id"] for answer in made)
    roles = [answer for answer in made if answer.urn.split("::")[2].endswith("aws:iam/role:Role")]
    assert all(answer.document["id"].startswith(f"{answer.name}-") for answer in roles)


def test_after_up_appsync_answers(story: Story) -> None:
    assert story.graphql.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("architecture", STREAMING)
def test_after_up_an_answer_is_streamed(story: Story, architecture: Architecture) -> None:
    types = Counter(story.streamed[architecture])
    assert types["start"] == types["finish"] == 1
    assert types["text-delta"] > 5


@pytest.mark.parametrize("command", ["up again", "refresh"])
def test_a_second_up_and_a_refresh_change_nothing(work: Mapping[str, Work], command: str) -> None:
    assert not CHANGING & work[command].keys()


def test_up_and_destroy_make_and_delete_everything(work: Mapping[str, Work]) -> None:
    assert CHANGING & work["up"].keys() == {"create"}
    assert CHANGING & work["destroy"].keys() == {"delete"}


def test_one_architecture_alone_only_deletes(work: Mapping[str, Work]) -> None:
    assert CHANGING & work["architectures: function-url alone"].keys() == {"delete"}


def test_another_auth_type_replaces_two_and_updates_two(work: Mapping[str, Work]) -> None:
    done = work["functionUrlAuth AWS_IAM"]
    assert {key: done[key] for key in CHANGING & done.keys()} == {"replace": 2, "update": 2}


@pytest.mark.parametrize("mark", list(recorded()))
def test_what_differs_and_what_is_replaced_is_what_the_recorded_provider_said(story: Story, mark: str) -> None:
    for answer in of(story.commands[mark], "Diff"):
        theirs = answer.call["response"]
        for part in ("changes", "diffs", "replaces"):
            found, expected = answer.document.get(part, []), theirs.get(part, [])
            assert sorted(found) == sorted(expected), f"{answer.name}: {part}"


def test_a_longer_timeout_updates_three_functions_in_place(story: Story) -> None:
    updated = of(story.commands["timeoutSeconds 60 to 90"], "Update")
    assert sorted(answer.name for answer in updated) == ["appsync-worker", "function-url-handler", "websocket-worker"]
    assert {answer.document["properties"]["timeout"] for answer in updated} == {90.0}
    assert story.functions["timeoutSeconds 60 to 90"] == story.functions["up"]


def test_one_architecture_alone_deletes_what_the_others_had(story: Story) -> None:
    """87 in the engine's count, which has the components too: those no provider ever sees."""
    mark = "architectures: function-url alone"
    assert len(of(story.commands[mark], "Delete")) == 75
    assert story.left[mark] == story.left["up"] - 75
    assert [name.rpartition("-")[0] for name in story.functions[mark]] == [
        "function-url-handler",
        "function-url-reaper",
    ]


def test_another_auth_type_makes_the_permissions_anew_and_first_deletes_what_has_their_name(story: Story) -> None:
    answers = story.commands["functionUrlAuth AWS_IAM"]
    work = [(answer.call["method"], answer.name) for answer in answers if answer.call["method"] in ("Create", "Delete")]
    permissions = ["function-url-call-url", "function-url-invoke-via-url"]
    diffs = {answer.name: answer.document for answer in of(answers, "Diff")}
    assert all(diffs[name]["deleteBeforeReplace"] for name in permissions)
    done = work[-4:]
    assert done == [(method, name) for name in permissions for method in ("Delete", "Create")]
    assert sorted(answer.name for answer in of(answers, "Update")) == ["function-url-handler", "function-url-url"]
    assert story.left["functionUrlAuth AWS_IAM"] == story.left["architectures: function-url alone"]


def test_a_refresh_finds_everything_as_it_was(story: Story) -> None:
    read = of(story.commands["refresh"], "Read")
    assert len(read) == 2 * story.left["refresh"]
    assert all(answer.document["id"] for answer in read)


def test_destroy_leaves_an_empty_account(story: Story) -> None:
    assert story.left["destroy"] == 0
    assert story.functions["destroy"] == []
    assert story.found_after_destroy == []
