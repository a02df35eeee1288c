"""The function behind `Mutation.startStream`: admits, and hands over to the worker at once.

AppSync has verified the token's signature, issuer and expiry; what it does not check is checked here. Refusals are
returned as data, for the resolver to raise: `{"error": {"code", "message", "retryAfter"?}}`.
"""

import os
from collections.abc import Mapping
from typing import Any

from shared.auth.user import check_claims, user_of
from shared.errors import Internal, StreamwaysError
from shared.init_phase import at_init
from shared.protocol.request import ChatRequest, identifier
from shared.stream.dispatch import Dispatcher
from shared.stream.start import StreamStart
from shared.telemetry.log import logger


@at_init
def dispatcher() -> Dispatcher:
    """The environment's one, with its clients."""
    return Dispatcher.from_environment()


@logger.inject_lambda_context(correlation_id_path="requestId")
def handler(event: dict[str, Any], context: Any) -> dict[str, object]:
    """`{"claims", "arguments", "requestId"}` → `{"stream": {"streamId", "chatId"}}` or `{"error": …}`."""
    try:
        start = _start(event["claims"], event["arguments"], event["requestId"] or context.aws_request_id)
        dispatcher().dispatch(start, {})
        return {"stream": {"streamId": start.stream_id, "chatId": start.request.chat_id}}
    except StreamwaysError as refusal:
        return {"error": refusal.to_json()}
    except Exception:
        logger.exception("a start failed")
        return {"error": Internal().to_json()}


def _start(claims: Mapping[str, object], arguments: Mapping[str, object], correlation_id: str) -> StreamStart:
    check_claims(claims, frozenset(os.environ["TOKEN_CLIENT_IDS"].split(",")))
    request = {"id": arguments["chatId"], "messages": arguments["messages"]}
    return StreamStart(
        owner=user_of(claims).sub,
        stream_id=identifier(arguments["streamId"], "`streamId`"),
        request=ChatRequest.from_client(request),
        max_output_tokens=int(os.environ["MODEL_MAX_OUTPUT_TOKENS"]),
        correlation_id=correlation_id,
    )
