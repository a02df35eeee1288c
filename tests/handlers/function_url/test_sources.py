"""Where parts come from, and what becomes of a source that is left."""

import threading
import time

from handlers.function_url.sources import Followed
from shared.protocol.parts import Numbered
from shared.protocol.request import ChatRequest
from shared.stream.admission import Admission
from shared.stream.tail import Tail
from tests.support.function_url import OWNER, World, chat
from tests.support.server import WAIT_SECONDS


def test_a_reader_that_has_left_reads_no_more(world: World) -> None:  # noqa: ARG001
    request = ChatRequest.from_client(chat())
    Admission.from_environment("function-url").admit(OWNER, request, stream_id="s-1", correlation_id="c", running=True)
    silent = Followed(Tail.from_environment(), OWNER, "s-1", until=time.monotonic() + 3600)
    taken: list[list[Numbered] | None] = []
    reader = threading.Thread(target=lambda: taken.append(silent.take()), daemon=True)
    reader.start()
    silent.leave()
    reader.join(WAIT_SECONDS)
    assert taken == [None], "it was left before it would have told of the silence"
