"""What AppSync refuses: a document at deploy time, a request as a whole, one field of an answer.

ResourceRefused (sandbox.errors)
├── SchemaRefused       the schema, when it is deployed
└── ResolverRefused     a resolver's code, when it is deployed
RequestRefused          a request, before anything of it ran: an HTTP status, or a `connection_error`/`error` frame
└── OperationInvalid    the operation does not fit the schema: answered with status 200 and `"data": null`
FieldFailed             one field: null in the answer and an entry in `errors`

Shapes: https://github.com/graphql/graphql-over-http/issues/81 (by the AppSync team), answers quoted in public issues.
"""

from collections.abc import Mapping, Sequence

from sandbox.errors import ResourceRefused

ErrorEntry = dict[str, object]
"""An entry of `errors`: `message`; where AppSync gives them `path`, `locations`, `errorType`, `errorInfo`, `data`."""

UNAUTHORIZED_MESSAGE = "You are not authorized to make this call."
NO_AUTHORIZATION_MESSAGE = "Valid authorization header not provided."


class SchemaRefused(ResourceRefused):
    """The schema is not GraphQL, or not what AppSync accepts."""


class ResolverRefused(ResourceRefused):
    """The code is not what APPSYNC_JS accepts, or calls something that is not emulated."""


class RequestRefused(Exception):
    """The request is refused as a whole: HTTP `status` and body `{"errors": [{"errorType", "message"}]}`."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.errors: Sequence[ErrorEntry] = [{"errorType": error_type, "message": message}]


class OperationInvalid(RequestRefused):
    """The operation is GraphQL but does not fit the schema; AppSync answers 200, and gives no `errorType`."""

    def __init__(self, errors: Sequence[ErrorEntry]) -> None:
        super().__init__(200, "", "; ".join(str(entry["message"]) for entry in errors))
        self.errors = errors


class FieldFailed(Exception):
    """A field has no value: what `util.error` raises, and what AppSync raises itself."""

    def __init__(self, message: str, error_type: str, *, data: object = None, error_info: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.error_type = error_type
        self.data = data
        self.error_info = error_info


def unauthorized(message: str = UNAUTHORIZED_MESSAGE) -> RequestRefused:
    """The 401 for missing, invalid and expired credentials."""
    return RequestRefused(401, "UnauthorizedException", message)


def not_authorized(type_name: str, field_name: str) -> FieldFailed:
    """The caller may use the API, but not this field
    (https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html)."""
    return FieldFailed(f"Not Authorized to access {field_name} on type {type_name}", "Unauthorized")


def frame_errors(errors: Sequence[Mapping[str, object]]) -> list[ErrorEntry]:
    """Entries as frames of the real-time protocol carry them: without what is null, and without locations."""
    return [
        {key: value for key, value in entry.items() if value is not None and key != "locations"} for entry in errors
    ]
