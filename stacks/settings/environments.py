"""What differs between environments, as data: a row for each, with its defaults and with what it refuses.

A setting of the stack wins over the default in its row. Nothing asks for an environment by its name: what has to differ
reads a column here (ADR 0015).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Environment:
    """One row. The first fields are defaults of settings, in the words of Pulumi.yaml; those with `takes` have none."""

    name: str
    deletion_protection: bool
    retain: bool
    point_in_time_recovery: bool
    log_retention_days: int
    tracing: bool
    alarms: bool
    takes_local_origins: bool
    """Whether `corsOrigins` may name this machine, or a host without TLS."""


PREVIEW: Final = Environment(
    name="preview",
    deletion_protection=False,
    retain=False,
    point_in_time_recovery=False,
    log_retention_days=7,
    tracing=False,
    alarms=False,
    takes_local_origins=True,
)
"""Leaves nothing behind, and costs nothing while nobody uses it, as far as that is possible."""
STAGING: Final = Environment(
    name="staging",
    deletion_protection=False,
    retain=False,
    point_in_time_recovery=False,
    log_retention_days=30,
    tracing=True,
    alarms=True,
    takes_local_origins=False,
)
"""Behaves as production does to its users, and holds no data that anybody misses."""
PRODUCTION: Final = Environment(
    name="production",
    deletion_protection=True,
    retain=True,
    point_in_time_recovery=True,
    log_retention_days=90,
    tracing=True,
    alarms=True,
    takes_local_origins=False,
)
"""Loses nothing by a mistake of one person: not by a command, not by a change, not by a write."""

ENVIRONMENTS: Final[Mapping[str, Environment]] = {row.name: row for row in (PREVIEW, STAGING, PRODUCTION)}
"""By name, as the setting `environment` has it."""
