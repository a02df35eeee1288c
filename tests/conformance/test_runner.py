"""How cases are run and told, with cases of the test's own: nothing here needs a stack."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import pytest

from streamways.cli.check_report import JsonReport, LineReport
from streamways.clients.errors import Cut
from streamways.clients.outputs import StackOutputs
from streamways.conformance.case import SLOW_TOKENS_PER_SECOND, Cases, label
from streamways.conformance.catalog import all_cases
from streamways.conformance.expect import NotMet, expect
from streamways.conformance.runner import Result, run_cases
from streamways.conformance.sandbox_control import SandboxControl
from streamways.conformance.stack import StackUnderTest
from streamways.conformance.trial import Trial

OUTPUTS = StackOutputs({"functionUrl": "http://127.0.0.1:1/", "webSocketUrl": "ws://127.0.0.1:1/live"})
DEPLOYED = StackUnderTest(OUTPUTS, {"first": "a.b.c"})


class Harmless(SandboxControl):
    """A sandbox whose faults set in as often as the test says."""

    def __init__(self, faults: int = 1000) -> None:
        self.asked: list[Mapping[str, object]] = []
        self._left = faults

    @asynccontextmanager
    async def fault(
        self,
        path: str,  # noqa: ARG002
        fault: Mapping[str, object],
        *,
        all_calls: bool = True,  # noqa: ARG002
    ) -> AsyncGenerator[None]:
        self.asked.append(fault)
        yield
        self._left -= int(str(fault["calls"]))
        if self._left < 0:
            raise NotMet("the fault did not set in")

    async def fault_set_in(self, path: str) -> None:
        pass

    @asynccontextmanager
    async def pace(self, tokens_per_second: float) -> AsyncGenerator[None]:
        self.asked.append({"pace": tokens_per_second})
        yield


async def run(cases: Cases, stack: StackUnderTest = DEPLOYED) -> dict[tuple[str, str], Result]:
    told: list[Result] = []
    chosen = [(case, on) for case in cases for on in case.on]
    results = await run_cases(stack, chosen, told.append)
    assert told == results
    return {(result.case.name, label(result.on)): result for result in results}


async def test_a_case_passes_fails_with_one_line_or_breaks_and_the_others_run_all_the_same():
    cases, here = Cases(), (("websocket",),)

    @cases.case("Well.", on=here)
    async def it_is_well(_trial: Trial) -> None: ...

    @cases.case("Unmet.", on=here)
    async def it_is_unmet(_trial: Trial) -> None:
        expect(False, "it came\nto nothing")

    @cases.case("Cut.", on=here)
    async def it_is_cut(_trial: Trial) -> None:
        raise Cut("no part came")

    @cases.case("Broken.", on=here)
    async def it_is_broken(_trial: Trial) -> None:
        raise KeyError("part")

    results = await run(cases)
    assert {name: (result.outcome, result.why) for (name, _), result in results.items()} == {
        "it-is-well": ("passed", ""),
        "it-is-unmet": ("failed", "it came to nothing"),
        "it-is-cut": ("failed", "no part came"),
        "it-is-broken": ("failed", "KeyError: 'part'"),
    }


async def test_what_a_stack_lacks_is_told_and_not_run():
    cases = Cases()

    @cases.case("Everywhere.")
    async def everywhere(_trial: Trial) -> None: ...

    @cases.case("Across.", on=(("websocket", "appsync"),))
    async def across(_trial: Trial) -> None: ...

    @cases.case("Foreign.", on=(("websocket",),), needs=("second user",))
    async def foreign(_trial: Trial) -> None: ...

    @cases.case("Harm.", on=(("websocket",),), model_fault={"fault": "cut"})
    async def harm(_trial: Trial) -> None: ...

    results = await run(cases)
    assert [key for key, result in results.items() if result.outcome == "passed"] == [
        ("everywhere", "function-url"),
        ("everywhere", "websocket"),
    ]
    assert {key: result.why for key, result in results.items() if result.outcome == "not run"} == {
        ("everywhere", "appsync"): "the stack has no appsync",
        ("across", "websocket → appsync"): "the stack has no appsync",
        ("foreign", "websocket"): "needs a token of a second user: set STREAMWAYS_SECOND_TOKEN",
        ("harm", "websocket"): "needs the sandbox, which can do harm on purpose",
    }


async def test_a_fault_is_asked_for_once_for_each_run_and_a_case_without_its_fault_has_not_passed():
    cases = Cases()

    @cases.case("Cut.", model_fault={"fault": "cut"})
    async def cut(_trial: Trial) -> None: ...

    @cases.case("Busy.", model_fault={"fault": "throttled", "calls": 4})
    async def busy(_trial: Trial) -> None: ...

    sandbox = Harmless(faults=5)
    results = await run(cases, StackUnderTest(OUTPUTS, {"first": "a.b.c"}, sandbox=sandbox))
    assert sandbox.asked == [{"fault": "cut", "calls": 2}, {"fault": "throttled", "calls": 8}]
    outcomes = {key: (result.outcome, result.why) for key, result in results.items()}
    assert outcomes["cut", "websocket"] == ("passed", "")
    assert outcomes["busy", "websocket"] == ("failed", "the fault did not set in")


async def test_harm_is_done_alone_and_waiting_beside_everything():
    cases, here = Cases(), (("websocket",),)
    running: set[str] = set()
    beside: dict[str, set[str]] = {}
    harm_is_done = asyncio.Event()

    async def be(name: str) -> None:
        beside[name] = set(running)
        running.add(name)
        await asyncio.sleep(0)
        running.discard(name)

    @cases.case("Patient.", on=here, manner="waiting")
    async def patient(_trial: Trial) -> None:
        await harm_is_done.wait()

    @cases.case("Harm.", on=here, manner="alone")
    async def harm(_trial: Trial) -> None:
        await be("harm")
        harm_is_done.set()

    @cases.case("Stop.", on=here, manner="slow model")
    async def stop(_trial: Trial) -> None:
        await be("stop")

    @cases.case("One.", on=here)
    async def one(_trial: Trial) -> None:
        await be("one")

    @cases.case("Two.", on=here)
    async def two(_trial: Trial) -> None:
        await be("two")

    sandbox = Harmless()
    results = await run(cases, StackUnderTest(OUTPUTS, {"first": "a.b.c"}, sandbox=sandbox))
    assert {result.outcome for result in results.values()} == {"passed"}
    assert beside == {"one": set(), "two": {"one"}, "stop": set(), "harm": set()}
    assert sandbox.asked == [{"pace": SLOW_TOKENS_PER_SECOND}]


def test_every_case_has_a_name_of_its_own_and_says_what_holds():
    cases = all_cases()
    assert len({case.name for case in cases}) == len(cases)
    assert [case.name for case in cases if not case.says.endswith(".")] == []


async def test_the_report_has_a_line_for_each_run_and_says_in_words_what_does_not_hold(
    capsys: pytest.CaptureFixture[str],
):
    cases = Cases()

    @cases.case("Parts come in order.")
    async def order(trial: Trial) -> None:
        expect(trial.architecture != "websocket", "part 2 came before part 1")

    trials = [(case, on) for case in cases for on in case.on]
    for report in (LineReport("stack.json", trials), JsonReport()):
        report.begin()
        report.end(await run_cases(DEPLOYED, trials, report.result))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 case of the stream protocol, 3 runs against stack.json"
    assert [line.split() for line in lines[1:4]] == [
        ["–", "order", "appsync", *["not", "run:", "the", "stack", "has", "no", "appsync"]],
        ["ok", "0.0", "s", "order", "function-url"],
        ["FAILED", "0.0", "s", "order", "websocket", *["failed:", "part", "2", "came", "before", "part", "1"]],
    ]
    assert lines[5:9] == [
        "These cases failed. Each line says what should hold:",
        "  order: Parts come in order.",
        "",
        "1 passed, 1 failed, 1 not run, in 0 s",
    ]
    events = [json.loads(line) for line in lines[9:]]
    assert [(event["event"], event.get("outcome")) for event in events[:3]] == [
        ("case", "not run"),
        ("case", "passed"),
        ("case", "failed"),
    ]
    assert events[3] | {"seconds": 0} == {"event": "summary", "passed": 1, "failed": 1, "not run": 1, "seconds": 0}
