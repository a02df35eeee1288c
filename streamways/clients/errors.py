"""How a stream, or another request of a client, may fail."""

from collections.abc import Mapping


class ClientError(Exception):
    """A stream that did not go well. Its text is one line that a person can act on.

    ClientError
    ├── Unreachable     nothing answers at the address
    ├── Refused         the stack said no, before the stream, or during it where its worker died
    ├── NothingActive   the chat has no stream that could be resumed
    ├── Cut             the stream ended, or fell silent, without its terminal part
    └── Malformed       what arrived breaks the protocol
    """


class Unreachable(ClientError):
    """Nothing answers at the address, or not in time."""


class NothingActive(ClientError):
    """The chat has no stream that could be resumed: none was ever started by this user, or it ended a while ago."""

    def __init__(self, chat_id: str) -> None:
        super().__init__(f"nothing to resume in the chat {chat_id}")


class Cut(ClientError):
    """The stream ended, or fell silent, without its terminal part."""


class Malformed(ClientError):
    """What arrived breaks the protocol: not JSON, a gap in the numbering, another content type."""


class Refused(ClientError):
    """The stack said no. `code` is one of the platform's error codes, also where AWS answered in a shape of its own."""

    def __init__(
        self,
        code: str,
        message: str,
        retry_after: float | None = None,
        status: int | None = None,
        limit: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after
        """Seconds after which to try again, if the stack said so."""
        self.status = status
        """HTTP status, where there was one."""
        self.limit = limit
        """The user's limit that is used up, if it is one: `{"name", "limit", "remaining", …}`."""
