"""This project's own program against the monitor: what the sandbox deploys, in the order in which it is made."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.engine.deployment import deploy
from sandbox.engine.launch import ProgramProcess
from sandbox.engine.monitor import Deployment
from sandbox.engine.project import configure, load
from sandbox.options import PROJECT_ROOT
from tests.sandbox.resources.account import Account


@pytest.fixture(scope="module")
async def deployment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    folder: Path = tmp_path_factory.mktemp("own")
    project, moto, program = load(PROJECT_ROOT), Moto(folder / "moto.log"), ProgramProcess(folder / "program.log")
    account = Account(project.working_folder, MotoClients(moto, "us-east-1"))
    try:
        await program.start()
        await moto.start()
        running = deploy(project, "dev", configure(project, "dev", {}), account.cloud, program, on_message=print)
        deployed, _ = await asyncio.gather(running, moto.answering())
        yield deployed
    finally:
        await program.stop()
        await moto.stop()


@pytest.mark.parametrize("url", ["function-url", "websocket-tickets"])
def test_a_function_url_is_made_first_and_its_permissions_after_it_one_by_one(deployment: Deployment, url: str) -> None:
    made = {resource.name: resource for resource in deployment.resources.values() if resource.custom}
    chain = [f"{url}-url", f"{url}-call-url", f"{url}-invoke-via-url"]
    assert [name for name in made if name in chain] == chain
    for earlier, later in itertools.pairwise(chain):
        assert made[earlier].urn in made[later].dependencies


def test_every_resource_is_made_after_what_it_depends_on(deployment: Deployment) -> None:
    place = {urn: number for number, urn in enumerate(deployment.resources)}
    waits = {(urn, needed) for urn, resource in deployment.resources.items() for needed in resource.dependencies}
    assert len(waits) > len(deployment.resources), "the program has dependencies"
    assert not [(urn, needed) for urn, needed in waits if place[needed] >= place[urn]]
