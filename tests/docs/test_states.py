"""The times on the page about the life of a stream, against the code."""

from handlers.websocket import ticket_store
from shared.chats import audit, members, store
from shared.contract.limits import START_WITHIN_SECONDS
from shared.contract.usage import USAGE_KEPT_SECONDS
from shared.generation import journal_writer
from shared.streams import heartbeat, leases, readers, reaper, records, repository
from stacks.settings.environments import ENVIRONMENTS
from tests.docs.pages import page

LEASE_OF_A_START = records.LEASE_SECONDS + START_WITHIN_SECONDS
TIMES = {
    "heartbeat": heartbeat.INTERVAL_SECONDS,
    "heartbeat that moves the lease": heartbeat.RENEW_SECONDS,
    "patience of one heartbeat with the table": leases.HEARTBEAT_PATIENCE_SECONDS,
    "lease of a running stream": records.LEASE_SECONDS,
    "first lease of a registered stream": LEASE_OF_A_START,
    "age at which an event is not worked on any more": START_WITHIN_SECONDS,
    "silence that means death, for an event that Lambda reports": reaper.SILENT_SECONDS,
    "time within which a reader counts as the same one": readers.RESUMED_AGAIN_SECONDS,
    "tombstone": repository.TOMBSTONE_SECONDS,
    "resumable after its end, without a cursor": repository.RESUMABLE_SECONDS,
    "journal's least time between two flushes": journal_writer.FLUSH_SECONDS,
    "part of the journal": records.KEPT_SECONDS,
    "record of a stream that has not ended": records.RECORD_KEPT_SECONDS,
    "record of a stream that has ended": records.KEPT_SECONDS,
}
HOUR, DAY = 3600, 24 * 3600
KEPT = {
    "a stream's record": f"{records.KEPT_SECONDS // HOUR} hours after its end",
    "journal of a stream": f"{records.KEPT_SECONDS // HOUR} hours after each part was written",
    "cancel of a stream that has not begun": f"{repository.TOMBSTONE_SECONDS} seconds",
    "invitation": f"{members.INVITATION_SECONDS // DAY} days",
    "that a user has declined or left a chat": f"{members.INVITATION_SECONDS // DAY} days",
    "how many invitations a user has sent": f"{members.HOUR // HOUR} hour",
    "audit record: who did what to a chat and its members, and when": f"{audit.AUDIT_KEPT_SECONDS // DAY} days",
    "[usage record](#the-usage-record) of a stream": f"{USAGE_KEPT_SECONDS // DAY} days",
    "that a chat was deleted": f"{store.DELETED_KEPT_SECONDS // HOUR} hours",
    "reader on a WebSocket connection": f"{readers.KEPT_SECONDS // HOUR} hours",
    "ticket": f"{ticket_store.TICKET_SECONDS} seconds",
    "logs of the functions": "{}, {} or {} days".format(*(row.log_retention_days for row in ENVIRONMENTS.values())),
}


def test_the_times_in_the_life_of_a_stream_are_those_of_the_code() -> None:
    assert {row[0]: float(row[1]) for row in page("docs/states.md").table_after("Times")} == TIMES


def test_how_long_data_is_kept_is_what_the_code_says() -> None:
    rows = page("docs/data.md").table_after("What is kept")
    kept = {what: next(row[2] for row in rows if row[0].startswith(what)) for what in KEPT}
    assert {what: kept[what][: len(words)] for what, words in KEPT.items()} == KEPT
