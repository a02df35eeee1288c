"""What the figures of a run depend on besides the stack: the machine, and the versions of what ran."""

import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Final

from sandbox.options import PROJECT_ROOT
from streamways.copy import manifests
from streamways.copy.provenance import origin_of

PACKAGES: Final = ("pulumi", "pulumi-aws", "starlette", "websockets")


def machine() -> str:
    """Processors, system and load, in words. No name of the machine or of its user is among them."""
    python = ".".join(map(str, sys.version_info[:2]))
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {python}{load}"


def versions() -> Mapping[str, str]:
    """Of this project, with its commit where git knows one, and of the packages that its command line uses."""
    origin = origin_of(PROJECT_ROOT, ["."], manifests.version(PROJECT_ROOT))
    commit = {"commit": f"{origin.commit}{' and changes' if origin.modified else ''}"} if origin.commit else {}
    return {"streamways": origin.version, **commit, **{name: version(name) for name in PACKAGES}}
