"""What a caller may choose about the sandbox itself. What the *program* may be told is in `stacks/settings/`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]
"""Where this code lies: a checkout of the project, or the packages of an environment that it was installed into."""
PROJECT_FILE = "Pulumi.yaml"
DEFAULT_PORT = 9100
PORT_RANGE = 100
"""How many ports are tried, from the wanted one on, when it is taken."""


def project_root() -> Path:
    """The Pulumi project that the caller stands in; outside of any, the one that this code belongs to.

    An installed sandbox belongs to none: then it is the working folder, where the engine misses a `Pulumi.yaml`.
    """
    here = Path.cwd()
    folders = (here, *here.parents, PROJECT_ROOT)
    return next((folder for folder in folders if (folder / PROJECT_FILE).is_file()), here)


@dataclass(frozen=True)
class ModelPace:
    """How the emulated model streams: milliseconds before its first token, and tokens a second after it."""

    first_token_ms: float = 300
    tokens_per_second: float = 60


@dataclass(frozen=True)
class SandboxOptions:
    """One sandbox: where it listens, what it deploys, how its model behaves."""

    port: int = DEFAULT_PORT
    """First port to try; the next free one of `PORT_RANGE` is taken, and said, when it is in use."""
    stack: str = "sandbox"
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    """Stack configuration by key as `pulumi config set` takes it (`architectures`, `streamways:model`, `aws:region`);
    wins over `Pulumi.<stack>.yaml`, which wins over the defaults in `Pulumi.yaml`."""
    warm_workers: int = 1
    """Environments of each function that are started ahead of the first request."""
    pace: ModelPace = ModelPace()
    time_scale: float = 1.0
    """The sandbox's seconds for one of AWS's, in limits that nothing but the clock brings about: idle time and duration
    of connections, keep-alives, the age of events, the rate of schedules. 0.01 makes ten minutes six seconds. What
    bounds running code (function timeouts, 29 s of an integration, AppSync's 30 s) stays as it is."""
    tls: bool = False
    """Whether it speaks HTTPS and WSS, with a certificate of a certificate authority of its own."""
    provider: bool = False
    """Whether it starts empty, and serves a Pulumi provider that a real engine attaches to."""
    project_root: Path = field(default_factory=project_root)
    """The Pulumi project that is deployed."""

    @property
    def state_root(self) -> Path:
        """Where running sandboxes keep their state: one folder by port, e.g. `.sandbox/9100/`."""
        return self.project_root / ".sandbox"
