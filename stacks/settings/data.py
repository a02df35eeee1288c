"""The settings of the data: what keeps the user pool, the table and the logs from being lost."""

from dataclasses import dataclass

from stacks.settings.environments import Environment
from stacks.settings.reader import ConfigReader


@dataclass(frozen=True)
class DataSettings:
    """How hard it is to lose what the stack holds; each is the environment's, unless it is set."""

    deletion_protection: bool
    """Neither Pulumi nor AWS deletes the user pool or the table."""
    retain: bool
    """What Pulumi removes from the stack stays in the account."""
    point_in_time_recovery: bool

    @classmethod
    def read(cls, reader: ConfigReader, environment: Environment) -> "DataSettings":
        """Take the data's keys from `reader`; what is wrong is noted there."""
        return cls(
            deletion_protection=reader.boolean_or("deletionProtection", environment.deletion_protection),
            retain=reader.boolean_or("retain", environment.retain),
            point_in_time_recovery=reader.boolean_or("pointInTimeRecovery", environment.point_in_time_recovery),
        )
