"""The commands of a rollback, and those that delete old versions, typed into a real shell.

The `aws` that they call answers from a list of versions, and applies `--query` with the library of the AWS CLI.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stacks.packages import PACKAGES, build
from tests.docs.pages import page
from tests.docs.test_deploying import block, request

ARN = "arn:aws:lambda:us-east-1:123456789012:function:{}"
PUBLISHED = {
    # function: when each of its versions was published, the first one first
    "worker": ["2026-11-01T08:00:00.000+0000", "2026-11-20T08:00:00.000+0000", "2026-11-22T10:04:59.000+0000"],
    "untouched": ["2026-11-01T08:00:01.000+0000", "2026-11-20T08:00:01.000+0000"],
    "changed-twice": [
        "2026-11-20T09:00:00.000+0000",
        "2026-11-22T10:05:00.000+0000",
        "2026-11-22T11:05:00.000+0000",
    ],
}
STAND_IN = """#!{python}
import json, os, sys
import jmespath
name, arguments, published = os.path.basename(sys.argv[0]), sys.argv[1:], {published!r}
with open({calls!r}, "a") as calls:
    print(json.dumps([name, *arguments]), file=calls)
option = dict(zip(arguments[2:], arguments[3:]))
if name == "pulumi":
    print("us-east-1" if "output" in arguments else "production")
    sys.exit()
answer = {{}}
if arguments[1] == "get-resources":
    assert "Key=stack,Values=production" in arguments
    answer = {{"ResourceTagMappingList": [{{"ResourceARN": {arn!r}.format(each)}} for each in published]}}
elif arguments[1] == "list-versions-by-function":
    times = published[option["--function-name"].split(":")[-1]]
    versions = [{{"Version": str(number), "LastModified": time}} for number, time in enumerate(times, 1)]
    answer = {{"Versions": [{{"Version": "$LATEST", "LastModified": times[-1]}}, *versions]}}
if "--query" in option:
    found = jmespath.search(option["--query"], answer)
    print("\\t".join(found) if isinstance(found, list) else found)
"""


@dataclass(frozen=True)
class Terminal:
    """A shell in which `aws` and `pulumi` are stand-ins."""

    folder: Path

    def run(self, script: str, published: dict[str, list[str]]) -> list[list[str]]:
        """Run a script as a shell would that stops at the first failure; the calls that change something."""
        for name in ("aws", "pulumi"):
            command = self.folder / name
            calls = str(self.folder / "calls")
            command.write_text(STAND_IN.format(python=sys.executable, calls=calls, published=published, arn=ARN))
            command.chmod(0o755)
        subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", script],
            env={"PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": str(self.folder)},
            capture_output=True,
            check=True,
        )
        calls = [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]
        return [call[1:] for call in calls if call[2].startswith(("update-", "delete-", "publish-"))]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def as_aws_takes_them(calls: list[list[str]]) -> list[tuple[str, dict[str, Any]]]:
    """Operations and parameters; raises for what the AWS CLI would refuse."""
    return [request(call[0], call[1], call[2:], None) for call in calls]


def test_the_stack_goes_back_to_what_it_ran_when_the_update_began(terminal: Terminal) -> None:
    calls = terminal.run(block('list-versions-by-function --function-name "$function"'), PUBLISHED)
    versions = {"worker": "2", "untouched": "2", "changed-twice": "1"}

    assert as_aws_takes_them(calls) == [
        ("UpdateAlias", {"FunctionName": ARN.format(name), "Name": "live", "FunctionVersion": version})
        for name, version in versions.items()
    ]


def test_one_function_is_moved_by_one_command(terminal: Terminal) -> None:
    calls = terminal.run(f"FUNCTION=worker\n{block('--function-version 41')}", {})
    assert as_aws_takes_them(calls) == [
        ("UpdateAlias", {"FunctionName": "worker", "Name": "live", "FunctionVersion": "41"})
    ]


@pytest.mark.parametrize(("versions", "deleted"), [(13, ["1", "2", "3"]), (10, []), (1, [])])
def test_old_versions_are_deleted_but_the_ten_newest_and_never_the_function(
    terminal: Terminal, versions: int, deleted: list[str]
) -> None:
    published = {"worker": ["2026-11-01T08:00:00.000+0000"] * versions}
    calls = terminal.run(f"FUNCTION=worker\n{block('delete-function')}", published)
    assert as_aws_takes_them(calls) == [
        ("DeleteFunction", {"FunctionName": "worker", "Qualifier": version}) for version in deleted
    ]


def test_an_update_stores_as_much_as_the_page_says() -> None:
    stored = sum(build(name).stat().st_size for name in PACKAGES)
    prose = " ".join(page("docs/deploying.md").prose.split())
    megabytes = int(prose.partition("changes every function stores ")[2].partition(" MB")[0])
    updates = int(prose.partition(" of them fit")[0].rpartition("so that ")[2].replace(",", ""))

    assert stored / 1_000_000 == pytest.approx(megabytes, rel=0.1)
    assert 75_000 / megabytes == pytest.approx(updates, rel=0.1)
