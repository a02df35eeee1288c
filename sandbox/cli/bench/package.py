"""How large the Lambda packages are, and how long the imports of each take in a new interpreter.

The interpreter is laid out as the sandbox lays it out: the code of the package, its locked dependencies, the stand-in
for the managed runtime, and nothing of the project's own environment.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox.cli.bench.table import Row
from sandbox.cli.errors import CommandError
from sandbox.functions.layers import RUNTIME_GROUP
from stacks.errors import PackageError
from stacks.packages import LOCAL, PACKAGES, Package, build, code_files, dependencies

RUNS = 3
BYTES_PER_MEGABYTE = 1_000_000
TIMED_IMPORT = """
import importlib, sys, time
started = time.perf_counter()
importlib.import_module(sys.argv[1])
print((time.perf_counter() - started) * 1000)
"""


def measure_packages() -> list[Row]:
    """Builds what is not built yet, and imports each package's entry module. Raises CommandError."""
    try:
        return [_measure(package) for package in PACKAGES.values()]
    except PackageError as error:
        raise CommandError(str(error)) from error


def _measure(package: Package) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        for name, source in code_files(package.name).items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        path = [folder, str(dependencies(package.group, LOCAL)), str(dependencies(RUNTIME_GROUP, LOCAL))]
        _import_ms(package, path, compiled=True)  # writes the bytecode
        return {
            "package": package.name,
            "zipMegabytes": round(build(package.name).stat().st_size / BYTES_PER_MEGABYTE, 2),
            "importMs": _median_ms(package, path, compiled=True),
            "importMsWithoutBytecode": _median_ms(package, path, compiled=False),
        }


def _median_ms(package: Package, path: list[str], *, compiled: bool) -> int:
    return round(statistics.median(_import_ms(package, path, compiled=compiled) for _ in range(RUNS)))


def _import_ms(package: Package, path: list[str], *, compiled: bool) -> float:
    """Milliseconds for the import; without bytecode as on AWS, where the package is unpacked to a read-only folder."""
    interpreter = getattr(sys, "_base_executable", sys.executable)
    no_bytecode = [] if compiled else ["-B", "-X", f"pycache_prefix={os.devnull}"]
    finished = subprocess.run(
        [interpreter, "-S", "-s", *no_bytecode, "-c", TIMED_IMPORT, package.entry],
        env={"PYTHONPATH": os.pathsep.join(path), "PATH": os.defpath, "AWS_REGION": "us-east-1"},
        cwd=path[0],
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        reason = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise CommandError(f"importing {package.entry} failed: {reason}")
    return float(finished.stdout)
