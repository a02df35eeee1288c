"""The one table, as the functions of this architecture keep it: tickets and sessions are items of it."""

from shared.init_phase import at_init
from shared.table.client import TableClient

table = at_init(TableClient.from_environment)
