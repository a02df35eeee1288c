"""What a benchmark starts."""

import pytest

from streamways.bench import startup, stream
from streamways.cli.app import run
from streamways.cli.options import PORT_VARIABLE
from streamways.errors import CommandError
from streamways.target.launch import StartOptions


@pytest.mark.parametrize("module", [startup, stream], ids=["startup", "stream"])
def test_a_benchmark_starts_its_sandbox_on_the_port_of_the_environment(
    module: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    asked: list[StartOptions] = []

    def launch(options: StartOptions, **_: object) -> None:
        asked.append(options)
        raise CommandError("started enough")

    monkeypatch.setattr(module, "launch", launch)
    monkeypatch.setenv(PORT_VARIABLE, "9177")
    name = "startup" if module is startup else "stream"
    assert run(["bench", name]) == 1
    assert [options.port for options in asked] == [9177]
    assert "started enough" in capsys.readouterr().err
