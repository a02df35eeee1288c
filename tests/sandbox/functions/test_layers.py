"""What a function finds on disk is what its zip would unpack to."""

import json
import zipfile

import pytest

from sandbox.errors import ResourceRefused
from tests.sandbox.functions.lab import Lab

PATHS = """
import os, sys
def handler(event, context):
    return {"cwd": os.getcwd(), "files": sorted(os.listdir()), "path": sys.path, "prefix": sys.prefix}
"""


async def test_code_and_dependencies_lie_side_by_side_in_the_task_root(lab: Lab) -> None:
    lab.add("paths", PATHS)
    service = await lab.service()
    found = json.loads((await service.invoke("paths", b"{}")).payload)
    assert found["files"] == ["click", "h11", "handlers", "shared", "uvicorn"]
    assert found["path"][:2] == [found["cwd"], str(lab.packages.runtime_folder)]
    assert not [entry for entry in found["path"] if "site-packages" in entry]


async def test_a_zip_without_a_module_that_runs_here_is_refused(lab: Lab) -> None:
    function = lab.add("paths", PATHS)
    with zipfile.ZipFile(function.package, "w") as archive:
        archive.writestr("handlers/paths.py", PATHS)
        archive.writestr("handlers/left_over.py", "")
    with pytest.raises(ResourceRefused, match=r"missing \['shared/gate.py'\], too much \['handlers/left_over.py'\]"):
        await lab.service()


async def test_variables_that_lambda_reserves_are_refused(lab: Lab) -> None:
    lab.add("paths", PATHS, environment={"AWS_REGION": "eu-north-1"})
    with pytest.raises(ResourceRefused, match="AWS_REGION: Lambda reserves"):
        await lab.service()
