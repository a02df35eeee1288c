"""How a delivery tries again: only what may pass, a few times, with growing pauses of random length."""

from types import SimpleNamespace

import pytest

from shared.stream import delivery
from shared.stream.delivery import ATTEMPTS, LONGEST_PAUSE_SECONDS, ReceiverGone, TryAgain, with_retries


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, which take no time here."""
    made: list[float] = []
    monkeypatch.setattr(delivery, "time", SimpleNamespace(sleep=made.append))
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


def test_what_is_taken_is_sent_once(pauses: list[float]) -> None:
    receiver = Receiver()
    with_retries(receiver.take)
    assert (receiver.asked, pauses) == (1, [])


def test_what_may_pass_is_tried_again_until_it_is_taken(pauses: list[float]) -> None:
    receiver = Receiver(*[TryAgain()] * (ATTEMPTS - 1))
    with_retries(receiver.take)
    assert (receiver.asked, len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)


def test_what_does_not_pass_is_given_up(pauses: list[float]) -> None:
    receiver = Receiver(*[TryAgain(str(number)) for number in range(ATTEMPTS + 1)])
    with pytest.raises(TryAgain, match=str(ATTEMPTS - 1)):
        with_retries(receiver.take)
    assert (receiver.asked, len(pauses)) == (ATTEMPTS, ATTEMPTS - 1)


@pytest.mark.parametrize("error", [ReceiverGone("c"), ValueError("bug")])
def test_what_will_not_pass_is_not_tried_again(error: Exception, pauses: list[float]) -> None:
    receiver = Receiver(error)
    with pytest.raises(type(error)):
        with_retries(receiver.take)
    assert (receiver.asked, pauses) == (1, [])


def test_the_pauses_may_double_up_to_a_limit(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "random", SimpleNamespace(uniform=lambda _, longest: longest))
    with_retries(Receiver(*[TryAgain()] * (ATTEMPTS - 1)).take)
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, LONGEST_PAUSE_SECONDS]
