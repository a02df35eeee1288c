"""What the environment of the routes keeps between frames."""

from shared.chats.members import Members
from shared.chats.store import ChatStore
from shared.init_phase import at_init
from shared.streams.admission import Admission
from shared.streams.dispatch import Dispatcher
from shared.streams.readers import Readers
from shared.streams.repository import StreamRepository


@at_init
def admission() -> Admission:
    """Admits a `send`."""
    return Admission.from_environment()


@at_init
def dispatcher() -> Dispatcher:
    """Hands over to the worker."""
    return Dispatcher.from_environment()


@at_init
def repository() -> StreamRepository:
    """Knows what runs, and what can be resumed."""
    return StreamRepository.from_environment()


@at_init
def members() -> Members:
    """Knows who is in them."""
    return Members.from_environment()


@at_init
def readers() -> Readers:
    """Knows who reads what."""
    return Readers.from_environment()


@at_init
def chats() -> ChatStore:
    """Has the chats."""
    return ChatStore.from_environment()
