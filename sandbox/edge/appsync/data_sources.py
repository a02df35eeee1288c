"""Data sources: `NONE`, and `AWS_LAMBDA` by way of its service role.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-lambda-js.html and
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-none.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sandbox.edge.appsync.errors import FieldFailed
from sandbox.edge.appsync.values import as_object
from sandbox.functions.errors import InvokeRefused
from sandbox.functions.service import FunctionService
from sandbox.graphql import DataSource
from sandbox.iam.policies import role_allows, service_may_assume
from sandbox.world import World

_SERVICE = "appsync.amazonaws.com"


@dataclass(frozen=True)
class Result:
    """What a data source gave: `ctx.result` and `ctx.error` of the response handler."""

    value: object = None
    error: Mapping[str, str] | None = None
    """`{"message", "type"}`."""
    respond: bool = True
    """Whether the response handler runs: not after an `Event` invocation."""


class DataSources:
    """Carries out what request handlers ask for."""

    def __init__(self, world: World, functions: FunctionService) -> None:
        self._world = world
        self._functions = functions

    async def call(self, source: DataSource, request: object) -> Result:
        """Calls a data source with a request handler's value. Raises FieldFailed when nothing could be called."""
        document = as_object(request)
        if source.type == "NONE":
            return Result(document.get("payload"))
        if source.type != "AWS_LAMBDA" or source.function_arn is None or source.service_role_arn is None:
            raise FieldFailed(f"The sandbox does not emulate data sources of type {source.type}.", "NotEmulated")
        if document.get("operation") != "Invoke":
            raise FieldFailed(
                f"The request for a Lambda data source has the operation {document.get('operation')}; "
                "the sandbox emulates Invoke.",
                "Code",
            )
        self._check_role(source.service_role_arn, source.function_arn)
        payload = json.dumps(document.get("payload")).encode()
        try:
            if document.get("invocationType") == "Event":
                self._functions.invoke_event(source.function_arn, payload)
                return Result(respond=False)
            invocation = await self._functions.invoke(source.function_arn, payload)
        except InvokeRefused as error:
            return Result(error={"message": error.message, "type": f"Lambda:{error.code}"})
        value = cast(object, json.loads(invocation.payload or b"null"))
        if invocation.function_error is None:
            return Result(value)
        message = as_object(value).get("errorMessage")
        return Result(error={"message": str(message), "type": f"Lambda:{invocation.function_error}"})

    def _check_role(self, role_arn: str, function_arn: str) -> None:
        if not service_may_assume(self._world, role_arn, _SERVICE):
            raise FieldFailed(f"Unable to assume role {role_arn}.", "UnauthorizedException")
        if not role_allows(self._world, role_arn, "lambda:InvokeFunction", function_arn):
            raise FieldFailed(
                f"User: {role_arn} is not authorized to perform: lambda:InvokeFunction on resource: {function_arn}",
                "Lambda:AccessDeniedException",
            )
