"""For any sequence of cuts no part is lost and none comes twice, on each architecture."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.clients.client import ARCHITECTURES, TERMINAL_PARTS, Architecture, Received
from sandbox.conformance.reading import each_once, ends_once, placed, some
from sandbox.conformance.stack import StackUnderTest
from sandbox.conformance.trial import SHORT_PROMPT, Trial
from tests.support.sandbox import RunningSandbox

EXAMPLES = 6
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@bounded
@given(cuts=st.lists(st.integers(1, 12), min_size=1, max_size=6))
async def test_readers_that_leave_anywhere_and_go_on_get_every_part_once(
    sandbox: RunningSandbox, architecture: Architecture, cuts: list[int]
) -> None:
    """The first reader starts the stream and leaves after so many parts, the next goes on there, and so forth."""
    trial = Trial(StackUnderTest.of_sandbox(sandbox.state, sandbox.token), (architecture,))
    request = trial.request(SHORT_PROMPT)
    received: list[Received] = []
    async with trial.client() as client:
        for cut in [*cuts, 10_000]:
            if received and received[-1].type in TERMINAL_PARTS:
                break
            parts = client.resume(request.chat_id, received[-1].cursor) if received else client.stream(request)
            received += placed(await some(parts, cut))
            await parts.aclose()
    each_once(received)
    ends_once(received, "finish")
    whole = await trial.resumed(request.chat_id)
    assert [item.part for item in received] == [item.part for item in whole]
    await trial.sandbox.close()
