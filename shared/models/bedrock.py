"""Amazon Bedrock's ConverseStream, read so that it can be interrupted.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
from urllib3.exceptions import HTTPError

from shared.aws import client
from shared.errors import InvalidRequest, ModelThrottled, ModelUnavailable, StreamwaysError
from shared.models.events import BlockEnd, Delta, ModelEvent, Stop, Usage
from shared.protocol.request import Message

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

READ_TIMEOUT_SECONDS = 120
"""Longer than a model is ever silent: a read that times out was paid for."""
THROTTLED = frozenset({"ThrottlingException", "throttlingException", "ModelNotReadyException"})
REFUSED = frozenset({"ValidationException", "validationException"})
RETRY_AFTER_SECONDS = 5


class BedrockModel:
    """One model or inference profile, on one pooled client."""

    def __init__(self, model_id: str, guardrail: Mapping[str, str] | None = None) -> None:
        self.model_id = model_id
        self._guardrail = guardrail
        # A repeated call is a call billed twice.
        self.client: BedrockRuntimeClient = client("bedrock-runtime", read_timeout=READ_TIMEOUT_SECONDS, attempts=1)

    @classmethod
    def from_environment(cls) -> Self:
        """From `MODEL_ID`, and `GUARDRAIL_ID` with `GUARDRAIL_VERSION` where a guardrail is set."""
        guardrail = None
        if "GUARDRAIL_ID" in os.environ:
            guardrail = {
                "guardrailIdentifier": os.environ["GUARDRAIL_ID"],
                "guardrailVersion": os.environ["GUARDRAIL_VERSION"],
            }
        return cls(os.environ["MODEL_ID"], guardrail)

    def stream(self, messages: Sequence[Message], max_output_tokens: int) -> "BedrockStream":
        """Prepares one ConverseStream call."""
        request: dict[str, Any] = {
            "modelId": self.model_id,
            "messages": [{"role": message.role, "content": [{"text": message.text}]} for message in messages],
            "inferenceConfig": {"maxTokens": max_output_tokens},
        }
        if self._guardrail is not None:
            request["guardrailConfig"] = self._guardrail
        return BedrockStream(lambda: self.client.converse_stream(**request))


class BedrockStream:
    """One call. `EventStream.close` does not wake a blocked reader; shutting its connection down does."""

    def __init__(self, call: Callable[[], Mapping[str, Any]]) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._connection: Any = None
        self._interrupted = False

    def __iter__(self) -> Iterator[ModelEvent]:
        """Calls the model and yields its events. Raises the typed errors of `shared.errors`."""
        if self._interrupted:
            return
        try:
            stream = self._call()["stream"]
            with self._lock:
                self._connection = stream._raw_stream
                if self._interrupted:
                    return
            for event in stream:
                yield from _events(cast("Mapping[str, Any]", event))
        except ClientError as error:
            raise _typed(error) from error
        except (BotoCoreError, ParserError, HTTPError, OSError) as error:
            raise ModelUnavailable("The model's answer broke off. Please try again.") from error
        finally:
            with self._lock:
                if self._connection is not None:
                    self._connection.close()

    def interrupt(self) -> None:
        """Shuts the connection to the model down: a blocked reader is free within milliseconds."""
        with self._lock:
            self._interrupted = True
            if self._connection is not None and not self._connection.closed:
                # The reader may be done, or the model gone, at this very moment: urllib3 and the socket then complain.
                with contextlib.suppress(RuntimeError, ValueError, OSError):
                    self._connection.shutdown()


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
        yield Stop(event["messageStop"]["stopReason"])
    elif "metadata" in event:
        usage = event["metadata"]["usage"]
        yield Usage(usage["inputTokens"], usage["outputTokens"])


def _typed(error: ClientError) -> StreamwaysError:
    code = error.response.get("Error", {}).get("Code", "")
    if code in THROTTLED:
        return ModelThrottled("The model is busy. Please try again shortly.", retry_after=RETRY_AFTER_SECONDS)
    if code in REFUSED and not isinstance(error, EventStreamError):
        return InvalidRequest("The model does not accept this request; it may be too long.")
    return ModelUnavailable("The model is not available at the moment. Please try again.")
