"""Makes `.venv` for a dependency group: `python3 sandbox/bootstrap.py sandbox`, as the Makefile calls it first.

It runs on the Python that the user has, before anything is installed. So it is the standard library alone, and it stays
within the syntax of Python 3.6: an old Python must be able to read as far as the line that tells what is wrong.

A finished installation leaves a stamp: while the locked dependencies and the Python are the same, a further call does
nothing and needs no network. Groups add up in one `.venv`; none removes what another installed. What somebody else took
out, like `uv sync` in `pulumi install`, which keeps the default group alone, is installed again.
"""

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
import typing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
TOO_NEW = (3, 15)
PLATFORMS = {"Linux": ("x86_64", "aarch64"), "Darwin": ("x86_64", "arm64")}
STAMP = "streamways-installed.json"
UNFINISHED = "streamways-unfinished"
"""In `.venv` while an installation is under way: whoever finds it cannot trust what else is there."""


class Refused(Exception):
    """This machine cannot run the project. The text is one line: what is wrong, and what to do."""


def main(arguments: "list[str]") -> int:
    """Installs the groups that are named; 0 when they are there."""
    if not arguments:
        return fail("name the dependency groups to install, e.g. python3 sandbox/bootstrap.py sandbox", 2)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        check_machine()
        install(ROOT, arguments)
    except Refused as refusal:
        return fail(str(refusal), 1)
    except subprocess.CalledProcessError as error:
        step = " ".join(str(part) for part in error.cmd[:4])
        return fail(f"the installation failed in '{step} ...' (see above); run the same command again to retry", 1)
    except OSError as error:
        return fail(f"the installation failed: {error}", 1)
    except KeyboardInterrupt:
        return fail("interrupted; run the same command again to start over", 130)
    return 0


def fail(message: str, code: int) -> int:
    """Says one line on standard error, and passes the exit code on."""
    print("streamways: " + message, file=sys.stderr)
    return code


def check_machine() -> None:
    """Raises Refused on a machine that is not supported."""
    version = tuple(sys.version_info[:2])
    if not OLDEST <= version < TOO_NEW:
        raise Refused(
            f"this is Python {version[0]}.{version[1]} ({sys.executable}); 3.11 to 3.14 is needed. "
            "Install one and name it, e.g. make demo PYTHON=python3.13"
        )
    system, machine = platform.system(), platform.machine()
    if machine not in PLATFORMS.get(system, ()):
        raise Refused(
            f"{system or 'this system'} on {machine or 'this machine'} is not supported; "
            "Linux on x86_64 or aarch64 is, and macOS (on Windows use WSL 2)"
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Refused(
            f"this Python ({sys.executable}) lacks the modules venv and ensurepip; "
            "on Debian and Ubuntu: sudo apt install python3-venv"
        )


def install(root: Path, groups: "list[str]") -> None:
    """Brings `.venv` up to date with the lock for `groups`, unless it is. One at a time: others wait."""
    import fcntl

    with (root / "uv.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install_alone(root, groups)


def install_alone(root: Path, groups: "list[str]") -> None:
    """What `install` does, while nobody else does."""
    venv = root / ".venv"
    wanted = content_hash(root)
    known = dependency_groups(root)
    unknown = sorted(set(groups) - set(known))
    if unknown:
        there = ", ".join(sorted(known))
        raise Refused(f"no dependency group {unknown[0]} in pyproject.toml; there are: {there}")
    stamp = read_stamp(venv)
    trusted = stamp.get("content_hash") == wanted and set(stamp["distributions"]) <= set(distributions(venv))
    installed: list[str] = stamp["groups"] if trusted else []
    if all(any(group in known[have] for have in installed) for group in groups):
        return
    started = time.time()
    say(f"preparing .venv for {' and '.join(groups)} from PyPI (the first time takes a minute or two)")
    if not is_usable(venv, stamp):
        create(venv)
    (venv / UNFINISHED).touch()
    uv = ensure_uv(root, venv)
    sync(root, venv, uv, groups)
    stamp = {"content_hash": wanted, "groups": sorted(set(installed + groups)), "root": str(root)}
    write_stamp(venv, dict(stamp, distributions=distributions(venv)))
    (venv / UNFINISHED).unlink()
    say(f".venv is ready after {time.time() - started:.0f} s")


def sync(root: Path, venv: Path, uv: str, groups: "list[str]") -> None:
    """Has uv install the groups as locked. What it downloads is shown, the long list of what it installed is not."""
    environment = dict(os.environ, UV_PROJECT_ENVIRONMENT=str(venv))
    environment.pop("VIRTUAL_ENV", None)
    command = [uv, "sync", "--locked", "--inexact", "--no-default-groups", "--project", str(root)]
    command += ["--python", str(venv / "bin" / "python")]
    command += [option for group in groups for option in ("--group", group)]
    run(command, environment)


def run(command: "list[str]", environment: "dict[str, str] | None" = None) -> None:
    """Runs a step of the installation and shows what it says, less the list of what is installed.

    It has a session of its own: Ctrl-C reaches this process alone, which ends the step with all that it started.
    """
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        for line in typing.cast("typing.IO[bytes]", process.stdout):
            if not line.startswith((b" + ", b" - ", b" ~ ")):
                say(line.decode("utf-8", "replace").strip())
        if process.wait() != 0:
            raise subprocess.CalledProcessError(process.returncode, command)
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def python_version() -> str:
    """`3.13`, of the Python that runs this."""
    return ".".join(str(number) for number in sys.version_info[:2])


def content_hash(root: Path) -> str:
    """What the content of `.venv` follows from, the groups apart."""
    digest = hashlib.sha256(f"{python_version()} {root}".encode())
    for name in ("pyproject.toml", "uv.lock"):
        digest.update(b"\0" + (root / name).read_bytes())
    return digest.hexdigest()


def distributions(venv: Path) -> "list[str]":
    """What is installed, each with its version: the names of the folders that say so."""
    return sorted(folder.name for folder in venv.glob("lib/python*/site-packages/*.dist-info"))


def dependency_groups(root: Path) -> "dict[str, set[str]]":
    """Each group of pyproject.toml with all that it includes, itself among them."""
    import tomllib

    declared: typing.Any = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]

    def included(name: str) -> "set[str]":
        below = (entry["include-group"] for entry in declared[name] if not isinstance(entry, str))
        return {name}.union(*(included(group) for group in below))

    return {name: included(name) for name in declared}


def is_usable(venv: Path, stamp: "dict[str, typing.Any]") -> bool:
    """Whether `.venv` can be built upon: finished, of this Python, and made in this very place."""
    if not (venv / "bin" / "python").exists() or (venv / UNFINISHED).exists():
        return False
    if stamp and stamp.get("root") != str(venv.parent):
        return False
    command = [str(venv / "bin" / "python"), "-c", "import sys; print('.'.join(map(str, sys.version_info[:2])))"]
    try:
        version = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return False
    return version == python_version()


def create(venv: Path) -> None:
    """Makes an empty environment in place of whatever is there."""
    interpreter = getattr(sys, "_base_executable", sys.executable)
    if venv.exists():
        say("replacing .venv, which is unfinished, moved or of another Python")
        shutil.rmtree(str(venv))
    venv.mkdir()
    (venv / UNFINISHED).touch()
    run([interpreter, "-m", "venv", str(venv)])


def ensure_uv(root: Path, venv: Path) -> str:
    """The path of uv in `.venv`, of the version in the lock; if need be pip installs it, by the hashes of the lock."""
    import tomllib

    packages = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]
    locked = next(package for package in packages if package["name"] == "uv")
    uv = venv / "bin" / "uv"
    if uv.exists() and uv_version(uv) == locked["version"]:
        return str(uv)
    requirements = venv / "uv-requirements.txt"
    hashes = " ".join("--hash=" + wheel["hash"] for wheel in locked["wheels"])
    requirements.write_text(f"uv=={locked['version']} {hashes}\n")
    python = str(venv / "bin" / "python")
    if not (venv / "bin" / "pip").exists():
        run([python, "-m", "ensurepip"])
    say(f"installing uv {locked['version']}")
    options = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"]
    run([python, "-m", "pip", "install", *options, "--requirement", str(requirements)])
    requirements.unlink()
    return str(uv)


def uv_version(uv: Path) -> str:
    """`0.13.8` out of `uv 0.13.8 (…)`; empty if it does not run."""
    try:
        said = subprocess.run([str(uv), "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().split()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said[1] if len(said) > 1 else ""


def read_stamp(venv: Path) -> "dict[str, typing.Any]":
    """What the last finished installation left; empty if there was none, or another began since."""
    if (venv / UNFINISHED).exists():
        return {}
    try:
        stamp = json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(stamp)


def write_stamp(venv: Path, stamp: "dict[str, typing.Any]") -> None:
    """Written whole or not at all."""
    draft = venv / (STAMP + ".draft")
    draft.write_text(json.dumps(stamp, indent=2), encoding="utf-8")
    draft.replace(venv / STAMP)


def say(message: str) -> None:
    """Progress, for people."""
    print("streamways: " + message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
