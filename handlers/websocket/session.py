"""Until when the user of a connection is known: the token of `$connect`, renewed by the token of a later frame.

The stock transport's `headers` may be a function and ride in every `send` and `resume`, while its `protocols` are fixed
for its life. So a frame's `headers.authorization` with the same `sub` renews the session. API Gateway asks the
authorizer on `$connect` alone and repeats its answer for as long as the connection lives, so the renewed expiry is kept
in the table, and in this environment.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from handlers.websocket.caller import Caller
from handlers.websocket.store import table
from shared.auth.bearer import bearer
from shared.errors import InvalidRequest, SessionOver, Unauthenticated
from shared.init_phase import at_init
from shared.table.client import ConditionFailed
from shared.table.keys import session_key
from shared.table.writes import update, where

if TYPE_CHECKING:
    from shared.auth.tokens import TokenVerifier

REMEMBERED_SESSIONS = 1000
"""So many renewals an environment keeps in memory; what it forgets it reads again."""


class Sessions:
    """The sessions of all connections, as far as they were renewed."""

    def __init__(self) -> None:
        self._verifier: TokenVerifier | None = None
        self._renewed: OrderedDict[str, int] = OrderedDict()

    def check(self, caller: Caller, fields: Mapping[str, object]) -> None:
        """Takes a frame's own token, if it has one; then the session must be good.

        Raises Unauthenticated for a token that is not good here: the connection stays, with its own user. Raises
        SessionOver when there is no connection worth keeping.
        """
        refused = None
        try:
            self._renew(caller, fields)
        except Unauthenticated as error:
            refused = error
        if not self._is_good(caller):
            reason = refused.message if refused else "The access token of this connection has expired."
            raise SessionOver(f"{reason} Connect again with a new one.")
        if refused:
            raise refused

    def _renew(self, caller: Caller, fields: Mapping[str, object]) -> None:
        token = _token(fields)
        if token is None:
            return
        user = self._tokens().verify(token)
        if user.sub != caller.sub:
            raise Unauthenticated("The access token belongs to another user. Open a connection for each user.")
        if user.expires_at > max(caller.token_expires_at, self._remembered(caller)):
            self._keep(caller, user.expires_at)

    def _is_good(self, caller: Caller) -> bool:
        now = time.time()
        return now < caller.token_expires_at or now < self._remembered(caller) or now < self._kept(caller)

    def _remembered(self, caller: Caller) -> int:
        return self._renewed.get(caller.connection_id, 0)

    def _remember(self, caller: Caller, expires_at: int) -> None:
        self._renewed[caller.connection_id] = expires_at
        self._renewed.move_to_end(caller.connection_id)
        if len(self._renewed) > REMEMBERED_SESSIONS:
            self._renewed.popitem(last=False)

    def _keep(self, caller: Caller, expires_at: int) -> None:
        """A frame that was overtaken by one with a newer token shortens nothing."""
        kept = {"tokenExpiresAt": expires_at, "expiresAt": caller.connection_ends_at}
        longer = where("attribute_not_exists(#pk) OR #tokenExpiresAt < :token", token=expires_at)
        with suppress(ConditionFailed):
            table().write(update(session_key(caller.connection_id), kept, longer))
        self._remember(caller, expires_at)

    def _kept(self, caller: Caller) -> int:
        """What another environment may have been told."""
        item = table().get(session_key(caller.connection_id))
        if item is None:
            return 0
        self._remember(caller, item["tokenExpiresAt"])
        return item["tokenExpiresAt"]

    def _tokens(self) -> "TokenVerifier":
        """Made when the first token comes: cryptography is slow to import, and most frames carry none."""
        if self._verifier is None:
            from shared.auth.tokens import TokenVerifier

            self._verifier = TokenVerifier.from_environment()
        return self._verifier


sessions = at_init(Sessions)


def _token(fields: Mapping[str, object]) -> str | None:
    """The token of a frame's `headers`, whose names come in any case; None when there is none."""
    headers = fields.get("headers")
    if headers is None:
        return None
    if not isinstance(headers, dict):
        raise InvalidRequest("`headers` must be an object of texts.")
    given = [value for name, value in cast("dict[str, object]", headers).items() if name.lower() == "authorization"]
    if not given:
        return None
    if len(given) > 1 or not isinstance(given[0], str):
        raise Unauthenticated("`headers.authorization` must be one text: `Bearer <token>`.")
    return bearer(given[0])
