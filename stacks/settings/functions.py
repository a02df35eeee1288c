"""The settings of the functions: how long and how large they run, how many at once, and how long their logs stay."""

from dataclasses import dataclass

from shared.contract.limits import DEADLINE_MARGIN_SECONDS
from stacks.settings.environments import Environment
from stacks.settings.reader import ConfigReader

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LONGEST_TIMEOUT_SECONDS = 900
MEMORY_MEGABYTES = (128, 10_240)
# A stream is ended before its function; before that it has to say something.
SHORTEST_TIMEOUT_SECONDS = int(DEADLINE_MARGIN_SECONDS) + 2
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
NOT_SET = -1
"""`logRetentionDays` that is the environment's."""
NOT_RESERVED = -1
"""`reservedConcurrency` of a function that draws from the account's pool, as pulumi-aws has it."""
MOST_RESERVED = 900
"""Lambda lets an account have 1,000 by default, and keeps 100 of them for the functions that reserve nothing.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""


@dataclass(frozen=True)
class FunctionSettings:
    """What a function may use, and what is kept of it."""

    timeout_seconds: int
    memory_megabytes: int
    log_retention_days: int
    """The environment's, unless it is set."""
    tracing: bool
    """Whether X-Ray traces the functions and the GraphQL API; the environment's, unless it is set."""
    reserved_concurrency: int | None
    ticket_reserved_concurrency: int | None
    warm: int
    """Environments that are kept started of each function that an answer waits for."""

    @classmethod
    def read(cls, reader: ConfigReader, environment: Environment) -> "FunctionSettings":
        """Take the functions' keys from `reader`; what is wrong is noted there."""
        log_retention_days = reader.integer_of("logRetentionDays", (NOT_SET, *LOG_RETENTION_DAYS))
        settings = cls(
            timeout_seconds=reader.integer(
                "timeoutSeconds",
                SHORTEST_TIMEOUT_SECONDS,
                LONGEST_TIMEOUT_SECONDS,
                why=f"a stream is ended {DEADLINE_MARGIN_SECONDS:g} s before its function, and needs time to begin",
            ),
            memory_megabytes=reader.integer("memoryMegabytes", *MEMORY_MEGABYTES),
            log_retention_days=(
                environment.log_retention_days if log_retention_days == NOT_SET else log_retention_days
            ),
            tracing=reader.boolean_or("tracing", environment.tracing),
            reserved_concurrency=_reserved_concurrency(reader, "reservedConcurrency"),
            ticket_reserved_concurrency=_reserved_concurrency(reader, "ticketReservedConcurrency"),
            warm=reader.integer("warm", 0, MOST_RESERVED, why="Lambda keeps 100 of an account's 1,000 back"),
        )
        _check_reservations(reader, settings)
        return settings


def _reserved_concurrency(reader: ConfigReader, key: str) -> int | None:
    higher = "with a higher quota raise MOST_RESERVED in stacks/settings/functions.py"
    why = f"Lambda keeps 100 of an account's 1,000 back; {higher}"
    number = reader.integer(key, NOT_RESERVED, MOST_RESERVED, why=why)
    return None if number == NOT_RESERVED else number


def _check_reservations(reader: ConfigReader, settings: FunctionSettings) -> None:
    streams, tickets = settings.reserved_concurrency or 0, settings.ticket_reserved_concurrency or 0
    if max(streams, tickets) <= MOST_RESERVED < streams + tickets:
        both = f"with reservedConcurrency it is {streams + tickets}, and {MOST_RESERVED} is the most"
        reader.refuse("ticketReservedConcurrency", tickets, both)
