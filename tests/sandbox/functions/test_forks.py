"""A forked environment finds what a new interpreter would find, and only Linux forks."""

import json
import os
import signal
import sys
from typing import Any

import pytest

from sandbox.functions.service import FunctionService
from tests.sandbox.functions.lab import Lab

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks environments")

VIEW = """
import sys
import gc, locale, os, random, signal, threading, time
def handler(event, context):
    main = sys.modules["__main__"]
    return {
        "path": [entry.replace(os.getcwd(), "<task root>") for entry in sys.path],
        "arguments": sys.argv[1:],
        "program": os.path.basename(sys.argv[0]),
        "main": main.__spec__.name,
        "flags": str(sys.flags),
        "executable": sys.executable,
        "directory": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"],
        "variables": sorted(os.environ),
        "of the sandbox": [name for name in sys.modules if name.split(".")[0] in ("sandbox", "runtime_parent")],
        "descriptors": sorted({os.readlink(f"/proc/self/fd/{n}").split(":")[0] for n in os.listdir("/proc/self/fd")
                               if os.path.lexists(f"/proc/self/fd/{n}")} - {f"/proc/{os.getpid()}/fd"}),
        "leads": os.getpid() == os.getsid(0) == os.getpgid(0),
        "children": open(f"/proc/self/task/{os.getpid()}/children").read(),
        "threads": len(threading.enumerate()),
        "signals": {number.name: str(signal.getsignal(number)).split(" at ")[0] for number in signal.Signals},
        "wakeup": signal.set_wakeup_fd(-1),
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "zone": time.tzname,
        "encodings": [sys.stdout.encoding, sys.stdout.errors, sys.stderr.errors, sys.getfilesystemencoding()],
        "buffered": [sys.stdout.line_buffering, sys.stderr.line_buffering, sys.stdout.write_through],
        "collects": [gc.isenabled(), gc.get_threshold()],
    }
"""
RANDOM = """
import random
drawn = random.random()
from shared.gate import Gate
gate = Gate(drawn)
def handler(event, context):
    gate.wait()
"""
LOADED = """
import os, sys
loaded = "boto3" in sys.modules
own = "handlers.loaded" in sys.modules and "shared.gate" not in sys.modules
def handler(event, context):
    return {"loaded": loaded, "own": own, "parent": os.getppid(), "pid": os.getpid()}
"""
ENDS = """
import os
from shared.gate import Gate
gate = Gate()
def handler(event, context):
    return os.getppid()
"""
OWN_INTERPRETER = {"PYTHONWARNINGS": "default"}


async def answer(service: FunctionService, function: str) -> Any:
    invocation = await service.invoke(function, b"{}")
    assert invocation.function_error is None, invocation.payload
    return json.loads(invocation.payload)


async def test_the_libraries_of_the_runtime_are_loaded_and_the_code_of_the_function_is_not(lab: Lab) -> None:
    lab.packages.libraries = ("boto3",)
    lab.add("loaded", LOADED)
    lab.add("anew", LOADED.replace("handlers.loaded", "handlers.anew"), environment=OWN_INTERPRETER)
    service = await lab.service()
    forked, anew = await answer(service, "loaded"), await answer(service, "anew")
    assert (forked["loaded"], forked["own"]) == (True, True)
    assert (anew["loaded"], anew["own"]) == (False, True)


async def test_a_fork_finds_what_a_new_interpreter_finds(lab: Lab) -> None:
    lab.packages.libraries = ("boto3",)
    lab.add("forked", VIEW)
    lab.add("anew", VIEW, environment=OWN_INTERPRETER)
    service = await lab.service()
    forked, anew = await answer(service, "forked"), await answer(service, "anew")
    anew["variables"].remove("PYTHONWARNINGS")
    assert anew.pop("arguments") == ["handlers.anew.handler"]
    assert forked.pop("arguments") == ["handlers.forked.handler"]
    assert [(what, found, anew[what]) for what, found in forked.items() if found != anew[what]] == []


async def test_each_fork_draws_random_numbers_of_its_own(lab: Lab) -> None:
    lab.packages.libraries = ("random",)
    lab.add("draws", RANDOM)
    await lab.service(warm=3)
    assert len({(await lab.gate.arrival()).said for _ in range(3)}) == 3


@pytest.mark.parametrize("name", ["boto3.py", "json.py", "six.py"])
async def test_a_package_with_a_module_of_its_own_by_a_loaded_name_gets_it(lab: Lab, name: str) -> None:
    (lab.packages.dependency_folder / name).write_text("mine = True")
    lab.packages.libraries = ("six",)
    module = name.removesuffix(".py")
    lab.add("own", f"import {module}\ndef handler(event, context): return {module}.__file__")
    service = await lab.service()
    if module == "json":  # awslambdaric needs the standard library's
        assert (await service.invoke("own", b"{}")).function_error == "Unhandled"
    else:
        assert "/code/own-" in await answer(service, "own")


async def test_a_library_in_the_very_version_that_is_loaded_does_not_keep_a_function_from_forking(lab: Lab) -> None:
    for folder in (lab.packages.dependency_folder, lab.packages.runtime_folder):
        (folder / "shared_library.py").touch()
        (folder / "shared_library-1.0.dist-info").mkdir()
        (folder / "__pycache__").mkdir()
    lab.packages.libraries = ("boto3",)
    lab.add("loaded", LOADED)
    service = await lab.service()
    assert (await answer(service, "loaded"))["loaded"]


async def test_environments_end_with_the_process_they_were_forked_from_and_later_ones_are_started_anew(
    lab: Lab,
) -> None:
    lab.packages.libraries = ("boto3",)
    lab.add("ends", ENDS)
    service = await lab.service()
    first = await answer(service, "ends")
    visit = await lab.gate.arrival()
    assert first != os.getpid()
    os.kill(first, signal.SIGKILL)
    assert await visit.next() is None
    assert await answer(service, "ends") == os.getpid()
