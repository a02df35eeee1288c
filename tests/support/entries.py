"""Entries of users' lists, put straight into the table: more than anybody would make by talking."""

from shared.chats.lists import List, listed


def entry(
    user: str, number: int, *, at: float | None = None, name: List = "chat", title: str = "A title"
) -> dict[str, object]:
    """An item that lists the chat `c-<number>`, since that second: by default its number."""
    chat_id, since = f"c-{number}", number if at is None else at
    said = (
        {"role": "member", "updatedAt": int(since)} if name == "chat" else {"from": "an-owner", "invitedAt": int(since)}
    )
    listing = {"chatId": chat_id, "title": title, "listed": listed(name, since, chat_id)}
    return {"pk": f"user#{user}", "sk": f"{name}#{chat_id}", **listing, **said}
