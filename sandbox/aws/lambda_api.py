"""Lambda's API, as far as it is served: functions are invoked, versions are listed, and aliases are moved.

https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast
from urllib.parse import parse_qs, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.aws.refusals import CallRefused
from sandbox.functions.service import FunctionService, InvokeRefused
from sandbox.iam.permission import Permission
from sandbox.world import Alias, Function, World

_FUNCTION = re.compile(
    r"/2015-03-31/functions/(?P<function>[^/]+)/(?P<what>invocations|versions|aliases/(?P<alias>[^/]+))"
)
_INVOKE_EXTRAS = ("x-amz-log-type", "x-amz-client-context")
_ALIAS_MEMBERS = {"FunctionVersion"}

Demand = Callable[[str, Iterable[Permission]], None]
"""Refuses, with a `CallRefused`, what a role may not do."""


class LambdaApi:
    """Answers calls that are authenticated; `demand` decides whether their role may make them."""

    def __init__(self, world: World, functions: FunctionService, demand: Demand) -> None:
        self._world = world
        self._functions = functions
        self._demand = demand

    async def answer(self, request: Request, path: str, body: bytes, role: str) -> Response:
        """Answer one call of `role`. Raises `CallRefused`."""
        match = _FUNCTION.fullmatch(path)
        operation = {
            ("POST", "invocations"): "Invoke",
            ("GET", "versions"): "ListVersionsByFunction",
            ("GET", "aliases"): "GetAlias",
            ("PUT", "aliases"): "UpdateAlias",
        }.get((request.method, match["what"].partition("/")[0] if match else ""))
        if match is None or operation is None:
            raise CallRefused(
                "UnknownOperationException",
                f"The sandbox serves Lambda's Invoke, ListVersionsByFunction, GetAlias and UpdateAlias, not {path}.",
                501,
            )
        arn = self._called(unquote(match["function"]), request.url.query)
        try:
            if operation == "Invoke":
                self._demand(role, [Permission("lambda:InvokeFunction", arn)])
                return await self._invoke(request, arn, body)
            self._demand(role, [Permission(f"lambda:{operation}", arn)])
            function = self._function(arn)
            if operation == "ListVersionsByFunction":
                return JSONResponse({"Versions": [_version(each) for each in (function, *function.versions.values())]})
            alias = self._alias(function, unquote(match["alias"]))
            if operation == "UpdateAlias":
                await self._functions.update_alias(function, alias, _wanted_version(body, alias))
            return JSONResponse(_described(function, alias))
        except InvokeRefused as refusal:
            return JSONResponse(dict(refusal.body), refusal.status, {"x-amzn-ErrorType": refusal.code})

    def _called(self, given: str, query: str) -> str:
        """The ARN that a call names, by a name or an ARN with the qualifier in it or beside it."""
        name, _, qualifier = given.removeprefix(self._world.function_arn("")).partition(":")
        beside = parse_qs(query).get("Qualifier", [""])[0]
        if qualifier and beside not in ("", qualifier):
            raise CallRefused(
                "InvalidParameterValueException",
                "The derived qualifier from the function name does not match the specified qualifier.",
                400,
            )
        return self._world.function_arn(":".join(filter(None, (name, qualifier or beside))))

    def _function(self, arn: str) -> Function:
        try:
            return self._world.functions[arn.removeprefix(self._world.function_arn(""))]
        except KeyError:
            raise CallRefused("ResourceNotFoundException", f"Function not found: {arn}", 404) from None

    def _alias(self, function: Function, name: str) -> Alias:
        try:
            return function.aliases[name]
        except KeyError:
            missing = f"Cannot find alias arn: {function.arn}:{name}"
            raise CallRefused("ResourceNotFoundException", missing, 404) from None

    async def _invoke(self, request: Request, arn: str, body: bytes) -> Response:
        """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
        if any(request.headers.get(header, "None") != "None" for header in _INVOKE_EXTRAS):
            raise CallRefused(
                "InvalidParameterValueException",
                "The sandbox invokes functions without log tail and client context.",
                400,
            )
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "Event":
            request_id = self._functions.invoke_event(arn, body)
            return Response(b"", 202, {"x-amzn-RequestId": request_id})
        if kind != "RequestResponse":
            raise CallRefused(
                "InvalidParameterValueException", f"The sandbox does not know the invocation type {kind}.", 400
            )
        invocation = await self._functions.invoke(arn, body)
        headers = {"x-amzn-RequestId": invocation.request_id, "X-Amz-Executed-Version": invocation.executed_version}
        if invocation.function_error is not None:
            headers["X-Amz-Function-Error"] = invocation.function_error
        return Response(invocation.payload, 200, headers, "application/json")


def _wanted_version(body: bytes, alias: Alias) -> str:
    """The version that a call moves an alias to."""
    try:
        given: object = json.loads(body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise CallRefused("InvalidRequestContentException", "Could not parse request body into json.", 400)
    members = cast("Mapping[str, Any]", given)
    if others := sorted(members.keys() - _ALIAS_MEMBERS):
        raise CallRefused(
            "InvalidParameterValueException",
            f"The sandbox moves an alias to a version as a whole, without {', '.join(others)}.",
            400,
        )
    return str(members.get("FunctionVersion", alias.version))


def _described(function: Function, alias: Alias) -> Mapping[str, object]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_AliasConfiguration.html"""
    return {"AliasArn": f"{function.arn}:{alias.name}", "Name": alias.name, "FunctionVersion": alias.version}


def _version(function: Function) -> Mapping[str, object]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html"""
    return {
        "FunctionName": function.name,
        "FunctionArn": f"{function.arn}:{function.version}",
        "Version": function.version,
        "LastModified": f"{function.modified_at:%Y-%m-%dT%H:%M:%S}.{function.modified_at.microsecond // 1000:03}+0000",
    }
