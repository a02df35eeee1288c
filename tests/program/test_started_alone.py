"""Each program starts as Pulumi starts it: in a process of its own, with its folder first on the path."""

import os
import subprocess
import sys

import pytest

from tests.support.imports import ROOT


@pytest.mark.parametrize("folder", ["stacks", "stacks/bootstrap"])
def test_a_program_finds_its_modules_where_its_folder_comes_first(folder: str) -> None:
    """Without a configuration it says which settings are missing, so it has imported all that it needs."""
    started = subprocess.run(
        [sys.executable, "-c", "import runpy; runpy.run_path('.', run_name='__main__')"],
        cwd=ROOT / folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "its default is in Pulumi.yaml" in started.stderr.splitlines()[-1], started.stderr
