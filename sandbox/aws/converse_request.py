"""Requests to ConverseStream: what of them the emulated model uses, and Bedrock's refusals of the others.

Follows https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html; the messages are those
that Bedrock sends. What the emulated model cannot do (tools, images, guardrails, structured output) is refused, as a
model without that ability refuses it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sandbox.aws.model import tokens

PROVIDERS = (
    "ai21|amazon|anthropic|cohere|deepseek|google|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen|stability"
    "|twelvelabs|writer|zai"
)
MODEL_ID = re.compile(
    r"(?:arn:aws:bedrock:[a-z0-9-]*:[0-9]{0,12}:(?:foundation-model|inference-profile)/)?"
    r"(?:(?:us|us-gov|ca|eu|apac|au|jp|global)\.)?"
    rf"(?:{PROVIDERS})\.[a-z0-9][a-z0-9.:-]*"
)
"""A foundation model or a system-defined inference profile, by id or ARN."""

UNSUPPORTED_FIELDS = {
    "toolConfig": "This model doesn't support tool use in streaming mode.",
    "guardrailConfig": "The guardrail identifier or version provided in the request does not exist.",
    "outputConfig": "This model doesn't support the outputConfig field. Remove outputConfig and try again.",
}

JsonObject = dict[str, Any]


class RequestRefused(Exception):
    """Bedrock's answer to a request that it does not run: status, exception name, message."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class ConverseRequest:
    """What the emulated model needs of a request."""

    messages: tuple[tuple[str, str], ...]
    """Role and text of every message."""
    input_tokens: int
    """Tokens of all messages and of the system prompt."""
    max_tokens: int | None
    stop_sequences: tuple[str, ...]

    @property
    def prompt(self) -> str:
        """Text of the last message of the user."""
        return next(text for role, text in reversed(self.messages) if role == "user")


def parse(model_id: str, body: bytes) -> ConverseRequest:
    """Read and check a request. Raises RequestRefused."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestRefused("SerializationException", "The request body is not valid JSON.") from None
    request = _object(document, "the request body")
    if not MODEL_ID.fullmatch(model_id):
        raise _invalid("The provided model identifier is invalid.")
    for name, message in UNSUPPORTED_FIELDS.items():
        if request.get(name) is not None:
            raise _invalid(message)

    max_tokens, stop_sequences = _inference_config(_object(request.get("inferenceConfig") or {}, "inferenceConfig"))
    texts = _messages(_list(request.get("messages") or [], "messages"))
    system = _system(_list(request.get("system") or [], "system"))
    return ConverseRequest(
        messages=tuple(texts),
        input_tokens=sum(len(tokens(text)) for text in [*system, *(text for _, text in texts)]),
        max_tokens=max_tokens,
        stop_sequences=stop_sequences,
    )


def _messages(messages: list[object]) -> list[tuple[str, str]]:
    """(role, text) of each message."""
    read: list[tuple[str, str]] = []
    for index, entry in enumerate(messages):
        at = f"messages.{index}"
        message = _object(entry, at)
        role = message.get("role")
        if role not in ("user", "assistant"):
            raise _constraint(role, f"{at}.member.role", "Member must satisfy enum value set: [user, assistant]")
        if not read and role != "user":
            raise _invalid(
                "A conversation must start with a user message. Try again with a conversation that starts with a user "
                "message."
            )
        if read and read[-1][0] == role:
            raise _invalid(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
                "between user and assistant roles and try again."
            )
        content = _list(message.get("content") or [], f"{at}.content")
        if not content:
            raise _invalid(
                f"The content field in the Message object at {at} is empty. Add a ContentBlock object to the content "
                "field and try again."
            )
        blocks = [_text(block, f"{at}.content.{number}", "ContentBlock") for number, block in enumerate(content)]
        read.append((role, "\n".join(blocks)))
    if not read:
        raise _invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message."
        )
    return read


def _system(blocks: list[object]) -> list[str]:
    return [_text(block, f"system.{index}", "SystemContentBlock") for index, block in enumerate(blocks)]


def _text(block: object, at: str, kind: str) -> str:
    members = _object(block, at)
    other = next((name for name in members if name != "text"), None)
    if other is not None:
        raise _invalid(
            f"This model doesn't support the {other} field for the {kind} object at {at}. Remove {other} and try again."
        )
    text = members.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _invalid(
            f"The text field in the {kind} object at {at} is blank. Add text to the text field, and try again."
        )
    return text


def _inference_config(config: JsonObject) -> tuple[int | None, tuple[str, ...]]:
    max_tokens: object = config.get("maxTokens")
    if max_tokens is not None:
        if not isinstance(max_tokens, int) or isinstance(max_tokens, bool):
            raise _wrong_type("inferenceConfig.maxTokens", "an integer")
        if max_tokens < 1:
            where = "inferenceConfig.maxTokens"
            raise _constraint(max_tokens, where, "Member must have value greater than or equal to 1")
    for name in ("temperature", "topP"):
        value: object = config.get(name)
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise _wrong_type(f"inferenceConfig.{name}", "a number")
        if value is not None and not 0 <= value <= 1:
            bound = "less than or equal to 1" if value > 1 else "greater than or equal to 0"
            raise _constraint(value, f"inferenceConfig.{name}", f"Member must have value {bound}")
    sequences = _list(config.get("stopSequences") or [], "inferenceConfig.stopSequences")
    stop_sequences = [sequence for sequence in sequences if isinstance(sequence, str) and sequence]
    if len(stop_sequences) != len(sequences):
        where = "inferenceConfig.stopSequences"
        raise _constraint(json.dumps(sequences), where, "Member must have length greater than or equal to 1")
    return max_tokens, tuple(stop_sequences)


def _object(value: object, at: str) -> JsonObject:
    if not isinstance(value, Mapping):
        raise _wrong_type(at, "an object")
    return dict(cast("Mapping[str, Any]", value))


def _list(value: object, at: str) -> list[object]:
    if not isinstance(value, list):
        raise _wrong_type(at, "a list")
    return cast("list[object]", value)


def _invalid(message: str) -> RequestRefused:
    return RequestRefused("ValidationException", message)


def _constraint(value: object, at: str, constraint: str) -> RequestRefused:
    return _invalid(
        f"1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"
    )


def _wrong_type(at: str, expected: str) -> RequestRefused:
    return RequestRefused("SerializationException", f"Expected {at} to be {expected}.")
