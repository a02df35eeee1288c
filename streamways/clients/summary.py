"""What a stream amounted to, read from the parts that a client received."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from shared.contract.parts import TERMINAL, PartType
from streamways.clients.client import Part, Received


@dataclass(frozen=True)
class StreamSummary:
    """Figures of one stream, as its client saw it. What cannot be told is None."""

    ttft_ms: float | None
    """From the request to the first text."""
    tokens_per_second: float | None
    """Output tokens over the time from the first text to the last; None when all text came at once."""
    message_bytes: tuple[int, ...]
    """Serialised size of the parts in each transport message, without the transport's own envelope."""
    total_ms: float
    """From the request to the last part."""
    usage: Mapping[str, int] | None
    """`inputTokens`, `outputTokens`, `totalTokens`, as the stream's metadata says."""
    model_cost: float | None
    """USD for the model, as the stream's metadata says."""
    finish_reason: str | None
    """Of the `finish` part; `error` or `abort` when one of those ended the stream; None when none of the three came."""

    @property
    def messages(self) -> int:
        """Transport messages that carried parts."""
        return len(self.message_bytes)


def summarise(received: Sequence[Received]) -> StreamSummary:
    """The figures of the parts, which are in order and may be incomplete."""
    texts = [item.at_ms for item in received if item.type == PartType.TEXT_DELTA]
    metadata = message_metadata(received)
    usage = _counts(metadata.get("usage"))
    spread_ms = texts[-1] - texts[0] if texts else 0.0
    cost = metadata.get("cost")
    model_cost = cast("dict[str, object]", cost).get("model") if isinstance(cost, dict) else None
    return StreamSummary(
        ttft_ms=texts[0] if texts else None,
        tokens_per_second=usage["outputTokens"] / spread_ms * 1000
        if usage and "outputTokens" in usage and spread_ms > 0
        else None,
        message_bytes=tuple(
            sum(len(json.dumps(item.part, ensure_ascii=False).encode()) for item in items)
            for _, items in groupby(received, key=lambda item: item.message)
        ),
        total_ms=received[-1].at_ms if received else 0.0,
        usage=usage,
        model_cost=float(model_cost) if isinstance(model_cost, int | float) else None,
        finish_reason=_finish_reason(received[-1].part) if received else None,
    )


def message_metadata(received: Sequence[Received]) -> dict[str, object]:
    """All metadata of the message merged, as the AI SDK does at the top level."""
    merged: dict[str, object] = {}
    for item in received:
        metadata = item.part.get("messageMetadata")
        if isinstance(metadata, dict):
            merged |= cast("dict[str, object]", metadata)
    return merged


def answer(received: Sequence[Received]) -> str:
    """The text of the answer, as far as it came."""
    return "".join(str(item.part.get("delta", "")) for item in received if item.type == PartType.TEXT_DELTA)


def error_text(received: Sequence[Received]) -> str | None:
    """What the stream's `error` part says, with the code from the `data-error` part before it; None without one."""
    if not received or received[-1].type != PartType.ERROR:
        return None
    data = next((item.part.get("data") for item in reversed(received) if item.type == PartType.DATA_ERROR), None)
    code = cast("dict[str, object]", data).get("code") if isinstance(data, dict) else None
    text = str(received[-1].part.get("errorText", "no message"))
    return f"{code}: {text}" if code else text


def _finish_reason(part: Part) -> str | None:
    kind = str(part.get("type"))
    if kind not in TERMINAL:
        return None
    return str(part.get("finishReason", "other")) if kind == "finish" else kind


def _counts(usage: object) -> dict[str, int] | None:
    if not isinstance(usage, dict):
        return None
    counts = cast("dict[str, object]", usage)
    return {name: count for name, count in counts.items() if isinstance(count, int)}
