"""One deployment: the monitor serves, the program's process runs against it, and what came of it is told."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

from sandbox.engine.changes import Changes
from sandbox.engine.launch import Job, ProgramProcess
from sandbox.engine.monitor import Engine, Monitor
from sandbox.engine.project import Config, Project
from sandbox.engine.protocol import engine_pb2_grpc, resource_pb2_grpc
from sandbox.engine.resource import Deployment
from sandbox.errors import DeploymentFailed, ResourceRefused

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""Pulumi's own limit of a message."""
THREADS = 16

GRPC_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
]


async def deploy(
    project: Project,
    stack: str,
    config: Config,
    changes: Changes,
    process: ProgramProcess,
    *,
    on_message: Callable[[str], None],
) -> Deployment:
    """Run the project's program in `process` (started), and return what it registered; what it changes is in `changes`.

    The lines that it logs (`pulumi.log.info`) go to `on_message`, from another thread. Nothing is deleted: that is the
    caller's, by `changes.complete`. Raises DeploymentFailed with one line; then everything is as it was before.
    """
    deployment = Deployment(project.name, stack)
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="monitor")
    server = grpc.server(threads, options=GRPC_OPTIONS)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(changes, deployment), server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(deployment, on_message), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    job = Job(
        project=project.name,
        stack=stack,
        root=str(project.root),
        program=str(project.program),
        engine=f"127.0.0.1:{port}",
        config=config.values,
        secret_keys=config.secret_keys,
        files=str(process.list_of_files),
    )
    try:
        exit_code = await process.run(job)
    finally:
        server.stop(grace=None)
        threads.shutdown(wait=False, cancel_futures=True)
    if exit_code or deployment.refusals:
        await asyncio.to_thread(changes.undo)
        raise DeploymentFailed(_reason(deployment, exit_code, process))
    try:
        changes.check_removals(deployment.resources)
    except ResourceRefused as refusal:
        await asyncio.to_thread(changes.undo)
        raise DeploymentFailed(f"the program failed: {refusal}") from None
    return deployment


def _reason(deployment: Deployment, exit_code: int, process: ProgramProcess) -> str:
    """A refusal comes back to the program as an exception: what was refused first says more than what it raised."""
    for found in (deployment.refusals, deployment.errors):
        if found:
            return f"the program failed: {found[0]}"
    return f"the program ended with exit code {exit_code}; see {process.log}"
