"""What a recording shows, and what was promised."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contract.architectures import appsync, websocket
from streamways.bench.endpoints import TOKEN_CHARACTERS, Load, Recording

FIRST_TEXT_CALLS = {appsync.NAME: 1, websocket.NAME: 2}
"""The first text takes so many deliveries: a frame holds one part, and a delta's block is opened first."""
FIRST_TEXT_SPARE_MS = 10
LEAST_INTERVAL_MS = 50
SPARE_MS = 25
MOST_TEXT_MESSAGES_A_SECOND = 22
MOST_CONTROL_MESSAGES = 8
MOST_REQUESTS_TO_START = 3
MOST_REQUESTS_A_SECOND = 3
MOST_REQUESTS_TO_END = 3


@dataclass(frozen=True)
class Figures:
    """Of one stream. Lags are in milliseconds, from the moment the model sent a token to the end of its delivery."""

    architecture: str
    load: Load
    first_text_ms: float
    p99_ms: float
    last_token_ms: float
    text_messages_a_second: int
    """The most in any second."""
    control_messages: int
    tokens_lost: int
    requests_to_start: int
    requests_to_claim: int
    requests_a_second: float
    """From the model's being asked to its last token."""
    requests_to_end: int

    @property
    def first_text_limit_ms(self) -> float:
        """n calls, and a little."""
        return FIRST_TEXT_CALLS[self.architecture] * self.load.call_seconds * 1000 + FIRST_TEXT_SPARE_MS

    @property
    def lag_limit_ms(self) -> float:
        """Of p99 and of the last token: a token waits for one interval, or one call, and takes one."""
        call_ms = self.load.call_seconds * 1000
        return max(LEAST_INTERVAL_MS, call_ms) + call_ms + SPARE_MS

    @property
    def met(self) -> bool:
        """Whether all limits were kept."""
        return not self.misses

    @property
    def misses(self) -> list[str]:
        """The limits that were missed."""
        limits = {
            "firstText": (self.first_text_ms, self.first_text_limit_ms),
            "p99": (self.p99_ms, self.lag_limit_ms),
            "lastToken": (self.last_token_ms, self.lag_limit_ms),
            "textMessages": (self.text_messages_a_second, MOST_TEXT_MESSAGES_A_SECOND),
            "controlMessages": (self.control_messages, MOST_CONTROL_MESSAGES),
            "lost": (self.tokens_lost, 0),
            "requestsToStart": (self.requests_to_start, MOST_REQUESTS_TO_START),
            "requestsToClaim": (self.requests_to_claim, 1),
            "requestsASecond": (self.requests_a_second, MOST_REQUESTS_A_SECOND),
            "requestsToEnd": (self.requests_to_end, MOST_REQUESTS_TO_END),
        }
        return [name for name, (measured, limit) in limits.items() if measured > limit]


def figures(architecture: str, recording: Recording, handed_over_at: float) -> Figures:
    """What this recording shows. `handed_over_at` is when the worker got its event."""
    load, sent_at = recording.load, recording.sent_at
    lags = _lags_ms(recording)
    asked_at, last_sent_at = recording.asked_at, sent_at[-1]
    assert asked_at is not None, "the worker did not ask the model"
    requests = [at for at, _ in recording.requests]
    to_start = bisect_right(requests, handed_over_at)
    by_claim = bisect_right(requests, asked_at)
    claims = [name for _, name in recording.requests[to_start:by_claim] if name != "PutItem"]
    return Figures(
        architecture=architecture,
        load=load,
        first_text_ms=lags[0] if lags else math.inf,
        p99_ms=sorted(lags)[math.ceil(len(lags) * 0.99) - 1] if lags else math.inf,
        last_token_ms=lags[-1] if lags else math.inf,
        text_messages_a_second=_most_in_a_second([at for at, text in recording.delivered if text]),
        control_messages=sum(not text for _, text in recording.delivered),
        tokens_lost=load.tokens - len(lags),
        requests_to_start=to_start,
        requests_to_claim=len(claims),
        requests_a_second=sum(asked_at < at <= last_sent_at for at in requests) / (last_sent_at - asked_at),
        requests_to_end=sum(at > last_sent_at for at in requests),
    )


def _lags_ms(recording: Recording) -> list[float]:
    """Of each token, in order, up to the first that is missing, doubled or out of order."""
    expected, lags, heard = recording.load.text, list[float](), ""
    for at, text in recording.delivered:
        heard += text
        if not expected.startswith(heard):
            break
        arrived = len(heard) // TOKEN_CHARACTERS
        lags += [(at - sent) * 1000 for sent in recording.sent_at[len(lags) : arrived]]
    return lags


def _most_in_a_second(moments: Sequence[float]) -> int:
    return max((bisect_right(moments, at + 1) - index for index, at in enumerate(moments)), default=0)
