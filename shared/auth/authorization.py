"""Whether a user may use what a request names beside the chat, like a notebook of a workspace. This file is yours.

It is asked before an answer starts or is resumed, and before the history of a chat is read, on every transport
(`shared.auth.guard`). `docs/examples/authorization.py` is an example.
"""

from collections.abc import Mapping


def authorize(user: str, body: Mapping[str, object]) -> None:
    """Returns when `user`, the `sub` of a verified token, may go on; else raises Forbidden or NotFound.

    `body` is what the client has sent beside the protocol's own fields, read with no distrust yet, and the chat's id as
    `id`. Anything else that is raised or returned refuses the request as `internal`, and so does an answer that takes
    longer than `shared.auth.guard.AUTHORIZE_SECONDS`.
    """
