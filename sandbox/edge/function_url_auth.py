"""Who may call a function URL: the signature (`AWS_IAM`), and both permissions that Lambda asks for.

Since October 2025 that is `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction`, granted to everybody for `NONE`, to
the caller (by its role or by the function) for `AWS_IAM`. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from collections.abc import Mapping

from starlette.requests import Request

from sandbox.aws.sigv4 import SignatureRefused, claimed_scope, verify
from sandbox.iam.credentials import Credentials, User
from sandbox.iam.policies import THROUGH_URL, URL_AUTH_TYPE, function_allows, role_allows
from sandbox.world import ACCOUNT_ID, Callee, FunctionUrl, World

FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


class Forbidden(Exception):
    """The request is refused with a 403: AWS's error type and message."""

    def __init__(self, code: str = "AccessDeniedException", message: str = FORBIDDEN) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def authorize(
    world: World, url: FunctionUrl, callee: Callee, credentials: Credentials, request: Request, body: bytes
) -> Mapping[str, object] | None:
    """The event's `requestContext.authorizer`: None for `NONE`. Raises `Forbidden`."""
    if url.authorization_type == "NONE":
        _demand(
            function_allows(callee, "lambda:InvokeFunctionUrl", principal="*", url_auth_type="NONE"),
            function_allows(callee, "lambda:InvokeFunction", principal="*", via_function_url=True),
        )
        return None
    try:
        role = verify(request, body, service="lambda", credentials=credentials)
    except SignatureRefused as refused:
        if refused.code == "MissingAuthenticationToken":
            raise Forbidden from None
        raise Forbidden(f"{refused.code}Exception", refused.message) from None
    _demand(
        role_allows(world, role, "lambda:InvokeFunctionUrl", callee.arn, context={URL_AUTH_TYPE: "AWS_IAM"})
        or function_allows(callee, "lambda:InvokeFunctionUrl", principal=role, url_auth_type="AWS_IAM"),
        role_allows(world, role, "lambda:InvokeFunction", callee.arn, context={THROUGH_URL: "true"})
        or function_allows(callee, "lambda:InvokeFunction", principal=role, via_function_url=True),
    )
    key_id = claimed_scope(request.headers.get("authorization")).access_key_id
    principal = credentials.principal(key_id)
    return _iam_context(role, key_id, principal.user if principal else None)


def _demand(may_invoke_url: bool, may_invoke_function: bool) -> None:
    if not (may_invoke_url and may_invoke_function):
        raise Forbidden


def _iam_context(role: str, access_key_id: str, user: User | None) -> Mapping[str, object]:
    """https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-request-payload"""
    name, session = role.rpartition("/")[2], "CognitoIdentityCredentials" if user else "sandbox"
    user_id = f"{access_key_id}:{session}"
    return {
        "iam": {
            "accessKey": access_key_id,
            "accountId": ACCOUNT_ID,
            "callerId": user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{name}/{session}",
            "userId": user_id,
        }
    }
