"""`python -m sandbox.engine.program`: runs one Pulumi program, unmodified, as Pulumi's own launcher does.

A line of JSON on standard input says which (`Job`); when standard input ends, so does the process. An error of the
program goes to the engine as one line, and to standard error with its traceback. Exit code 0 or 1.
"""

import asyncio
import json
import logging
import os
import runpy
import sys
import threading
import traceback
from pathlib import Path

import pulumi
from pulumi import runtime

from sandbox.engine import sources
from sandbox.engine.launch import Job
from sandbox.errors import one_line

PARALLEL = 16
"""Resources that are registered at the same time, the engine's own default."""


def run(job: Job) -> None:
    """Run the program to its end. Raises what the program raises."""
    program = Path(job.program)
    folder, name = (program, ".") if program.is_dir() else (program.parent, program.name)
    runtime.set_all_config(dict(job.config), list(job.secret_keys))
    runtime.configure(
        runtime.Settings(
            project=job.project,
            stack=job.stack,
            organization="organization",
            root_directory=job.root,
            monitor=job.engine,
            engine=job.engine,
            parallel=PARALLEL,
            dry_run=False,
        )
    )
    sys.argv = [name]
    os.chdir(folder)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # A failed program leaves futures behind that asyncio would complain about; Pulumi's launcher does the same.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop.run_until_complete(runtime.run_in_stack(lambda: _execute(name)))


def describe(error: BaseException) -> str:
    """One line for a person: the words of an error class of the program's own, with type and place for Python's."""
    words = one_line(str(error))
    if type(error).__module__ != "builtins":
        return words or type(error).__name__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {words}{place}"


def _execute(name: str) -> None:
    runpy.run_path(name, run_name="__main__")


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(1)


def _main() -> int:
    job = Job.from_line(sys.stdin.readline())
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    sources.take_note()
    try:
        run(job)
    except BaseException as error:
        traceback.print_exc()
        pulumi.log.error(describe(error))
        return 1
    finally:
        files = sources.files(Path(job.root), Path(job.program))
        Path(job.files).write_text(json.dumps(list(map(str, files))))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
