"""`bench waiting`: what a function works, told by its process."""

import pytest

from streamways.bench import waiting
from streamways.bench.endpoints import Load
from streamways.clients.client import ARCHITECTURES


def test_a_function_works_less_than_it_runs_and_not_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "RUNS", 1)
    monkeypatch.setattr(waiting, "WARM_UP", Load(tokens=5, tokens_per_second=100, call_seconds=0.001))
    rows = waiting.measure_waiting(30, 30)
    assert [row["architecture"] for row in rows] == list(ARCHITECTURES)
    for row in rows:
        worked, seconds = row["processorSeconds"], row["seconds"]
        assert isinstance(worked, float)
        assert isinstance(seconds, float)
        assert 0 < worked < seconds
        assert row["waitingPercent"] == pytest.approx(100 * (1 - worked / seconds), abs=2)
