"""What Lambda's init phase makes, and what waits for the first call elsewhere."""

import pytest

from shared.init_phase import at_init


def test_in_lambda_a_thing_is_made_when_its_module_is_imported_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "streamways-worker")
    made: list[object] = []
    get = at_init(lambda: made.append(object()) or made[-1])
    assert len(made) == 1
    assert get() is get() is made[0]


def test_elsewhere_a_thing_is_made_at_the_first_call_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    made: list[object] = []
    get = at_init(lambda: made.append(object()) or made[-1])
    assert made == []
    assert get() is get() is made[0]
