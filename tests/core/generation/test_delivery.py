"""How a delivery tries again: only what may pass, while there is time, with growing pauses of random length."""

from types import SimpleNamespace

import pytest

from shared import backoff
from shared.generation import delivery
from shared.generation.delivery import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, ReceiverGone, TryAgain, with_retries


class Time:
    """A clock that only pauses move; a pause is as long as it may be."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(delivery, "time", made)
    monkeypatch.setattr(backoff, "random", SimpleNamespace(uniform=lambda _, longest: longest))
    return made


class Receiver:
    """Answers with these errors, then takes everything."""

    def __init__(self, *errors: Exception) -> None:
        self.asked = 0
        self._errors = list(errors)

    def take(self) -> None:
        self.asked += 1
        if self._errors:
            raise self._errors.pop(0)


def test_what_is_taken_is_sent_once(time: Time) -> None:
    receiver = Receiver()
    with_retries(receiver.take, until=0.0)
    assert (receiver.asked, time.pauses) == (1, [])


def test_what_may_pass_is_tried_again_until_it_is_taken(time: Time) -> None:
    receiver = Receiver(*[TryAgain()] * 20)
    with_retries(receiver.take, until=1000.0)
    assert (receiver.asked, len(time.pauses)) == (21, 20)


def test_what_does_not_pass_is_given_up_before_time_is_up(time: Time) -> None:
    receiver = Receiver(*[TryAgain(str(number)) for number in range(100)])
    with pytest.raises(TryAgain) as last:
        with_retries(receiver.take, until=10.0)
    assert time.now < 10.0
    assert str(last.value) == str(receiver.asked - 1)
    assert receiver.asked == len(time.pauses) + 1


@pytest.mark.parametrize("until", [0.0, -5.0, FIRST_PAUSE_SECONDS])
def test_without_time_it_is_tried_once(until: float, time: Time) -> None:
    receiver = Receiver(TryAgain())
    with pytest.raises(TryAgain):
        with_retries(receiver.take, until)
    assert (receiver.asked, time.pauses) == (1, [])


@pytest.mark.parametrize("error", [ReceiverGone("c"), ValueError("bug")])
def test_what_will_not_pass_is_not_tried_again(error: Exception, time: Time) -> None:
    receiver = Receiver(error)
    with pytest.raises(type(error)):
        with_retries(receiver.take, until=1000.0)
    assert (receiver.asked, time.pauses) == (1, [])


def test_the_pauses_may_double_up_to_a_limit(time: Time) -> None:
    with_retries(Receiver(*[TryAgain()] * 8).take, until=1000.0)
    assert time.pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]
