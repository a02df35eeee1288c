"""The lines of the documentation that put parts in order, run by Node with a clock of its own."""

import subprocess

from tests.support.node import NODE, ROOT

PATIENCE_SECONDS = 60


def test_the_example_for_any_client_asks_for_parts_until_the_end_and_not_after_it() -> None:
    run = subprocess.run(
        [NODE, "--test", "--test-reporter=tap", "tests/examples/in-order.test.mjs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "\n# pass 9\n" in run.stdout, run.stdout
