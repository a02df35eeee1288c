"""Amazon Bedrock's ConverseStream: tried again when it is refused for load, and read so that it can be interrupted.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
from urllib3.exceptions import HTTPError

from shared.aws import client
from shared.backoff import Backoff
from shared.contract.environment import Variable
from shared.contract.limits import MODEL_ATTEMPTS
from shared.errors import InvalidRequest, ModelThrottled, ModelUnavailable, StreamwaysError
from shared.models.cancellable import CancellableConnection, ConnectionCancelled, make_cancellable
from shared.models.events import BlockEnd, Delta, FinishReason, ModelEvent, Stop, Usage
from shared.protocol.request import Message

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

READ_TIMEOUT_SECONDS = 120
"""Longer than a model is ever silent: a read that times out was paid for."""
THROTTLED = frozenset({"ThrottlingException", "throttlingException", "ModelNotReadyException"})
REFUSED = frozenset({"ValidationException", "validationException"})
PASSING = THROTTLED | {"ServiceUnavailableException", "serviceUnavailableException"}
"""What the model refuses for load, so that nothing was run and nothing is billed."""
RETRY_AFTER_SECONDS = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 2.0
FINISH_REASONS: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool-calls",
    "content_filtered": "content-filter",
}
"""Bedrock's stop reasons in the AI SDK's words; any other is `other`.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_MessageStopEvent.html"""
BLOCKED = "guardrail_intervened"


class BedrockModel:
    """One model or inference profile, on one pooled client."""

    def __init__(self, model_id: str, guardrail: Mapping[str, str] | None = None) -> None:
        self.model_id = model_id
        self._guardrail = guardrail
        # A repeated call is a call billed twice.
        self.client: BedrockRuntimeClient = client("bedrock-runtime", read_timeout=READ_TIMEOUT_SECONDS, attempts=1)
        make_cancellable(self.client)

    @classmethod
    def from_environment(cls) -> Self:
        """From `MODEL_ID`, and `GUARDRAIL_ID` with `GUARDRAIL_VERSION` where a guardrail is set."""
        guardrail = None
        if Variable.GUARDRAIL_ID in os.environ:
            guardrail = {
                "guardrailIdentifier": os.environ[Variable.GUARDRAIL_ID],
                "guardrailVersion": os.environ[Variable.GUARDRAIL_VERSION],
            }
        return cls(os.environ[Variable.MODEL_ID], guardrail)

    def stream(self, messages: Sequence[Message], max_output_tokens: int, *, deadline: float) -> "BedrockStream":
        """Prepares one ConverseStream call. No attempt begins after `deadline`, a `time.monotonic()`."""
        request: dict[str, Any] = {
            "modelId": self.model_id,
            "messages": [{"role": message.role, "content": [{"text": message.text}]} for message in messages],
            "inferenceConfig": {"maxTokens": max_output_tokens},
        }
        if self._guardrail is not None:
            request["guardrailConfig"] = self._guardrail
        return BedrockStream(lambda: self.client.converse_stream(**request), deadline)


class BedrockStream:
    """One answer. A call that the model refuses for load is tried again, but nothing once a stream has begun, and no
    call whose outcome is unknown (a time-out, a broken connection): that one may have been billed."""

    def __init__(self, call: Callable[[], Mapping[str, Any]], deadline: float) -> None:
        self._call = call
        self._deadline = deadline
        self._connection = CancellableConnection()

    def __iter__(self) -> Iterator[ModelEvent]:
        """Calls the model and yields its events; ends when it is interrupted. Raises the typed errors of
        `shared.errors`."""
        stream: Any = None
        try:
            stream = self._open()
            for event in stream:
                yield from _events(cast("Mapping[str, Any]", event))
        except ConnectionCancelled:
            return
        except ClientError as error:
            raise _typed(error) from error
        except (BotoCoreError, ParserError, HTTPError, OSError) as error:
            if not self._connection.cancelled:
                broke_off = "The model's answer broke off. Please try again."
                raise ModelUnavailable(broke_off, reason=type(error).__name__) from error
        finally:
            self._connection.let_go()
            if stream is not None:
                stream.close()

    def interrupt(self) -> None:
        """Cancels the call: a thread that waits for an answer, for more of it or for the next attempt, is free within
        milliseconds."""
        self._connection.cancel()

    def _open(self) -> Any:
        """The stream of events, after as many attempts as it takes. Raises ClientError for the last one's refusal."""
        backoff = Backoff(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
        for _ in range(MODEL_ATTEMPTS - 1):
            try:
                return self._attempt()
            except ClientError as refusal:
                wait = backoff.next()
                if _code(refusal) not in PASSING or time.monotonic() + wait >= self._deadline:
                    raise
            self._connection.wait(wait)
        return self._attempt()

    def _attempt(self) -> Any:
        try:
            with self._connection.used():
                return self._call()["stream"]
        except ClientError:
            self._connection.let_go()
            raise


def _events(event: Mapping[str, Any]) -> Iterator[ModelEvent]:
    if "contentBlockDelta" in event:
        block = event["contentBlockDelta"]["contentBlockIndex"]
        delta = event["contentBlockDelta"]["delta"]
        if delta.get("text"):
            yield Delta("text", block, delta["text"])
        elif delta.get("reasoningContent", {}).get("text"):
            yield Delta("reasoning", block, delta["reasoningContent"]["text"])
    elif "contentBlockStop" in event:
        yield BlockEnd(event["contentBlockStop"]["contentBlockIndex"])
    elif "messageStop" in event:
        reason = event["messageStop"]["stopReason"]
        yield Stop(reason, FINISH_REASONS.get(reason, "other"), blocked=reason == BLOCKED)
    elif "metadata" in event:
        usage = event["metadata"]["usage"]
        yield Usage(usage["inputTokens"], usage["outputTokens"])


def _typed(error: ClientError) -> StreamwaysError:
    code = _code(error)
    reason = f"{code} {error.response.get('ResponseMetadata', {}).get('RequestId', '')}".rstrip()
    if code in THROTTLED:
        message = "The model is busy. Please try again shortly."
        return ModelThrottled(message, retry_after=RETRY_AFTER_SECONDS, reason=reason)
    if code in REFUSED and not isinstance(error, EventStreamError):
        return InvalidRequest("The model does not accept this request; it may be too long.", reason=reason)
    message = "The model is not available at the moment. Please try again."
    return ModelUnavailable(message, retry_after=RETRY_AFTER_SECONDS if code in PASSING else None, reason=reason)


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
