"""The assistant's message that a stream writes, put together from the stream's own parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from shared.protocol.parts import BLOCK_KINDS, SequencedPart

MAX_ANSWER_BYTES = 300 * 1024
"""As UTF-8. A message is one item of the table, which holds 400 KB with all its attributes; what is longer is cut.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items"""
_DELTAS = {f"{kind}-delta": kind for kind in BLOCK_KINDS}


@dataclass
class _Block:
    kind: str
    text: StringIO


class Answer:
    """Observes the numbered parts of one stream. Its text is all that grows with the stream's length."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[str, str], _Block] = {}
        """By kind and id, in the order in which they began."""
        self._bytes = 0
        self.characters = 0
        """Of text and reasoning, whatever was cut."""

    def observe(self, batch: Sequence[SequencedPart]) -> None:
        """Adds what these parts say."""
        for numbered in batch:
            kind = _DELTAS.get(str(numbered.part["type"]))
            if kind is not None:
                self._add(kind, str(numbered.part["id"]), str(numbered.part["delta"]))

    def parts(self) -> list[dict[str, object]]:
        """The message's parts as the AI SDK keeps them: `{"type": "text" | "reasoning", "text"}`, none of them empty.

        https://ai-sdk.dev/docs/reference/ai-sdk-core/ui-message
        """
        said = [(block.kind, block.text.getvalue()) for block in self._blocks.values()]
        return [{"type": kind, "text": text} for kind, text in said if text]

    def _add(self, kind: str, block_id: str, delta: str) -> None:
        self.characters += len(delta)
        kept = delta.encode()[: MAX_ANSWER_BYTES - self._bytes]
        self._bytes += len(kept)
        block = self._blocks.setdefault((kind, block_id), _Block(kind, StringIO()))
        block.text.write(kept.decode(errors="ignore"))  # the cut may be within a character
