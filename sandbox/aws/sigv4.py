"""Signature Version 4, verified by signing the request again with botocore's own signer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv4.html
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials as BotocoreCredentials
from starlette.requests import Request

from sandbox.iam.credentials import Credentials, Keys

MAX_SKEW_SECONDS = 300
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html"""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request"
    r"\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class SignatureRefused(Exception):
    """A request that is not signed, or not rightly: AWS's error code (without `Exception`), and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Scope:
    """What the `Authorization` header claims, not yet verified."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


@dataclass(frozen=True)
class SignedRequest:
    """A request as it was signed: header names in lower case, the path and query string as they were sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def verify(request: Request, body: bytes, *, service: str, credentials: Credentials) -> str:
    """The ARN of the role that signed an HTTP request for `service`. Raises SignatureRefused."""
    scope = request.scope
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    signed = SignedRequest(
        method=request.method,
        path=raw_path.decode("ascii", "replace"),
        query=scope["query_string"].decode("ascii", "replace"),
        headers={name: ",".join(request.headers.getlist(name)) for name in request.headers},
        body=body,
    )
    return verify_signed(signed, service=service, credentials=credentials)


def verify_signed(request: SignedRequest, *, service: str, credentials: Credentials) -> str:
    """The same for a request that did not come as one, such as the handshake of a real-time API."""
    scope = claimed_scope(request.headers.get("authorization"))
    if scope.service != service:
        raise SignatureRefused("InvalidSignature", f"Credential should be scoped to correct service: '{service}'.")
    timestamp = _timestamp(request.headers.get("x-amz-date"), scope)
    found = credentials.principal(scope.access_key_id)
    if found is None:
        raise SignatureRefused("UnrecognizedClient", "The security token included in the request is invalid.")
    keys = found.keys
    _check_signed_headers(request, scope)
    if not _equal(request.headers.get("x-amz-security-token", ""), keys.session_token):
        raise SignatureRefused("UnrecognizedClient", "The security token included in the request is invalid.")
    if not _equal(_signature(request, scope, keys, timestamp), scope.signature):
        raise SignatureRefused("InvalidSignature", _MISMATCH)
    if credentials.expired(found):
        raise SignatureRefused("ExpiredToken", "The security token included in the request is expired")
    return found.role_arn


def claimed_scope(authorization: str | None) -> Scope:
    """Read an `Authorization` header. Raises SignatureRefused when it is absent or of another kind."""
    if not authorization:
        raise SignatureRefused("MissingAuthenticationToken", "Missing Authentication Token")
    match = _AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        raise SignatureRefused("IncompleteSignature", "Authorization header is not a Signature Version 4 header.")
    return Scope(
        match["key"],
        match["date"],
        match["region"],
        match["service"],
        tuple(match["headers"].split(";")),
        match["signature"],
    )


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _timestamp(text: str | None, scope: Scope) -> str:
    try:
        signed_at = datetime.strptime(text or "", SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        raise SignatureRefused(
            "IncompleteSignature", "Authorization header requires existence of 'X-Amz-Date'."
        ) from None
    now = datetime.now(UTC)
    if abs((now - signed_at).total_seconds()) > MAX_SKEW_SECONDS:
        relation = "Signature expired" if signed_at < now else "Signature not yet current"
        raise SignatureRefused(
            "InvalidSignature", f"{relation}: {text} is more than 5 min. from {now:{SIGV4_TIMESTAMP}}"
        )
    stamp = f"{signed_at:{SIGV4_TIMESTAMP}}"
    if not stamp.startswith(scope.date):
        raise SignatureRefused("InvalidSignature", "Date in Credential scope does not match YYYYMMDD from X-Amz-Date.")
    return stamp


def _check_signed_headers(request: SignedRequest, scope: Scope) -> None:
    """AWS demands that `host` and every `x-amz-…` header present are signed, so that none can be swapped."""
    demanded = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    unsigned = sorted(demanded - set(scope.signed_headers))
    if unsigned:
        message = f"'{unsigned[0]}' must be a 'SignedHeader' in the AWS Authorization."
        raise SignatureRefused("InvalidSignature", message)
    declared = request.headers.get("x-amz-content-sha256")
    if declared is not None and declared != hashlib.sha256(request.body).hexdigest():
        raise SignatureRefused("InvalidSignature", _MISMATCH)


def _signature(request: SignedRequest, scope: Scope, keys: Keys, timestamp: str) -> str:
    signer = _Resigner(keys, scope)
    host = request.headers.get("host", "")
    again = AWSRequest(
        method=request.method,
        url=f"http://{host}{request.path}{'?' if request.query else ''}{request.query}",
        headers={name: request.headers[name] for name in scope.signed_headers if name in request.headers},
        data=request.body,
    )
    again.context["timestamp"] = timestamp
    return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)


class _Resigner(SigV4Auth):
    """botocore's signer over exactly the headers that were signed, where it would choose for itself."""

    def __init__(self, keys: Keys, scope: Scope) -> None:
        secret = BotocoreCredentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        super().__init__(secret, scope.service, scope.region)
        self._signed_headers = scope.signed_headers

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        chosen = HTTPHeaders()
        for name in self._signed_headers:
            chosen[name] = request.headers.get(name, "")
        return chosen
