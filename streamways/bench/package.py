"""How large the Lambda packages are, and how long the imports of each take in a new interpreter.

The interpreter finds what Lambda's does: the package, unpacked without bytecode as it is shipped (its folder is
read-only on AWS, so each cold start compiles it), and beneath it the stand-in for the managed runtime, whose boto3 is
compiled. Beside it stands the same import with everything compiled.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox.functions.layers import RUNTIME_GROUP
from shared.contract.architecture import Package
from stacks.errors import PackageError
from stacks.packages import LOCAL, PACKAGES, build, code_files, dependencies
from streamways.bench.table import Row
from streamways.errors import CommandError

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
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copytree(
            dependencies(package.group, LOCAL), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        for name, source in code_files(package.name).items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        as_shipped = [_import_ms(package, folder, "-B") for _ in range(RUNS)]
        _import_ms(package, folder)  # writes the bytecode
        compiled = [_import_ms(package, folder) for _ in range(RUNS)]
    return {
        "package": package.name,
        "zipMegabytes": round(build(package.name).stat().st_size / BYTES_PER_MEGABYTE, 2),
        "importMs": round(statistics.median(as_shipped)),
        "importMsCompiled": round(statistics.median(compiled)),
    }


def _import_ms(package: Package, folder: Path, *options: str) -> float:
    """Milliseconds for the import of what is unpacked in `folder`."""
    interpreter = getattr(sys, "_base_executable", sys.executable)
    path = os.pathsep.join([str(folder), str(dependencies(RUNTIME_GROUP, LOCAL))])
    finished = subprocess.run(
        [interpreter, "-S", "-s", *options, "-c", TIMED_IMPORT, package.entry],
        env={"PYTHONPATH": path, "PATH": os.defpath, "AWS_REGION": "us-east-1"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        reason = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise CommandError(f"importing {package.entry} failed: {reason}")
    return float(finished.stdout)
