"""Why an invocation is refused, and how one fails.

InvokeRefused             the caller's error: an answer of the Invoke API, nothing ran
├── FunctionNotFound      404
├── FunctionPending       409
├── TooManyRequests       429
│   └── TooManyStarts     429, where AWS would have started an environment, and this machine cannot
├── PayloadTooLarge       413
├── InvalidRequestContent 400
└── NotEmulated           501, where the sandbox cannot do what AWS would
FunctionFailed            the function's error: it ran, or tried to; becomes `Invocation.function_error`

Shapes: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
"""

import signal
from collections.abc import Mapping

from sandbox.errors import one_line


class InvokeRefused(Exception):
    """Base of the refusals. `status`, `code` and `body` are what Lambda's API answers with."""

    status = 500
    code = "ServiceException"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def body(self) -> Mapping[str, str]:
        """The JSON body; `code` travels in the header `x-amzn-ErrorType`."""
        return {"Type": "User", "Message": self.message}


class FunctionNotFound(InvokeRefused):
    """There is no function of this ARN, or no such version or alias of it."""

    status = 404
    code = "ResourceNotFoundException"

    def __init__(self, arn: str) -> None:
        super().__init__(f"Function not found: {arn}")


class FunctionPending(InvokeRefused):
    """The function is deployed, and not ready yet."""

    status = 409
    code = "ResourceConflictException"

    def __init__(self) -> None:
        super().__init__(
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )


class TooManyRequests(InvokeRefused):
    """No concurrency is left. `reason` is AWS's: `ConcurrentInvocationLimitExceeded` or `ReservedFunction…`."""

    status = 429
    code = "TooManyRequestsException"

    def __init__(self, reason: str) -> None:
        super().__init__("Rate Exceeded.")
        self.reason = reason

    @property
    def body(self) -> Mapping[str, str]:
        """This one is shaped differently by Lambda: a reason, and `message` in lower case."""
        return {"Reason": self.reason, "Type": "User", "message": self.message}


class TooManyStarts(TooManyRequests):
    """So many environments start that this one's turn did not come in time. Lambda has a bound for that as well, a
    higher one: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#scaling-rate
    """

    def __init__(self) -> None:
        super().__init__("ConcurrentInvocationLimitExceeded")


class PayloadTooLarge(InvokeRefused):
    """The event is over 6 MB, or over 1 MB for an asynchronous one."""

    status = 413
    code = "RequestEntityTooLargeException"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Request must be smaller than {limit} bytes for the InvokeFunction operation")


class InvalidRequestContent(InvokeRefused):
    """The event is not JSON."""

    status = 400
    code = "InvalidRequestContentException"


class NotEmulated(InvokeRefused):
    """AWS would do it, the sandbox does not: refused instead of answered wrongly."""

    status = 501
    code = "NotEmulatedBySandbox"


class FunctionFailed(Exception):
    """The function's own failure: the error document that the caller gets, and the words for the log."""

    def __init__(self, document: Mapping[str, object], *, status: str = "error", reusable: bool = False) -> None:
        super().__init__(one_line(f"{document.get('errorType')}: {document.get('errorMessage')}"))
        self.document = document
        self.status = status
        """As the REPORT line has it: `error` or `timeout`."""
        self.reusable = reusable
        """Whether the environment takes further invocations: so after an exception that the runtime reported."""


def timed_out(request_id: str, seconds: float) -> FunctionFailed:
    """The function used up its timeout."""
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return FunctionFailed({"errorType": "Sandbox.Timedout", "errorMessage": message}, status="timeout")


def exited(request_id: str, return_code: int, *, out_of_memory: bool = False) -> FunctionFailed:
    """The function's process ended by itself, or the memory limit ended it."""
    if return_code > 0:
        reason = f"Runtime exited with error: exit status {return_code}"
    elif return_code < 0:
        name = signal.strsignal(-return_code) or str(-return_code)
        reason = f"Runtime exited with error: signal: {name.lower()}"
    else:
        reason = "Runtime exited without providing a reason"
    kind = "Runtime.OutOfMemory" if out_of_memory else "Runtime.ExitError"
    return FunctionFailed({"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {reason}"})
