"""The one table, as the functions of this architecture keep it: tickets and sessions are items of it."""

from shared.init_phase import at_init
from shared.table.client import TableClient


@at_init
def table() -> TableClient:
    """The table named by `STREAMS_TABLE`."""
    return TableClient.from_environment()
