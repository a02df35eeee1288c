"""The samples of one architecture alone, each a Pulumi project in a folder of its own, on the sandbox's engine."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.engine.changes import Changes
from sandbox.engine.deployment import deploy
from sandbox.engine.launch import ProgramProcess
from sandbox.engine.project import Project, configure, load
from sandbox.engine.resource import Deployment
from sandbox.world import World
from tests.docs.pages import DOCS
from tests.sandbox.resources.account import Account

SAMPLES = ("function_url_alone", "websocket_alone", "appsync_alone")
POOL = {"userPoolId", "userPoolClientId"}
"""Outputs with which a client signs in."""
PROJECT = """
name: {name}
runtime: python
config:
  pulumi:disable-default-providers: {{value: [aws]}}
"""


@dataclass(frozen=True)
class Deployed:
    """What a sample registered, and what became of it."""

    deployment: Deployment
    world: World


@pytest.fixture(scope="module")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mapping[str, Deployed]]:
    folder: Path = tmp_path_factory.mktemp("alone")
    moto = Moto(folder / "moto.log")
    try:
        await moto.start()
        running = asyncio.gather(*(_deployed(_project(name, folder / name), moto) for name in SAMPLES))
        made, _ = await asyncio.gather(running, moto.answering())
        yield dict(zip(SAMPLES, made, strict=True))
    finally:
        await moto.stop()


def _project(name: str, folder: Path) -> Project:
    """A project that holds nothing but a sample, which is its whole program."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT.format(name=name))
    shutil.copy(DOCS / "examples" / f"{name}.py", folder / "__main__.py")
    return load(folder)


async def _deployed(project: Project, moto: Moto) -> Deployed:
    account, program = (
        Account(project.root, MotoClients(moto, "us-east-1")),
        ProgramProcess(project.root / "program.log"),
    )
    try:
        await program.start()
        made = await deploy(
            project, "dev", configure(project, "dev", {}), Changes(account.cloud), program, on_message=print
        )
    finally:
        await program.stop()
    return Deployed(made, account.world)


def functions(world: World) -> set[str]:
    """The functions by their logical names: Pulumi appends seven characters and a hyphen."""
    return {name[:-8] for name in world.functions}


def test_the_function_url_is_deployed_alone(deployed: Mapping[str, Deployed]) -> None:
    made = deployed["function_url_alone"]
    assert functions(made.world) == {"answers-handler", "answers-reaper"}
    (url,) = made.world.function_urls.values()
    assert str(made.deployment.outputs["functionUrl"]).endswith(f"/{url.url_id}/")
    assert not made.world.websocket_apis
    assert not made.world.graphql_apis


def test_the_websocket_api_is_deployed_alone(deployed: Mapping[str, Deployed]) -> None:
    made = deployed["websocket_alone"]
    roles = {"authorizer", "reaper", "routes", "tickets", "worker"}
    assert functions(made.world) == {f"answers-{role}" for role in roles}
    (api,) = made.world.websocket_apis.values()
    assert api.stages
    assert set(made.deployment.outputs) == {"webSocketUrl", "webSocketTicketUrl", *POOL}
    assert not made.world.graphql_apis


def test_appsync_is_deployed_alone(deployed: Mapping[str, Deployed]) -> None:
    made = deployed["appsync_alone"]
    assert functions(made.world) == {"answers-api", "answers-reaper", "answers-worker"}
    assert len(made.world.graphql_apis) == 1
    assert set(made.deployment.outputs) == {"appSyncUrl", "appSyncRealtimeUrl", *POOL}
    assert not made.world.function_urls
    assert not made.world.websocket_apis
