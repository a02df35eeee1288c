"""What a function's process finds on disk and in its environment: only what Lambda would give it.

A *task root* is what the zip would unpack to under /var/task: our code, and beside it the locked dependencies, here
built for this machine. It lies in a folder named by its content, so that changed code gets a new one and a running
environment keeps the old. Beneath it, as on AWS, is the runtime's own folder with boto3 and the runtime client.
"""

import hashlib
import shlex
import shutil
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sandbox.errors import ResourceRefused
from sandbox.iam.credentials import Keys
from sandbox.world import Function
from stacks.packages import LOCAL, code_of, dependencies, locked_requirements, package_of

RUNTIME_GROUP = "lambda-runtime"
"""The dependency group that stands for what the managed runtime brings by itself."""

RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""CreateFunction refuses these (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html)."""

TRUST_VARIABLES = ("AWS_CA_BUNDLE", "SSL_CERT_FILE")
"""Name the certificate authorities to trust, to the SDK and to OpenSSL. Set only where the sandbox speaks TLS."""
_ANYONE_MAY_EXECUTE = 0o001


class Packages(Protocol):
    """Where code and dependencies come from."""

    def code_files(self, package: Path) -> Mapping[str, Path]:
        """Our own code in a deployed zip: archive name → source file as it is now."""
        ...

    def dependencies(self, package: Path) -> Path:
        """The folder with the locked dependencies of a deployed zip, built for this machine."""
        ...

    def runtime(self) -> Path:
        """The folder with what the managed runtime brings: boto3, awslambdaric."""
        ...

    @property
    def libraries(self) -> Sequence[str]:
        """The modules in `runtime` that functions are to find loaded already."""
        ...


class ProjectPackages:
    """The packages of the project at `project_root`, which say of themselves what they were made from."""

    libraries = ("boto3",)

    def __init__(self, project_root: Path) -> None:
        self._root = project_root
        self._parsing = threading.Lock()
        self._folders: dict[str, Path] = {}
        self._installing: dict[str, threading.Lock] = {}
        """By locked requirements, for groups that are locked alike share a folder."""

    def code_files(self, package: Path) -> Mapping[str, Path]:
        """Raises `stacks.errors.PackageError`."""
        # One thread at a time: two that parse at once can fail, "AST constructor recursion depth mismatch".
        with self._parsing:
            return code_of(package_of(package), root=self._root)

    def dependencies(self, package: Path) -> Path:
        """Installed at the first call; raises `stacks.errors.PackageError`."""
        return self._installed(package_of(package).group)

    def runtime(self) -> Path:
        """Installed at the first call; raises `stacks.errors.PackageError`."""
        return self._installed(RUNTIME_GROUP)

    def _installed(self, group: str) -> Path:
        """Found once for all environments of a sandbox: an edit of the lock is for the next one."""
        if group not in self._folders:
            requirements = locked_requirements(group, root=self._root)
            with self._installing.setdefault(requirements, threading.Lock()):
                self._folders[group] = dependencies(group, LOCAL, root=self._root)
        return self._folders[group]


class Layers:
    """Makes task roots in `folder`, which belongs to one sandbox and goes with it.

    Dependencies are linked, not copied: their bytecode is written where they are installed, once for all sandboxes.
    """

    def __init__(self, packages: Packages, folder: Path) -> None:
        self._packages = packages
        self._folder = folder
        self.bin = folder / "bin"
        """The folder of the `python` that functions find on their PATH."""

    @property
    def runtime(self) -> Path:
        """What the managed runtime brings (`LAMBDA_RUNTIME_DIR`)."""
        return self._packages.runtime()

    @property
    def libraries(self) -> Sequence[str]:
        """The modules of the runtime that functions are to find loaded already."""
        return self._packages.libraries

    def prepare(self) -> None:
        """Write `python`: the interpreter that runs the sandbox, without its site-packages.

        So a module that is missing from a package is missing here as well.
        """
        self.bin.mkdir(parents=True, exist_ok=True)
        interpreter = getattr(sys, "_base_executable", sys.executable)
        shim = self.bin / "python"
        shim.write_text(f'#!/bin/sh\nexec {shlex.quote(interpreter)} -S -s "$@"\n')
        shim.chmod(0o755)
        (self.bin / "python3").unlink(missing_ok=True)
        (self.bin / "python3").symlink_to("python")

    def verify(self, function: Function) -> None:
        """Refuse what AWS would not run as we do. Raises `ResourceRefused`.

        The deployed zip must hold exactly the modules that run here from their sources, and the environment must not
        set what Lambda sets itself.
        """
        reserved = sorted(RESERVED_VARIABLES.intersection(function.environment))
        if reserved:
            raise ResourceRefused(
                f"Function {function.name} sets {', '.join(reserved)}: Lambda reserves these variables. Rename them."
            )
        sources = set(self._packages.code_files(function.package))
        folders = {name.partition("/")[0] for name in sources}
        with zipfile.ZipFile(function.package) as archive:
            packed = {name for name in archive.namelist() if name.partition("/")[0] in folders}
        if packed != sources:
            raise ResourceRefused(
                f"{function.package.name} does not hold the code that it is to run: "
                f"missing {sorted(sources - packed) or 'nothing'}, too much {sorted(packed - sources) or 'nothing'}. "
                f"Run `make build`."
            )

    def source_folders(self, functions: Iterable[Function]) -> Sequence[Path]:
        """The folders that hold the code of these functions: for each source that of its top-level package."""
        found = {
            path.parents[max(name.count("/") - 1, 0)]
            for function in functions
            for name, path in self._packages.code_files(function.package).items()
        }
        return sorted(folder for folder in found if found.isdisjoint(folder.parents))

    def task_root(self, function: Function) -> Path:
        """The folder with the function's code as its sources are now, made if it is new. Blocks; may install."""
        sources = self._packages.code_files(function.package)
        dependencies = self._packages.dependencies(function.package)
        modes = _modes(function.package)
        contents = {name: path.read_bytes() for name, path in sources.items()}
        digest = hashlib.sha256(str(dependencies).encode())
        for name in sorted(contents):
            digest.update(f"\0{name} {modes.get(name)} {hashlib.sha256(contents[name]).hexdigest()}".encode())
        folder = self._folder / "code" / f"{function.name}-{digest.hexdigest()[:16]}"
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
            for name, content in contents.items():
                path = scratch / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                # The bit as the zip has it, not as the checkout does: this is what Lambda would unpack.
                path.chmod(0o755 if modes.get(name, 0) & _ANYONE_MAY_EXECUTE else 0o644)
            for entry in dependencies.iterdir():
                if not (scratch / entry.name).exists():
                    (scratch / entry.name).symlink_to(entry)
            scratch.rename(folder)
        return folder

    def common_variables(self) -> dict[str, str]:
        """What the environments of all functions begin with."""
        return {
            "PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": str(self.runtime),
        }

    def home(self) -> Path:
        """A new folder for one environment: its home, and what /tmp is to it on AWS."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="home-", dir=self._folder))

    def remove(self) -> None:
        """Remove everything that was made."""
        shutil.rmtree(self._folder, ignore_errors=True)


def variables(
    function: Function,
    *,
    keys: Keys,
    region: str,
    endpoint: str,
    ca_file: Path | None,
    layers: Layers,
    task_root: Path,
    home: Path,
) -> dict[str, str]:
    """The whole environment of a function's process; nothing of the sandbox's own environment is in it.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    trust = {} if ca_file is None else dict.fromkeys(TRUST_VARIABLES, str(ca_file))
    return {
        **layers.common_variables(),
        "HOME": str(home),
        "TMPDIR": str(home),
        **function.environment,
        **trust,
        "AWS_ENDPOINT_URL": endpoint,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(layers.runtime),
        "_HANDLER": function.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_megabytes),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_SESSION_TOKEN": keys.session_token,
    }


def _modes(package: Path) -> dict[str, int]:
    with zipfile.ZipFile(package) as archive:
        return {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
