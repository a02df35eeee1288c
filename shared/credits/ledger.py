"""The ledger of a user's credits: what they got and what was taken. Entries are only added.

    {"kind", "amount": nano-dollars, "at": ISO time, and what the kind has besides}

A user's entries come to what the user has, together with what is held. They are kept for good: whoever deleted an old
one could not recompute a balance any more.
"""

from collections.abc import Mapping

from shared.chats.chat import iso_time
from shared.contract.credits import Entry
from shared.table.keys import ledger_key
from shared.table.writes import Write, put


def entry(kind: Entry, owner: str, name: str, amount: int, at: float, **facts: object) -> Write:
    """The write of one entry at that epoch second. `name` tells it from others of the same moment. It has no
    condition: nobody else writes one of this name, and a write that could be refused might be dropped."""
    moment = iso_time(at)
    told: Mapping[str, object] = {"kind": kind.value, "amount": amount, "at": moment, **facts}
    return put({**ledger_key(owner, f"{moment}#{name}"), **told})
