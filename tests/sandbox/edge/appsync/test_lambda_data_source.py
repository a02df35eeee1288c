"""Resolvers with a Lambda data source."""

import asyncio
from typing import Any

import pytest

from sandbox.edge.appsync import execution
from sandbox.functions.service import TooManyRequests
from tests.sandbox.edge.appsync.appsync_harness import INVOKE, Api, Edge, token

SCHEMA = "type Query { go(text: String): String }"
SHOWS_ERRORS = """
export function request(ctx) { return { operation: 'Invoke', payload: null }; }
export function response(ctx) { return ctx.error ? `${ctx.error.type}: ${ctx.error.message}` : ctx.result; }
"""
EVENT = """
export function request(ctx) { return { operation: 'Invoke', invocationType: 'Event', payload: ctx.args }; }
export function response(ctx) { return 'never'; }
"""


def api_with(edge: Edge, code: str) -> Api:
    return edge.api(SCHEMA, {"Query.go": code}, functions=("Query.go",))


async def answers(payload: Any) -> str:
    return f"got {payload}"


async def test_the_function_gets_the_payload_and_its_answer_is_the_result(edge: Edge) -> None:
    api = api_with(edge, INVOKE)
    api.function("go", answers)
    assert await api.data('{ go(text: "x") }', by=token("ada")) == {"go": "got {'text': 'x'}"}


async def test_an_event_is_not_waited_for_and_has_no_response_handler(edge: Edge) -> None:
    api = api_with(edge, EVENT)
    source = api.function("go", answers)
    assert await api.data('{ go(text: "x") }', by=token("ada")) == {"go": None}
    assert (source.name, {"text": "x"}) in edge.functions.events


async def test_a_failed_function_is_an_error_that_the_response_handler_sees(edge: Edge) -> None:
    async def divides(_: Any) -> object:
        return 1 // 0

    api = api_with(edge, SHOWS_ERRORS)
    api.function("go", divides)
    data = await api.data("{ go }", by=token("ada"))
    assert data == {"go": "Lambda:Unhandled: integer division or modulo by zero"}


async def test_a_throttled_function_is_an_error_that_the_response_handler_sees(edge: Edge) -> None:
    async def throttled(_: Any) -> object:
        raise TooManyRequests("ReservedFunctionConcurrentInvocationLimitExceeded")

    api = api_with(edge, SHOWS_ERRORS)
    api.function("go", throttled)
    assert await api.data("{ go }", by=token("ada")) == {"go": "Lambda:TooManyRequestsException: Rate Exceeded."}


async def test_the_service_role_must_trust_appsync_and_may_invoke_the_function(edge: Edge) -> None:
    api = api_with(edge, INVOKE)
    source = api.function("go", answers)
    assert source.service_role_arn is not None
    role = edge.world.roles[source.service_role_arn]
    trust = role.trust_policy
    role.trust_policy = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}}]}
    (entry,) = await api.errors("{ go }", by=token("ada"))
    assert entry["message"] == f"Unable to assume role {role.arn}."
    role.trust_policy, role.policies = trust, {}
    (entry,) = await api.errors("{ go }", by=token("ada"))
    assert "is not authorized to perform: lambda:InvokeFunction" in entry["message"]


async def test_a_request_without_an_operation_is_refused(edge: Edge) -> None:
    api = api_with(edge, "export function request(ctx) { return {}; }\nexport function response(ctx) { return 1; }")
    api.function("go", answers)
    (entry,) = await api.errors("{ go }", by=token("ada"))
    assert entry["message"].startswith("The request for a Lambda data source has the operation None")


async def test_a_request_has_30_seconds(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_: Any) -> object:
        await asyncio.Event().wait()
        return None

    assert execution.EXECUTION_SECONDS == 30
    monkeypatch.setattr(execution, "EXECUTION_SECONDS", 0.05)
    api = api_with(edge, INVOKE)
    api.function("go", hangs)
    body = (await api.post("{ go }", by=token("ada"))).json()
    assert (body["data"], body["errors"][0]["errorType"]) == (None, "ExecutionTimeout")
