"""The scripts of the documentation, run by Node: they take what a test prints, and answer JSON."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.docs.pages import DOCS
from tests.support.node import NODE

ASSETS = DOCS / "assets"
PROGRAM = """
const [data, script, call] = process.argv.slice(1);
require(data);
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const run = new Function('script', 'one', `return ${call}`);
process.stdout.write(JSON.stringify(asked.map(one => run(require(script), one))));
"""


def answers(data: str, script: str, call: str, asked: list[Any]) -> list[Any]:
    """What the expression `call` comes to for each of these, with `script` as the module and `one` as what is asked."""
    paths = [str(Path(ASSETS / name)) for name in (data, script)]
    done = subprocess.run(
        [str(NODE), "-e", PROGRAM, *paths, call], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
