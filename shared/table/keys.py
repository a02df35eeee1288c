"""The one table: its items and their keys.

| item | pk | sk |
|---|---|---|
| stream's record | `stream#<owner>#<stream id>` | `stream` |
| journal of a stream | `stream#<owner>#<stream id>` | `part#<first sequence>` |
| lease of a running stream | `user#<owner>` | `lease#<chat id>` |
| a user's membership of a chat | `user#<user>` | `chat#<chat id>` |
| invitation of a user to a chat | `user#<invitee>` | `invitation#<chat id>` |
| that a user is not to be invited to a chat for a while | `user#<user>` | `quiet#<chat id>` |
| how many invitations a user has sent lately | `user#<inviter>` | `invitations` |
| what a user has used of their limits | `user#<user>` | `limits` |
| what an operator allows a user for a while, beside their tier | `user#<user>` | `override` |
| a user's credits: what is left, and what is held | `user#<user>` | `credits` |
| entry of the ledger of a user's credits | `user#<user>` | `ledger#<ISO time>#<name>` |
| chat, or that there was one of this id | `chat#<chat id>` | `chat` |
| message of a chat | `chat#<chat id>` | `message#<index>` |
| reader of a stream on a WebSocket connection | `user#<owner>` | `reader#<connection id>#<request id>` |
| session of a WebSocket connection | `connection#<connection id>` | `session` |
| ticket for a WebSocket connection | `ticket#<SHA-256 of the ticket>` | `ticket` |
| fact of the audit record, about a chat | `audit#chat#<chat id>` | `<ISO time>#<id of the fact>` |
| the same fact, about a user | `audit#user#<user>` | `<ISO time>#<id of the fact>` |
| usage record of a stream that has ended | `usage#<day>#<shard>` | `<hour>#<user>#<ms>#<fencing token>` |

`listed`, where an item of a user has it, is the sort key of the local index `listed`: see `shared/chats/lists.py`.

`expiresAt`, where an item has it, is the epoch second after which DynamoDB deletes it, some time later: what an expiry
protects is checked in a condition as well.
"""

from typing import Literal

from shared.contract.credits import CREDITS_KEY, LEDGER_PREFIX
from shared.contract.table import Partition
from shared.contract.usage import usage_name

Key = dict[str, str]

PARTS_PREFIX = "part#"
MESSAGES_PREFIX = "message#"
MEMBERSHIPS_PREFIX = "chat#"
LEASES_PREFIX = "lease#"
READERS_PREFIX = "reader#"


def record_key(owner: str, stream_id: str) -> Key:
    """A stream's lasting item."""
    return {"pk": f"{Partition.STREAM}{owner}#{stream_id}", "sk": "stream"}


def parts_key(owner: str, stream_id: str, first_sequence: int) -> Key:
    """The journal's item whose first part has this sequence."""
    return {"pk": f"{Partition.STREAM}{owner}#{stream_id}", "sk": f"{PARTS_PREFIX}{first_sequence:08d}"}


def lease_key(owner: str, chat_id: str) -> Key:
    """The item that a stream of this user in this chat is while it runs."""
    return {"pk": f"{Partition.USER}{owner}", "sk": f"{LEASES_PREFIX}{chat_id}"}


def membership_key(user: str, chat_id: str) -> Key:
    """What a user's list of chats says of one chat."""
    return {"pk": f"{Partition.USER}{user}", "sk": f"{MEMBERSHIPS_PREFIX}{chat_id}"}


def invitation_key(user: str, chat_id: str) -> Key:
    """What a user's list of invitations says of one."""
    return {"pk": f"{Partition.USER}{user}", "sk": f"invitation#{chat_id}"}


def quiet_key(user: str, chat_id: str) -> Key:
    """That this user has declined or left the chat, and is not to be asked again until it expires."""
    return {"pk": f"{Partition.USER}{user}", "sk": f"quiet#{chat_id}"}


def invitations_key(inviter: str) -> Key:
    """How many invitations this user has sent in an hour, which ends when it expires."""
    return {"pk": f"{Partition.USER}{inviter}", "sk": "invitations"}


def limits_key(user: str) -> Key:
    """What this user has used of their limits: requests, and the streams that run."""
    return {"pk": f"{Partition.USER}{user}", "sk": "limits"}


def override_key(user: str) -> Key:
    """What holds for this user for a while in place of the limits of their tier."""
    return {"pk": f"{Partition.USER}{user}", "sk": "override"}


def credits_key(user: str) -> Key:
    """This user's credits: what is left, and what the streams that run hold."""
    return {"pk": f"{Partition.USER}{user}", "sk": CREDITS_KEY}


def ledger_key(user: str, name: str) -> Key:
    """One entry of the ledger of this user's credits; names are in the order of time."""
    return {"pk": f"{Partition.USER}{user}", "sk": f"{LEDGER_PREFIX}{name}"}


def chat_key(chat_id: str) -> Key:
    """A chat: its owner, members, invitations and title."""
    return {"pk": f"{Partition.CHAT}{chat_id}", "sk": "chat"}


def message_key(chat_id: str, index: int) -> Key:
    """One message of a chat."""
    return {"pk": f"{Partition.CHAT}{chat_id}", "sk": f"{MESSAGES_PREFIX}{index:06d}"}


def reader_key(owner: str, connection_id: str, request_id: str) -> Key:
    """What a request of this user on a WebSocket connection reads."""
    return {"pk": f"{Partition.USER}{owner}", "sk": f"{READERS_PREFIX}{connection_id}#{request_id}"}


def session_key(connection_id: str) -> Key:
    """Until when the user of a WebSocket connection is known."""
    return {"pk": f"{Partition.CONNECTION}{connection_id}", "sk": "session"}


def ticket_key(digest: str) -> Key:
    """A ticket, by the SHA-256 of its text in hexadecimal."""
    return {"pk": f"{Partition.TICKET}{digest}", "sk": "ticket"}


def audit_key(about: Literal["chat", "user"], name: str, moment: str, fact: str) -> Key:
    """A fact about the chat or the user of this name; `moment` sorts like time."""
    return {"pk": f"{Partition.AUDIT}{about}#{name}", "sk": f"{moment}#{fact}"}


def usage_key(user: str, ended_at: int, fencing_token: str) -> Key:
    """What this user's stream, which ended at that epoch millisecond, has used."""
    pk, sk = usage_name(user, ended_at, fencing_token)
    return {"pk": pk, "sk": sk}
