"""Asks `authorize`, for a bounded time. A request passes when it returns nothing; whatever goes wrong refuses it."""

import queue
import threading
from collections.abc import Mapping
from typing import Final

from shared.auth import authorization
from shared.errors import Internal, StreamwaysError
from shared.telemetry.log import logger

AUTHORIZE_SECONDS: Final = 3.0
"""A client waits for the answer to its question, and the functions in front have 29 s for all that they do."""
OF_THE_PROTOCOL: Final = frozenset({"id", "messages", "trigger", "messageId"})
"""What `authorize` is not shown: it has no need of what users say."""


def guard(user: str, chat_id: str, fields: Mapping[str, object]) -> None:
    """Returns when the user may do what these fields of a request ask of a chat.

    Raises what `authorize` raises, when that is a StreamwaysError, else Internal.
    """
    body = {name: value for name, value in fields.items() if name not in OF_THE_PROTOCOL}
    answers: queue.Queue[object] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(authorization.authorize(user, {**body, "id": chat_id}))
        except BaseException as error:
            answers.put(error)

    # One that hangs keeps its thread, and nobody else's.
    threading.Thread(target=ask, name="authorize", daemon=True).start()
    try:
        answer = answers.get(timeout=AUTHORIZE_SECONDS)
    except queue.Empty:
        logger.error("authorize did not answer in time")
        raise Internal from None
    if isinstance(answer, StreamwaysError):
        raise answer
    if isinstance(answer, BaseException):
        logger.error("authorize failed", exc_info=answer)
        raise Internal from answer
    if answer is not None:
        logger.error(
            "authorize has returned something: it returns nothing, or raises", extra={"type": str(type(answer))}
        )
        raise Internal
