"""What the environment of the routes keeps between frames."""

from shared.chats.members import Members
from shared.chats.store import ChatStore
from shared.init_phase import at_init
from shared.limits.limits import Limits
from shared.streams.admission import Admission
from shared.streams.dispatch import Dispatcher
from shared.streams.ratings import Ratings
from shared.streams.readers import Readers
from shared.streams.repository import StreamRepository

admission = at_init(Admission.from_environment)
dispatcher = at_init(Dispatcher.from_environment)
repository = at_init(StreamRepository.from_environment)
readers = at_init(Readers.from_environment)
chats = at_init(ChatStore.from_environment)
members = at_init(Members.from_environment)
limits = at_init(Limits.from_environment)
ratings = at_init(Ratings.from_environment)
