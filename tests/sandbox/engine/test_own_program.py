"""This project's own program against the monitor: what the sandbox deploys, in the order in which it is made."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.engine.changes import Changes
from sandbox.engine.deployment import deploy
from sandbox.engine.launch import ProgramProcess
from sandbox.engine.project import configure, load
from sandbox.engine.resource import Deployment
from sandbox.options import PROJECT_ROOT
from sandbox.world import RouteSettings, World
from tests.sandbox.resources.account import Account


@dataclass(frozen=True)
class Deployed:
    """What the program registered, and what became of it."""

    deployment: Deployment
    world: World


@pytest.fixture(scope="module")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployed]:
    folder: Path = tmp_path_factory.mktemp("own")
    project, moto, program = load(PROJECT_ROOT), Moto(folder / "moto.log"), ProgramProcess(folder / "program.log")
    account = Account(project.working_folder, MotoClients(moto, "us-east-1"))
    try:
        await program.start()
        await moto.start()
        config = configure(project, "dev", {"environment": "production"})
        running = deploy(project, "dev", config, Changes(account.cloud), program, on_message=print)
        deployment, _ = await asyncio.gather(running, moto.answering())
        yield Deployed(deployment, account.world)
    finally:
        await program.stop()
        await moto.stop()


@pytest.mark.parametrize("url", ["function-url", "websocket-tickets"])
def test_a_function_url_is_made_first_and_its_permissions_after_it_one_by_one(deployed: Deployed, url: str) -> None:
    made = {resource.name: resource for resource in deployed.deployment.resources.values() if resource.custom}
    chain = [f"{url}-url", f"{url}-call-url", f"{url}-invoke-via-url"]
    assert [name for name in made if name in chain] == chain
    for earlier, later in itertools.pairwise(chain):
        assert made[earlier].urn in made[later].dependencies


def test_the_stage_throttles_as_the_settings_say(deployed: Deployed) -> None:
    (api,) = deployed.world.websocket_apis.values()
    (stage,) = api.stages.values()
    assert stage[1] == RouteSettings(throttling_rate_limit=500, throttling_burst_limit=1000)


def test_the_sandbox_takes_production_and_sees_what_pulumi_would_protect(deployed: Deployed) -> None:
    protected = {resource.name for resource in deployed.deployment.resources.values() if resource.protect}
    users = {"identity-pool", "identity-client", "identity-free", "identity-pro", "identity-enterprise"}
    assert protected == {*users, "core-streams"}


def test_every_resource_is_made_after_what_it_depends_on(deployed: Deployed) -> None:
    resources = deployed.deployment.resources
    place = {urn: number for number, urn in enumerate(resources)}
    waits = {(urn, needed) for urn, resource in resources.items() for needed in resource.dependencies}
    assert len(waits) > len(resources), "the program has dependencies"
    assert not [(urn, needed) for urn, needed in waits if place[needed] >= place[urn]]
