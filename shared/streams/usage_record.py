"""What a stream used and why it ended, made once: its record, log, metrics and client are told the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from shared.contract.errors import ErrorCode
from shared.models.events import Usage
from shared.models.prices import CURRENCY, model_cost, model_cost_nano

FAILURES: Final = frozenset(ErrorCode) - {ErrorCode.CONTENT_BLOCKED}
"""Stop reasons of a stream that failed; `deadline` is the reason of one that was cut off as well."""


@dataclass(frozen=True)
class UsageRecord:
    """Times are in milliseconds since the run of the stream began."""

    model: str
    stop_reason: str
    """The provider's word, such as Bedrock's `stopReason`; `deadline`, `cancelled`, `superseded`; or the code of the
    error that ended the stream."""
    usage: Usage
    first_text_ms: float | None
    """When the first text came, whatever reasoning came before it."""
    total_ms: float
    tokens_per_second: float | None
    delivery_lag_ms: float | None = None
    """The longest that a part waited for the transport; for operators alone. None when nobody knows, as the reaper."""

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, Any]) -> Self:
        """Reads what `metadata` wrote, from a stream's terminal part."""
        usage = metadata["usage"]
        return cls(
            model=metadata["model"],
            stop_reason=metadata["stopReason"],
            usage=Usage.from_json(usage),
            first_text_ms=metadata["timings"]["firstTextMs"],
            total_ms=metadata["timings"]["totalMs"],
            tokens_per_second=None,
        )

    @property
    def cost(self) -> float | None:
        """What the model costs, in the price file's currency; None for a model that it does not know."""
        return model_cost(self.model, self.usage)

    @property
    def cost_nano(self) -> int | None:
        """The same in whole billionths."""
        return model_cost_nano(self.model, self.usage)

    @property
    def failed(self) -> bool:
        """Whether it ended with an error or at its deadline. A stop of the user and a guardrail's are no failures."""
        return self.stop_reason in FAILURES

    @property
    def timings(self) -> dict[str, float | None]:
        """`{"firstTextMs", "totalMs"}`."""
        return {"firstTextMs": self.first_text_ms, "totalMs": self.total_ms}

    def to_json(self) -> dict[str, object]:
        """What the stream's record keeps: `{"model", "stopReason", "usage", "cost": {"currency", "model"}}`."""
        return {
            "model": self.model,
            "stopReason": self.stop_reason,
            "usage": self.usage.to_json(),
            "cost": {"currency": CURRENCY, "model": self.cost},
        }

    def metadata(self, stream_id: str) -> dict[str, object]:
        """What the terminal part carries: the stream's id, what its record keeps, and `timings`."""
        return {"streamId": stream_id, **self.to_json(), "timings": self.timings}
