"""What the README tells a reader to keep is enough to deploy."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import page
from tests.support.imports import ROOT

SECONDS = 120
DEPLOY = """
import functools, sys, warnings
warnings.simplefilter("ignore")
sys.path = [{kept!r}, *(path for path in sys.path if path not in ("", {root!r}))]
from pathlib import Path
import pulumi_aws
assert pulumi_aws.lambda_ and pulumi_aws.s3
import stacks, shared, handlers
assert {{Path(one.__path__[0]).parent for one in (stacks, shared, handlers)}} == {{Path({kept!r})}}
import importlib.util
spec = importlib.util.spec_from_file_location("recording", {recording!r})
recording = sys.modules["recording"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recording)
recording.ROOT = Path({kept!r})
from stacks import packages, program
# The code of each package is followed and read; its dependencies are the lock's, here as anywhere.
program.build = lambda name: packages.code_files(name) and Path({kept!r}, "handlers")
deployed = recording.run(recording.defaults(), "dev", program=Path({kept!r}, "stacks"))
print(len(deployed.of("aws:lambda/function:Function")), *sorted(deployed.outputs))
missing = sorted(name for name in sys.modules if name.partition(".")[0] in ("sandbox", "streamways", "tests"))
assert not missing, missing
"""


def test_a_stack_is_deployed_from_what_the_readme_says_to_keep(tmp_path: Path) -> None:
    kept, gone = ({name for row in rows for name in names(row)} for rows in tables())
    assert {path.name for path in ROOT.iterdir() if is_ours(path)} == kept | gone, "README.md, What to keep"
    for name in kept:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, tmp_path)
    recording = ROOT / "tests" / "program" / "recording.py"
    script = DEPLOY.format(kept=str(tmp_path), root=str(ROOT), recording=str(recording))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    functions, *outputs = done.stdout.split()
    assert int(functions) == 10
    assert {"functionUrl", "webSocketUrl", "appSyncUrl", "userPoolId"} <= set(outputs)


def tables() -> tuple[list[list[str]], list[list[str]]]:
    """The rows of what to keep, and of what may go."""
    section = page("README.md").text.partition("## What to keep\n")[2].partition("\n## ")[0]
    blocks = [block for block in re.split(r"\n\n+", section) if block.lstrip().startswith("|")]
    first, second = ([line.strip("|").split("|") for line in block.strip().splitlines()[2:]] for block in blocks)
    return first, second


def names(row: list[str]) -> list[str]:
    return [name.rstrip("/") for name in re.findall(r"`([^`]+)`", row[0])]


def is_ours(path: Path) -> bool:
    """Whether git has it; what makes or caches something is not listed anywhere."""
    hidden = path.name.startswith(".") and path.name not in {".ci", ".github"}
    return not hidden and path.name not in {"build", "site", "__pycache__"} and path.suffix != ".egg-info"
