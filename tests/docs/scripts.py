"""The scripts of the documentation, run by Node: they take what a test prints, and answer JSON."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.docs.pages import DOCS
from tests.support.node import NODE, ROOT

ASSETS = DOCS / "assets"
PROGRAM = """
const [data, script, call] = process.argv.slice(1);
require(data);
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const run = new Function('script', 'one', `return ${call}`);
process.stdout.write(JSON.stringify(asked.map(one => run(require(script), one))));
"""

OPENED = """
const [fake, id, fragment, act, ...scripts] = process.argv.slice(1);
const place = require(fake).open(id, fragment, scripts);
const rows = () => place.all('tr').map(row => row.children.map(cell => cell.textContent));
new Function('place', act)(place);
process.stdout.write(JSON.stringify({ text: place.textContent, rows: rows(), address: location.hash }));
"""


def opened(place: str, fragment: str, scripts: list[str], act: str = "") -> dict[str, Any]:
    """Text, rows of tables and address of a page whose scripts have run, and then `act`, in which `place` is the
    element that they fill."""
    paths = [str(ASSETS / name) for name in scripts]
    program = ["-e", OPENED, str(ROOT / "tests" / "node" / "document.cjs"), place, fragment, act]
    done = subprocess.run([str(NODE), *program, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answers(data: str, script: str, call: str, asked: list[Any]) -> list[Any]:
    """What the expression `call` comes to for each of these, with `script` as the module and `one` as what is asked."""
    paths = [str(Path(ASSETS / name)) for name in (data, script)]
    done = subprocess.run(
        [str(NODE), "-e", PROGRAM, *paths, call], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
