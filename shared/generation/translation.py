"""What a model says, told as parts of a stream."""

from shared.models.events import BlockEnd, Delta, ModelEvent
from shared.protocol.parts import BLOCK_KINDS, Part, block_delta, block_end, block_start


class PartTranslator:
    """Tells one answer; a block is opened by its first delta, and a block that said nothing is not told."""

    def __init__(self) -> None:
        self._opened: set[str] = set()

    def translate(self, event: ModelEvent) -> list[Part]:
        """The parts that tell an event; none for what only the stream's usage record is about."""
        if isinstance(event, Delta):
            block = f"{event.kind}-{event.block}"
            delta = block_delta(event.kind, block, event.text)
            if block in self._opened:
                return [delta]
            self._opened.add(block)
            return [block_start(event.kind, block), delta]
        if isinstance(event, BlockEnd):
            return [
                block_end(kind, block) for kind in BLOCK_KINDS if (block := f"{kind}-{event.block}") in self._opened
            ]
        return []
