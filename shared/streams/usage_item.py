"""The usage record of a stream as an item of the table: what was used, by whom, and under which tier."""

from collections.abc import Mapping
from typing import Any

from shared.chats.chat import milliseconds
from shared.contract.usage import USAGE_KEPT_SECONDS
from shared.streams.records import OpenStream
from shared.streams.start import StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.keys import Key, usage_key


def usage_item(stream: StreamStart | OpenStream, usage: UsageRecord, ended_at: float) -> dict[str, object]:
    """The item of a stream that ended at that epoch second. Amounts are whole: billionths of USD, and milliseconds.

    It holds ids and numbers, and nothing of what was said. Where a killed worker took the rest with it, what is known
    stands there: the tokens are `estimated` then, and `firstTextMs` is absent.
    """
    moment = milliseconds(ended_at)
    return {
        **usage_key(stream.owner, moment, stream.fencing_token),
        "user": stream.owner,
        "tier": stream.tier,
        "architecture": stream.architecture,
        "chatId": stream.chat_id,
        "streamId": stream.stream_id,
        "model": usage.model,
        "stopReason": usage.stop_reason,
        "failed": usage.failed,
        "inputTokens": usage.usage.input_tokens,
        "outputTokens": usage.usage.output_tokens,
        "estimated": usage.usage.estimated or None,
        "costNanoUsd": usage.cost_nano,
        "durationMs": round(usage.total_ms),
        "firstTextMs": None if usage.first_text_ms is None else round(usage.first_text_ms),
        "endedAt": moment,
        "expiresAt": int(ended_at) + USAGE_KEPT_SECONDS,
    }


def usage_reference(stream: StreamStart | OpenStream, ended_at: float) -> dict[str, object]:
    """What an answer keeps of the stream that wrote it last: who started it, and what names its usage record."""
    return {"user": stream.owner, "endedAt": milliseconds(ended_at), "token": stream.fencing_token}


def referenced(reference: Mapping[str, Any]) -> Key:
    """The key of the usage record that an answer names."""
    return usage_key(reference["user"], reference["endedAt"], reference["token"])
