"""Challenges are answered once, in time, by the client that they were put to."""

import pytest

from sandbox.aws import auth_challenges
from sandbox.aws.auth_challenges import Challenges


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def challenges(clock: Clock) -> Challenges[str]:
    return Challenges(clock)


def test_a_challenge_is_taken_once(challenges: Challenges[str]) -> None:
    challenges.put("block", "what", client_id="app", seconds=180)
    assert challenges.look("block", client_id="app") == "what"
    assert challenges.take("block", client_id="app") == "what"
    assert challenges.take("block", client_id="app") is None
    assert challenges.look("block", client_id="app") is None


def test_another_client_gets_nothing_and_takes_nothing_away(challenges: Challenges[str]) -> None:
    challenges.put("block", "what", client_id="app", seconds=180)
    assert challenges.take("block", client_id="another") is None
    assert challenges.take("unknown", client_id="app") is None
    assert challenges.take("block", client_id="app") == "what"


@pytest.mark.parametrize(("seconds", "open_still"), [(179.9, True), (180, False), (10_000, False)])
def test_a_challenge_waits_for_so_long_and_no_longer(
    challenges: Challenges[str], clock: Clock, seconds: float, open_still: bool
) -> None:
    challenges.put("block", "what", client_id="app", seconds=180)
    clock.now += seconds
    assert (challenges.take("block", client_id="app") is not None) == open_still


def test_a_flood_of_challenges_pushes_out_the_oldest(
    challenges: Challenges[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth_challenges, "MOST", 3)
    for number in range(5):
        challenges.put(f"block {number}", "what", client_id="app", seconds=180)
    still = [number for number in range(5) if challenges.look(f"block {number}", client_id="app")]
    assert still == [2, 3, 4]
