"""Bedrock Runtime's ConverseStream, answered by the emulated model as a real event stream.

Events follow https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html: `messageStart`,
one `contentBlockDelta` per token (a text block has no `contentBlockStart`), `contentBlockStop`, `messageStop`,
`metadata`. As with a real model, nothing is answered before the first token: until then the caller waits for headers.
Calls go wrong when a test asks for it (`sandbox.aws.model_faults`).
"""

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.aws.converse_request import ConverseRequest, RequestRefused, parse
from sandbox.aws.eventstream import CONTENT_TYPE, event, exception
from sandbox.aws.model import DocsModel, tokens
from sandbox.aws.model_calls import ModelCall
from sandbox.aws.model_faults import BREAKING, ENDING, MESSAGES, REFUSALS, ModelFault, ModelFaults
from sandbox.options import ModelPace

REMEMBERED_CALLS = 1000
OVERSIZED = " oversized"
"""What an oversized text consists of."""


class ModelEmulator:
    """The model behind `POST /model/{id}/converse-stream`, at a pace that can be changed while it speaks."""

    def __init__(self, pace: ModelPace, docs: Path) -> None:
        """`docs` is the folder with the documentation that answers are quoted from; it need not exist."""
        self.pace = pace
        self.calls: deque[ModelCall] = deque(maxlen=REMEMBERED_CALLS)
        """The latest calls, oldest first."""
        self.faults = ModelFaults()
        self._model = DocsModel(docs)

    @property
    def pace(self) -> ModelPace:
        """How fast the model speaks. A change holds from the next token on, also for streams under way.

        Raises ValueError for a negative wait or a rate that is not a positive number.
        """
        return self._pace

    @pace.setter
    def pace(self, pace: ModelPace) -> None:
        if not 0 <= pace.first_token_ms < math.inf:
            raise ValueError(f"firstTokenMs is {pace.first_token_ms}: give milliseconds, 0 or more")
        if not 0 < pace.tokens_per_second < math.inf:
            raise ValueError(f"tokensPerSecond is {pace.tokens_per_second}: give a number above 0")
        self._pace = pace

    def answer(self, prompt: str) -> str:
        """The whole text that the model answers to a prompt, when no limit cuts it."""
        return self._model.answer(prompt)

    async def converse_stream(self, request: Request, model_id: str, body: bytes) -> Response:  # noqa: ARG002
        """Answer one call: an event stream, or Bedrock's refusal. `body` is the request's, already read."""
        request_id = str(uuid4())
        try:
            converse = parse(model_id, body)
        except RequestRefused as refusal:
            headers = {"x-amzn-requestid": request_id, "x-amzn-errortype": refusal.code}
            return JSONResponse({"message": refusal.message}, refusal.status, headers)
        call = ModelCall(model_id, request_id, time.time() * 1000, converse.messages, converse.input_tokens)
        self.calls.append(call)
        fault = self.faults.take()
        if fault is not None:
            call.fault = fault.kind
            if fault.kind == "throttled":
                call.ended_ms, call.ended = call.started_ms, "refused"
                headers = {"x-amzn-requestid": request_id, "x-amzn-errortype": fault.exception}
                return JSONResponse({"message": MESSAGES[fault.exception]}, REFUSALS[fault.exception], headers)
        pieces, stop_reason = _spoken(self.answer(converse.prompt), converse)
        return _EventStream(self, call, pieces, stop_reason, fault)


def _spoken(text: str, request: ConverseRequest) -> tuple[Sequence[str], str]:
    """The tokens that are sent of an answer, and why they end where they do."""
    stop_reason = "end_turn"
    stops = [at for sequence in request.stop_sequences if (at := text.find(sequence)) >= 0]
    if stops:
        text, stop_reason = text[: min(stops)], "stop_sequence"
    pieces = tokens(text)
    if request.max_tokens is not None and len(pieces) > request.max_tokens:
        return pieces[: request.max_tokens], "max_tokens"
    return pieces, stop_reason


class _EventStream(Response):
    """Sends the tokens of one call when they are due, and stops when the reader leaves or the fault sets in."""

    def __init__(
        self,
        emulator: ModelEmulator,
        call: ModelCall,
        pieces: Sequence[str],
        stop_reason: str,
        fault: ModelFault | None,
    ) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"content-type": CONTENT_TYPE, "x-amzn-requestid": call.request_id})
        self._emulator = emulator
        self._call = call
        self._pieces = pieces
        self._stop_reason = stop_reason
        self._fault = fault
        self._silence = {fault.after_tokens: fault.seconds} if fault is not None and fault.kind == "stalled" else {}
        """Seconds by which the token of this index is late."""
        if fault is not None and fault.kind in ENDING:
            self._pieces = pieces[: fault.after_tokens]
        elif fault is not None and fault.kind == "oversized":
            before, after = pieces[: fault.after_tokens], pieces[fault.after_tokens :]
            self._pieces = [*before, (OVERSIZED * (fault.bytes // len(OVERSIZED) + 1))[: fault.bytes], *after]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        reader_left = asyncio.Event()

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            reader_left.set()

        watcher = asyncio.create_task(watch())
        try:
            await self._speak(send, reader_left)
        finally:
            watcher.cancel()
            self._call.ended_ms = time.time() * 1000

    async def _speak(self, send: Send, reader_left: asyncio.Event) -> None:
        call, clock = self._call, asyncio.get_running_loop().time
        started = clock()
        # Each token's time follows from the one before, not from when that was really sent: the rate does not drift.
        due = started + self._emulator.pace.first_token_ms / 1000 + self._silence.get(0, 0)
        if await _set_within(reader_left, due - clock()):
            call.ended = "hung_up"
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        frames = [event("messageStart", {"role": "assistant"})]
        sent = 0
        while sent < len(self._pieces):
            while sent < len(self._pieces) and due <= clock():
                delta = {"text": self._pieces[sent]}
                frames.append(event("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta}))
                sent += 1
                due += 1 / self._tokens_per_second + self._silence.get(sent, 0)
            if sent and call.first_text_ms is None:
                call.first_text_ms = time.time() * 1000
            await send({"type": "http.response.body", "body": b"".join(frames), "more_body": True})
            call.output_tokens, call.text = sent, "".join(self._pieces[:sent])
            frames.clear()
            if sent < len(self._pieces) and await _set_within(reader_left, due - clock()):
                call.ended = "hung_up"
                return
        ending = self._ending(round((clock() - started) * 1000))
        call.ended = "failed" if call.fault in BREAKING else "finished"
        # A body that is not ended is cut: uvicorn closes the connection (and says so in the sandbox's log).
        more = self._fault is not None and self._fault.kind == "cut"
        await send({"type": "http.response.body", "body": b"".join([*frames, *ending]), "more_body": more})

    @property
    def _tokens_per_second(self) -> float:
        if self._fault is not None and self._fault.kind == "slow":
            return self._fault.tokens_per_second
        return self._emulator.pace.tokens_per_second

    def _ending(self, latency_ms: int) -> list[bytes]:
        """The last frames: of a whole answer, or of one that goes wrong."""
        call = self._call
        match self._fault:
            case ModelFault("cut"):
                return []
            case ModelFault("exception", exception=name):
                return [exception(name, "The system encountered an unexpected error.")]
            case ModelFault("malformed"):
                healthy = event("contentBlockStop", {"contentBlockIndex": 0})
                return [healthy[:-1] + bytes([healthy[-1] ^ 0xFF])]
            case ModelFault("guardrail_intervened"):
                call.stop_reason = "guardrail_intervened"
            case _:
                call.stop_reason = self._stop_reason
        usage = {
            "inputTokens": call.input_tokens,
            "outputTokens": call.output_tokens,
            "totalTokens": call.input_tokens + call.output_tokens,
        }
        return [
            event("contentBlockStop", {"contentBlockIndex": 0}),
            event("messageStop", {"stopReason": call.stop_reason}),
            event("metadata", {"usage": usage, "metrics": {"latencyMs": latency_ms}}),
        ]


async def _set_within(flag: asyncio.Event, seconds: float) -> bool:
    """Wait until `flag` is set, at most so long; whether it is."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0)):
            await flag.wait()
    return flag.is_set()
