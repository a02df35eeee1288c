"""What a sandbox serves, put together: AWS's APIs, the edge, functions and model, and the program behind them."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.cognito import PublicCognito
from sandbox.aws.demo_users import DemoUsers
from sandbox.aws.gateway import PREFIX as GATEWAY_PREFIX
from sandbox.aws.gateway import Gateway
from sandbox.aws.identity_pools import PublicIdentityPools
from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.pool_tokens import PoolTokens
from sandbox.control.interface import Control
from sandbox.edge import function_url, websocket_api
from sandbox.edge.appsync import service as appsync
from sandbox.edge.appsync.faults import AppSyncFaults
from sandbox.edge.appsync.realtime import Limits as RealTimeLimits
from sandbox.edge.connection_faults import ConnectionFaults
from sandbox.edge.connections import WebSocketLimits
from sandbox.engine.changes import Changes, Counts
from sandbox.engine.deployment import deploy
from sandbox.engine.launch import ProgramProcess
from sandbox.engine.project import Config, Project
from sandbox.engine.resource import Deployment
from sandbox.errors import SandboxError
from sandbox.functions.logs import FunctionLogs
from sandbox.functions.service import FunctionService
from sandbox.functions.settling import Settling
from sandbox.iam.credentials import Credentials
from sandbox.options import SandboxOptions
from sandbox.page.access import signed_in
from sandbox.provider.server import ProviderServer
from sandbox.resources.handler import Cloud
from sandbox.world import World


class Services:
    """All services of one World, from `deploy` to the end of `running`."""

    def __init__(
        self,
        options: SandboxOptions,
        project: Project,
        world: World,
        moto: Moto,
        folder: Path,
        *,
        ca_file: Path | None,
        running: AsyncExitStack,
        request_stop: Callable[[], None],
    ) -> None:
        self.credentials = Credentials()
        self._options = options
        self._project = project
        self._moto = moto
        self._world = world
        self._running = running
        self._deployed: Deployment | None = None
        """What the program's last good run registered."""
        self._clients = MotoClients(moto, world.region)
        self._cloud = Cloud(world, self._clients, project.working_folder)
        self._functions = functions = FunctionService(
            world,
            options,
            self.credentials,
            FunctionLogs(folder / "logs"),
            f"{world.origin}{GATEWAY_PREFIX}",
            ca_file=ca_file,
        )
        self._settling = Settling(functions)
        running.push_async_callback(functions.stop)
        model = ModelEmulator(options.pace, options.project_root / "docs")
        connection_faults, app_sync_faults = ConnectionFaults(), AppSyncFaults()
        faults = {
            "/connections/fault": connection_faults,
            "/appsync/publish/fault": app_sync_faults.publishes,
            "/appsync/fault": app_sync_faults.deliveries,
            "/events/fault": functions.event_faults,
        }
        self.control = Control(secrets.token_urlsafe(32), model, request_stop, functions.kill, faults)
        self._proxy = proxy = MotoProxy(moto)
        running.push_async_callback(proxy.close)
        pools = self._cloud.user_pools
        credentials, scale = self.credentials, options.time_scale
        tokens = PoolTokens(world, pools, proxy)
        self.page_routes = self.control.page_routes(signed_in(tokens, lambda: self.control.users))
        """What the page's own origin serves of the control interface."""
        gateway = Gateway(world, functions, credentials, model, proxy)
        web_socket_limits, real_time_limits = WebSocketLimits(time_scale=scale), RealTimeLimits(time_scale=scale)
        self.application = Starlette(
            routes=[
                *self.control.routes(),
                *gateway.routes(),
                *PublicCognito(world, pools, proxy, partial(gateway.answer_for, "cognito-idp")).routes(),
                *PublicIdentityPools(world, credentials, tokens, proxy, scale).routes(),
                *function_url.routes(world, functions, credentials),
                *websocket_api.routes(world, functions, credentials, web_socket_limits, connection_faults),
                *appsync.routes(world, functions, credentials, tokens, real_time_limits, app_sync_faults),
            ]
        )

    async def deploy(
        self, config: Config, program: ProgramProcess, *, on_progress: Callable[[str], None]
    ) -> Deployment:
        """Run the program, then start its functions and make its demo users; served already while it runs.

        Raises SandboxError.
        """
        stack, changes = self._options.stack, Changes(self._cloud)
        program_runs = deploy(self._project, stack, config, changes, program, on_message=on_progress)
        deployment, *_ = await _together(program_runs, self._prepare_moto(), self._functions.rollout.prepare())
        on_progress(f"deployed {len(deployment.resources)} resources, starting {len(self._world.functions)} functions")
        await _together(self._functions.start(), self._meet_users(deployment))
        self._deployed = deployment
        return deployment

    async def deploy_again(
        self, project: Project, config: Config, program: ProgramProcess, *, on_progress: Callable[[str], None]
    ) -> tuple[Deployment, Counts]:
        """Run the program anew, and apply what differs from its last run.

        Raises SandboxError; then all is as it was before.
        """
        assert self._deployed is not None, "deploy() was not called"
        changes = Changes(self._cloud, self._deployed.resources, self._settling.settle)
        # A hot reload and an operator move aliases too, so what is taken back is not what the program said of them.
        functions = tuple(self._world.functions.values())
        before = [(alias, alias.version) for function in functions for alias in function.aliases.values()]
        try:
            deployment = await deploy(project, self._options.stack, config, changes, program, on_message=on_progress)
        except SandboxError:
            for alias, version in before:
                alias.version = version
            await self._functions.rollout.apply()
            raise
        self._deployed = deployment
        await asyncio.to_thread(changes.complete, deployment.resources)
        await self._functions.rollout.apply()
        await self._meet_users(deployment)
        return deployment, changes.counts

    async def serve_provider(self, on_rest: Callable[[int], object]) -> int:
        """Wait for engines, in an empty account; the port. `on_rest` gets it each time when one has ended its work.

        Raises SandboxError.
        """
        await _together(self._prepare_moto(), self._functions.rollout.prepare())
        await self._functions.start()

        async def rest() -> None:
            await self._meet_users(None)
            on_rest(port)

        server = ProviderServer(self._cloud, self._settling, rest)
        self._running.push_async_callback(server.stop)
        port = server.start()
        return port

    async def _prepare_moto(self) -> None:
        await self._moto.answering()
        await asyncio.to_thread(self._clients.prepare)

    async def _meet_users(self, deployment: Deployment | None) -> None:
        """Make the demo users of the app client in the stack's outputs, else of the first one; old users stay."""
        wanted = deployment and str(deployment.outputs.get("userPoolClientId"))
        clients = [(pool, client) for pool in self._cloud.user_pools.values() for client in pool.clients]
        pool, client_id = next(((pool, each) for pool, each in clients if wanted in (None, each)), (None, ""))
        users = self.control.users
        if pool is None:
            self.control.users = None
            return
        if users is None or users.pool_id != pool.id:
            users = DemoUsers(self._clients, self._proxy, pool, client_id)
        users.client_id = client_id
        await users.create()
        self.control.users = users


async def _together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results of all; when one fails, the others are cancelled and its error is raised by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failures:
        expected = failures.subgroup(SandboxError)
        raise (expected or failures).exceptions[0] from None
    return [task.result() for task in tasks]
