"""No process outlives the sandbox, however it ends."""

import asyncio
import sys
import textwrap
from pathlib import Path

from tests.sandbox.functions.lab import Lab

WITH_CHILD = """
import subprocess, sys
from shared.gate import Gate
gate = Gate("function")
# The child holds the gate's connection as well: it ends when both are gone.
subprocess.Popen(["sleep", "1000"], pass_fds=[gate.connection.fileno()])
gate.say("child")
def handler(event, context):
    gate.wait()
"""


async def test_stop_ends_idle_and_busy_environments_and_their_children(lab: Lab) -> None:
    lab.add("idle", WITH_CHILD)
    lab.add("busy", WITH_CHILD)
    lab.add_web(
        "server",
        """
        from shared.gate import Gate
        gate = Gate("server")
        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        """,
    )
    service = await lab.service(warm=1)
    visits = [await lab.gate.arrival() for _ in range(3)]
    for visit in visits:
        assert visit.said == "server" or await visit.next() == "child"
    invocation = asyncio.ensure_future(service.invoke("busy", b"{}"))
    await asyncio.sleep(0)
    await service.stop()
    for visit in visits:
        assert await visit.next() is None
    assert invocation.cancelled() or isinstance(invocation.exception(), asyncio.CancelledError)
    assert list((lab.root / ".sandbox").rglob("functions/*")) == []


async def test_a_timeout_ends_the_children_of_a_function_too(lab: Lab) -> None:
    lab.add("slow", WITH_CHILD, timeout=1)
    service = await lab.service()
    assert (await service.invoke("slow", b"{}")).function_error == "Unhandled"
    visit = await lab.gate.arrival()
    assert await visit.next() == "child"
    assert await visit.next() is None


async def test_functions_die_with_a_sandbox_that_is_killed(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    script = f"""
        import asyncio
        from pathlib import Path
        from tests.sandbox.functions.lab import Lab, Gate
        async def main():
            lab = Lab(Path({str(tmp_path / "other")!r}), port={lab.port})
            await lab.gate.open()
            lab.add("child", {WITH_CHILD!r}, environment={{"GATE": {lab.gate.port!r}}})
            await lab.service(warm=1)
            await asyncio.Event().wait()
        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    sandbox = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[3])
    try:
        visit = await lab.gate.arrival()
        assert await visit.next() == "child"
    finally:
        sandbox.kill()
        await sandbox.wait()
    assert await visit.next() is None
