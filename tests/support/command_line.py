"""What the command line complains of."""

import pytest


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What was written to standard error: exactly one line."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("streamways: ")
    assert err.count("\n") == 1
    return err
