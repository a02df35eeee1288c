"""The mark on a lease item by which a running stream is told to stop."""

from contextlib import suppress

from shared.table.client import ConditionFailed, TableClient
from shared.table.keys import lease_key
from shared.table.writes import update, where


def cancel_running(table: TableClient, owner: str, chat_id: str, fencing_token: str | None = None) -> None:
    """Has the next heartbeat of the stream that this user runs in this chat hear of a cancel.

    Nothing happens if none runs there, or another than the one of this fencing token.
    """
    runs = where("attribute_exists(#pk)")
    if fencing_token is not None:
        runs = where("#fencingToken = :token", token=fencing_token)
    with suppress(ConditionFailed):
        table.write(update(lease_key(owner, chat_id), {"cancelled": True}, runs))
