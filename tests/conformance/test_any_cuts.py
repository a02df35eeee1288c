"""For any sequence of cuts, kills, rivals and failed duplicates: no part is lost, doubled, or of another stream.

A reader chain is one client that is cut again and again: the first reader starts the stream and leaves after so many
parts, the next goes on behind the last place that the client has, and so forth to the end of that very stream.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.contract.parts import TERMINAL
from streamways.clients.client import ARCHITECTURES, Architecture, ChatRequest, Received
from streamways.clients.errors import Cut, Refused
from streamways.clients.summary import answer
from streamways.conformance.expect import NotMet
from streamways.conformance.reading import each_once, ends_once, equal_parts, placed, stop_reason
from streamways.conformance.stack import StackUnderTest
from streamways.conformance.trial import SHORT_PROMPT, Trial
from tests.support.sandbox import RunningSandbox

MEDIUM_PROMPT = "How do a resume and a cancel of a stream work? Answer in about 80 words."
"""Its answer takes a second or two."""
WORKERS = ("websocket", "appsync")
"""Where an event stands between the start and the worker, and Lambda tells of a worker that died."""
MANY = 10_000
bounded = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Schedule:
    """What happens to one stream and its reader chain."""

    cuts: list[int]
    """After how many parts the readers leave."""
    killed_before: int | None = None
    """The reader before whom the worker is killed."""
    rival_before: int | None = None
    """The reader before whom another stream is begun in the chat."""
    failed_duplicate: bool = False
    """Whether a second delivery of the start's event fails while the first is worked on."""


CUTS = st.lists(st.integers(1, 12), min_size=1, max_size=6)
MOMENT = st.none() | st.integers(1, 4)
SCHEDULES = st.builds(Schedule, CUTS, MOMENT, MOMENT, st.booleans())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@bounded
@given(cuts=CUTS)
async def test_readers_that_leave_anywhere_and_go_on_get_every_part_once(
    sandbox: RunningSandbox, architecture: Architecture, cuts: list[int]
) -> None:
    received, trial, request = await follow(sandbox, architecture, Schedule(cuts), SHORT_PROMPT)
    ends_once(received, "finish")
    equal_parts("read whole", received, await trial.resumed(request.chat_id))
    await trial.sandbox.close()


@pytest.mark.parametrize("architecture", WORKERS)
@bounded
@given(schedule=SCHEDULES)
async def test_no_reader_is_told_less_more_or_other_than_its_own_stream_whatever_happens(
    sandbox: RunningSandbox, architecture: Architecture, schedule: Schedule
) -> None:
    received, trial, request = await follow(sandbox, architecture, schedule)
    await tells_its_own_stream(received, trial, request)
    if schedule.killed_before is None:
        assert stop_reason(received) in ("end_turn", "superseded")
    if schedule.rival_before is None and schedule.killed_before is None:
        ends_once(received, "finish")
    await trial.sandbox.close()


@bounded
@given(cuts=CUTS, rival_before=MOMENT)
async def test_a_function_urls_reader_is_told_its_own_stream_alone(
    sandbox: RunningSandbox, cuts: list[int], rival_before: int | None
) -> None:
    received, trial, request = await follow(sandbox, "function-url", Schedule(cuts, rival_before=rival_before))
    await tells_its_own_stream(received, trial, request)
    assert stop_reason(received) in ("end_turn", "superseded")
    await trial.sandbox.close()


async def follow(
    sandbox: RunningSandbox, architecture: Architecture, schedule: Schedule, prompt: str = MEDIUM_PROMPT
) -> tuple[list[Received], Trial, ChatRequest]:
    """What one client gets of the stream that it has asked for."""
    trial = Trial(StackUnderTest.of_sandbox(sandbox.state, sandbox.token, sandbox.id_token), (architecture,))
    rival = Trial(trial.stack, trial.on)
    request = trial.request(prompt)
    received: list[Received] = []
    async with trial.client() as client, asyncio.TaskGroup() as beside:
        if schedule.failed_duplicate:
            await until_cut(client.stream(rival.request(SHORT_PROMPT)), MANY)  # a worker is warm: it claims at once
            aged = {"fault": "aged_duplicate", "function": f"{architecture}-worker", "seconds": 0.5}
            await trial.sandbox.ask("PUT", "/events/fault", aged)
        for number, cut in enumerate([*schedule.cuts, *[MANY] * 5]):
            if number == schedule.rival_before:
                beside.create_task(read(rival, rival.request(SHORT_PROMPT, request.chat_id)))
            if number == schedule.killed_before:
                with suppress(NotMet):  # it has ended before
                    await trial.sandbox.kill(f"{architecture}-worker")
            parts = client.resume(request.chat_id, received[-1].cursor) if received else client.stream(request)
            received += placed(await until_cut(parts, cut))
            if received and received[-1].type in TERMINAL:
                break
    return received, trial, request


async def read(trial: Trial, request: ChatRequest) -> None:
    """Reads a stream as far as it goes: its worker may be killed with the other's."""
    async with trial.client() as client:
        await until_cut(client.stream(request), MANY)


async def until_cut(parts: AsyncGenerator[Received], count: int) -> list[Received]:
    """The next so many parts, or those that come before the end, or before the worker is killed."""
    received: list[Received] = []
    async with aclosing(parts):
        with suppress(Cut, Refused):
            async for item in parts:
                received.append(item)
                if len(received) == count:
                    break
    return received


async def tells_its_own_stream(received: list[Received], trial: Trial, request: ChatRequest) -> None:
    """Expects one stream with one end, no word of another, and no more than the model has said."""
    each_once(received)
    ends_once(received, received[-1].type)
    told_of = [cast("Mapping[str, object]", item.part.get("messageMetadata", {})) for item in received]
    assert {metadata["streamId"] for metadata in told_of if metadata} == {request.stream_id}
    asked = await trial.sandbox.model_calls(trial.word)  # a rival's prompt has the question too
    calls = [call for call in asked if str(call["prompt"]).endswith(f"({trial.word})")]
    assert len(calls) <= 1
    said = str(calls[0]["text"]) if calls else ""
    assert said.startswith(answer(received))
    assert received[-1].type != "finish" or answer(received) == said
