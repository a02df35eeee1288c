"""The function behind every field with data: who calls is checked here, what is asked is answered by `fields`.

AppSync has verified the token's signature, issuer and expiry; what it does not check is checked here. Refusals are
returned as data, for the resolver to raise: `{"error": {"code", "message", "retryAfter"?}}`.
"""

from collections.abc import Mapping
from typing import Any

from handlers.appsync.fields import FIELDS, FieldCall
from shared.auth.accepted import AcceptedClaims
from shared.auth.user import user_of
from shared.errors import Internal, StreamwaysError
from shared.telemetry.log import logger
from shared.telemetry.reports import reports


@reports.before_the_end
@logger.inject_lambda_context(correlation_id_path="requestId")
def handler(event: dict[str, Any], context: Any) -> dict[str, object]:
    """`{"field", "claims", "arguments", "requestId"?}` → `{"result": …}` or `{"error": …}`."""
    try:
        return {"result": FIELDS[event["field"]](_field_call(event, context.aws_request_id))}
    except StreamwaysError as refusal:
        return {"error": refusal.to_json()}
    except Exception:
        logger.exception("a request failed", extra={"field": event.get("field")})
        return {"error": Internal().to_json()}


def _field_call(event: Mapping[str, Any], request_id: str) -> FieldCall:
    viewer = user_of(event["claims"], AcceptedClaims.from_environment())
    return FieldCall(viewer, event["arguments"], event.get("requestId") or request_id)
