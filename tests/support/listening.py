"""Who reads a model's stream on a thread of its own, as a run does."""

import threading

from shared.errors import StreamwaysError
from shared.models.events import ModelEvent, ModelStream
from tests.support.server import WAIT_SECONDS


class Listener:
    """Keeps what it hears, and the error that ends it."""

    def __init__(self, stream: ModelStream) -> None:
        self.heard: list[ModelEvent] = []
        self.error: Exception | None = None
        self._news = threading.Condition()
        self._stream = stream
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def wait_until_heard(self, count: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.heard) >= count, WAIT_SECONDS)

    def join(self) -> None:
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive(), "the reader is still blocked"

    def _listen(self) -> None:
        try:
            for each in self._stream:
                with self._news:
                    self.heard.append(each)
                    self._news.notify_all()
        except StreamwaysError as error:
            self.error = error
