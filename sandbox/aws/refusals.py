"""AWS's error answers, in the shape of each protocol.

JSON (DynamoDB, Cognito): `__type` in the body, status 400. REST (Lambda, Bedrock): `x-amzn-ErrorType`, status 403.
Query (STS): XML. https://smithy.io/2.0/aws/protocols/index.html
"""

from uuid import uuid4
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class CallRefused(Exception):
    """A call that AWS answers with an error: its code, its message, and a status where the protocol leaves it open."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def response_to(request: Request, refusal: CallRefused) -> Response:
    """The answer that an SDK turns into an exception of this code."""
    headers = {"x-amzn-RequestId": str(uuid4())}
    if "x-amz-target" in request.headers:
        status = 400 if refusal.status < 500 else refusal.status
        body = {"__type": f"com.amazon.coral.service#{refusal.code}", "message": refusal.message}
        return JSONResponse(body, status, headers, "application/x-amz-json-1.0")
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        code = refusal.code.removesuffix("Exception")
        text = f"<Error><Code>{code}</Code><Message>{escape(refusal.message)}</Message></Error>"
        return Response(f"<ErrorResponse>{text}</ErrorResponse>", refusal.status, headers, "text/xml")
    headers["x-amzn-ErrorType"] = refusal.code
    return JSONResponse({"message": refusal.message, "Message": refusal.message}, refusal.status, headers)


def access_denied(role_arn: str, action: str, resource: str) -> CallRefused:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    account, role = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    return CallRefused(
        "AccessDeniedException",
        f"User: arn:aws:sts::{account}:assumed-role/{role}/sandbox is not authorized to perform: {action} "
        f"on resource: {resource} because no identity-based policy allows the {action} action",
    )
