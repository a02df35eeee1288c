"""Who may connect to a WebSocket API, and what its functions are told."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from sandbox.functions.service import TooManyRequests, TooManyStarts
from sandbox.world import RouteSettings
from tests.sandbox.edge.websocket_harness import OK, STAGE, Api, Edge, Event, FunctionRaises, accepts, closed, serving


@pytest.fixture(scope="module")
async def edge() -> AsyncIterator[Edge]:
    async with serving() as edge:
        yield edge


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(effect: str, resource: str, action: str = "execute-api:Invoke") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


async def allows(event: Event) -> object:
    return {
        "principalId": "user-1",
        "policyDocument": policy(statement("Allow", event["methodArn"])),
        "context": {"sub": "user-1", "level": 3, "admin": False},
    }


async def refusal(api: Api, **more: Any) -> tuple[int, Any]:
    """Status and body of a handshake that must fail."""
    with pytest.raises(InvalidStatus) as caught:
        await api.connect(**more)
    return caught.value.response.status_code, json.loads(caught.value.response.body or b"null")


async def test_the_connect_route_is_asked_with_the_event_that_aws_sends(edge: Edge) -> None:
    api = edge.api()
    before = time.time_ns() // 1_000_000
    headers = [("X-Thing", "one"), ("X-Thing", "two"), ("X-Forwarded-For", "6.6.6.6")]
    async with api.connect(path="?a=1&a=2&b=", additional_headers=headers, user_agent_header="agent/1"):
        event = await api.event("$connect")
    context = event["requestContext"]
    domain = edge.origin.removeprefix("http://")
    assert event["isBase64Encoded"] is False
    assert event["queryStringParameters"] == {"a": "2", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["headers"]["X-Thing"] == "two"
    assert event["multiValueHeaders"]["X-Thing"] == ["one", "two"]
    assert event["headers"]["Host"] == domain
    assert event["headers"]["Sec-WebSocket-Version"] == "13"
    assert event["multiValueHeaders"]["X-Forwarded-For"] == ["127.0.0.1"]
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert not {"Connection", "Upgrade", "content-length"} & event["headers"].keys()
    assert context["routeKey"] == "$connect"
    assert context["eventType"] == "CONNECT"
    assert context["messageDirection"] == "IN"
    assert context["stage"] == STAGE
    assert context["apiId"] == api.record.api_id
    assert context["domainName"] == domain
    assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "agent/1"}
    assert before <= context["connectedAt"] <= context["requestTimeEpoch"]
    assert time.strptime(context["requestTime"], "%d/%b/%Y:%H:%M:%S +0000")
    assert len(context["connectionId"]) == 16
    assert context["connectionId"].endswith("=")
    assert context["requestId"] == context["extendedRequestId"]
    assert "authorizer" not in context


async def test_without_a_query_the_connect_event_has_no_parameters(edge: Edge) -> None:
    api = edge.api()
    async with api.connect():
        assert "queryStringParameters" not in await api.event("$connect")


async def test_the_authorizer_is_asked_with_the_event_that_aws_sends(edge: Edge) -> None:
    api = edge.api(authorizer=allows)
    async with api.connect(path="?ticket=t", subprotocols=["streamways.v1", "jwt.abc"]):
        asked, connect = await api.event("authorizer"), await api.event("$connect")
    assert asked["type"] == "REQUEST"
    assert asked["methodArn"] == f"{api.arn}/{STAGE}/$connect"
    assert asked["headers"]["Sec-WebSocket-Protocol"] == "streamways.v1, jwt.abc"
    assert asked["headers"]["Upgrade"] == "websocket"
    assert asked["queryStringParameters"] == {"ticket": "t"}
    assert asked["multiValueQueryStringParameters"] == {"ticket": ["t"]}
    assert asked["stageVariables"] == {}
    assert asked["requestContext"]["eventType"] == "CONNECT"
    assert asked["requestContext"]["connectionId"] == connect["requestContext"]["connectionId"]
    assert "authorizer" not in asked["requestContext"]


async def test_what_the_authorizer_says_of_the_caller_is_in_every_later_event_as_text(edge: Edge) -> None:
    api = edge.api(authorizer=allows)
    expected = {"principalId": "user-1", "sub": "user-1", "level": "3", "admin": "false"}
    async with api.connect() as client:
        assert (await api.event("$connect"))["requestContext"]["authorizer"] == expected
        await client.send("hello")
        assert (await api.event("$default"))["requestContext"]["authorizer"] == expected
    assert (await api.event("$disconnect"))["requestContext"]["authorizer"] == expected


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ([("Allow", "{arn}/live/$connect")], 101),
        ([("Allow", "{arn}/*")], 101),
        ([("Allow", "arn:aws:execute-api:*:*:*")], 101),
        ([("Allow", "{arn}/live/$conne??")], 101),
        ([("Deny", "{arn}/live/$connect")], 403),
        ([("Allow", "{arn}/*"), ("Deny", "{arn}/live/$connect")], 403),
        ([("Allow", "{arn}/other/$connect")], 403),
        ([("Allow", "{arn}/live/$default")], 403),
    ],
)
async def test_the_authorizers_policy_decides(edge: Edge, statements: list[tuple[str, str]], status: int) -> None:
    async def answer(_: Event) -> object:
        document = policy(*(statement(effect, resource.format(arn=api.arn)) for effect, resource in statements))
        return {"principalId": "user", "policyDocument": document}

    api = edge.api(authorizer=answer)
    if status == 101:
        async with api.connect():
            assert (await api.event("$connect"))["requestContext"]["authorizer"] == {"principalId": "user"}
    else:
        assert (await refusal(api))[0] == status
        assert not api.was_asked("$connect")


async def test_a_policy_for_another_action_does_not_let_in(edge: Edge) -> None:
    async def answer(_: Event) -> object:
        return {"principalId": "user", "policyDocument": policy(statement("Allow", "*", "execute-api:Manage*"))}

    assert (await refusal(edge.api(authorizer=answer)))[0] == 403


async def test_an_authorizer_that_raises_unauthorized_answers_401(edge: Edge) -> None:
    async def answer(_: Event) -> object:
        raise FunctionRaises("Unauthorized")

    assert await refusal(edge.api(authorizer=answer)) == (401, {"message": "Unauthorized"})


ALLOW_ALL = policy(statement("Allow", "*"))


@pytest.mark.parametrize(
    "result",
    [
        None,
        "yes",
        {},
        {"policyDocument": ALLOW_ALL},
        {"principalId": 5, "policyDocument": ALLOW_ALL},
        {"principalId": "user"},
        {"principalId": "user", "policyDocument": "Allow"},
        {"principalId": "user", "policyDocument": {"Statement": []}},
        {"principalId": "user", "policyDocument": policy({**statement("Allow", "*"), "Condition": {}})},
        {"principalId": "user", "policyDocument": policy(statement("Perhaps", "*"))},
        {"principalId": "user", "policyDocument": {"Version": "2012-10-17", "Statement": [5]}},
        {"principalId": "user", "policyDocument": ALLOW_ALL, "context": {"roles": ["a"]}},
        {"principalId": "user", "policyDocument": ALLOW_ALL, "context": ["a"]},
        {"principalId": "user", "policyDocument": ALLOW_ALL, "context": {"big": "x" * 8192}},
        b"not json",
    ],
)
async def test_a_malformed_answer_of_the_authorizer_is_a_500(edge: Edge, result: object) -> None:
    async def answer(_: Event) -> object:
        return result

    api = edge.api(authorizer=answer)
    assert await refusal(api) == (500, {"message": "Internal server error"})
    assert not api.was_asked("$connect")


async def test_an_authorizer_that_fails_or_is_throttled_is_a_500(edge: Edge) -> None:
    async def fails(_: Event) -> object:
        raise FunctionRaises("no")

    async def throttled(_: Event) -> object:
        raise TooManyRequests("ConcurrentInvocationLimitExceeded")

    for answer in (fails, throttled):
        assert (await refusal(edge.api(authorizer=answer)))[0] == 500


async def test_a_function_that_cannot_start_in_time_is_api_gateways_own_throttle(edge: Edge) -> None:
    async def waited(_: Event) -> object:
        raise TooManyStarts

    for api in (edge.api(authorizer=waited), edge.api(connect=waited)):
        assert await refusal(api) == (429, {"message": "Too Many Requests"})


SOURCES = ("route.request.header.X-Token", "route.request.querystring.ticket")


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 401),
        ({"x-token": "a"}, "", 401),
        ({}, "?ticket=t", 401),
        ({"x-token": ""}, "?ticket=t", 401),
        ({"x-token": "a"}, "?ticket=t", 101),
    ],
)
async def test_all_identity_sources_are_demanded_before_the_authorizer_is_asked(
    edge: Edge, headers: dict[str, str], query: str, status: int
) -> None:
    api = edge.api(authorizer=allows, identity_sources=SOURCES)
    if status == 101:
        async with api.connect(path=query, additional_headers=headers):
            assert await api.event("authorizer")
    else:
        answer = await refusal(api, path=query, additional_headers=headers)
        assert answer == (401, {"message": "Unauthorized"})
        assert not api.was_asked("authorizer")


async def test_an_identity_source_of_another_kind_is_a_500(edge: Edge) -> None:
    api = edge.api(authorizer=allows, identity_sources=["stageVariables.secret"])
    assert (await refusal(api))[0] == 500


@pytest.mark.parametrize("route_key", ["authorizer", "$connect"])
@pytest.mark.parametrize("source", [None, "other/$connect", "authorizers/other"])
async def test_a_function_that_does_not_allow_api_gateway_to_invoke_it_is_a_500(
    edge: Edge, route_key: str, source: str | None
) -> None:
    api = edge.api(authorizer=allows)
    permission = api.permissions(route_key).pop("invoke")
    if source is not None:
        object.__setattr__(permission, "source_arn", f"{api.arn}/{source}")
        api.permissions(route_key)["invoke"] = permission
    assert await refusal(api) == (500, {"message": "Internal server error"})
    assert not api.was_asked(route_key)


@pytest.mark.parametrize("status", [400, 401, 403, 500, "403"])
async def test_the_connect_route_refuses_with_its_status(edge: Edge, status: int | str) -> None:
    async def answer(_: Event) -> object:
        return {"statusCode": status, "body": "no"}

    api = edge.api(connect=answer)
    assert (await refusal(api))[0] == int(status)


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        {"statusCode": "ok"},
        {"statusCode": 101},
        {"statusCode": 200, "Data": ""},
        {**OK, "headers": "x"},
        b"{",
    ],
)
async def test_a_malformed_answer_of_the_connect_route_is_a_502(edge: Edge, result: object) -> None:
    async def answer(_: Event) -> object:
        return result

    assert await refusal(edge.api(connect=answer)) == (502, {"message": "Internal server error"})


async def test_a_connect_route_that_fails_is_a_502(edge: Edge) -> None:
    async def answer(_: Event) -> object:
        raise FunctionRaises("boom")

    assert (await refusal(edge.api(connect=answer)))[0] == 502


async def test_a_connect_route_that_takes_too_long_is_a_504(edge: Edge) -> None:
    async def answer(_: Event) -> object:
        return await asyncio.Event().wait()

    api = edge.api(connect=answer, timeout_milliseconds=50)
    assert await refusal(api) == (504, {"message": "Endpoint request timed out"})


@pytest.mark.parametrize("header", ["Sec-WebSocket-Protocol", "sec-websocket-protocol"])
async def test_the_connect_route_chooses_the_subprotocol(edge: Edge, header: str) -> None:
    async def answer(_: Event) -> object:
        return {**OK, "headers": {header: "streamways.v1"}}

    async with edge.api(connect=answer).connect(subprotocols=["streamways.v1", "jwt.abc"]) as client:
        assert client.subprotocol == "streamways.v1"


async def test_no_subprotocol_is_echoed_that_the_connect_route_did_not_choose(edge: Edge) -> None:
    async with edge.api().connect(subprotocols=["streamways.v1", "jwt.abc"]) as client:
        assert client.response is not None
        assert "Sec-WebSocket-Protocol" not in client.response.headers


async def test_the_connection_pends_until_the_connect_route_has_answered(edge: Edge) -> None:
    release = asyncio.Event()

    async def answer(_: Event) -> object:
        await release.wait()
        return OK

    api = edge.api(connect=answer)
    connecting = asyncio.ensure_future(api.connect().__aenter__())
    connection_id = (await api.event("$connect"))["requestContext"]["connectionId"]
    client = api.management()
    with pytest.raises(client.exceptions.GoneException):
        await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data=b"early")
    assert not connecting.done()
    release.set()
    async with await connecting:
        await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data=b"late")


async def test_a_client_that_leaves_while_connect_runs_is_reported_as_disconnected(edge: Edge) -> None:
    release = asyncio.Event()

    async def answer(_: Event) -> object:
        await release.wait()
        return OK

    api = edge.api(connect=answer)
    connecting = asyncio.ensure_future(api.connect().__aenter__())
    await api.event("$connect")
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    release.set()
    assert (await api.event("$disconnect"))["requestContext"]["disconnectStatusCode"] == 1006


async def test_a_stage_or_api_that_does_not_exist_is_forbidden(edge: Edge) -> None:
    api = edge.api()
    for path in ("x", "/more/path"):
        assert await refusal(api, path=path) == (403, {"message": "Forbidden"})
    del api.record.deployments["d1"]
    assert await refusal(api) == (403, {"message": "Forbidden"})
    api.record.stages.clear()
    assert await refusal(api) == (403, {"message": "Forbidden"})
    api.edge.world.websocket_apis.clear()
    assert await refusal(api) == (403, {"message": "Forbidden"})


async def test_a_route_that_the_stages_deployment_does_not_have_is_not_served(edge: Edge) -> None:
    async def refuses(_: Event) -> object:
        return {"statusCode": 403}

    api = edge.api(connect=refuses)
    api.record.deployments["d1"] = frozenset({"$default", "$disconnect"})
    async with api.connect():
        assert not api.was_asked("$connect")


async def test_a_slash_after_the_stage_does_not_matter(edge: Edge) -> None:
    async with edge.api().connect(path="/"):
        pass


async def test_plain_http_is_told_to_upgrade(edge: Edge) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.get(edge.api().url.replace("ws:", "http:"))
    assert response.status_code == 426


async def test_a_throttled_stage_refuses_connections(edge: Edge) -> None:
    api = edge.api(settings=RouteSettings(throttling_rate_limit=0, throttling_burst_limit=1))
    async with api.connect():
        assert await refusal(api) == (429, {"message": "Too Many Requests"})


async def test_an_address_over_4096_characters_is_refused(edge: Edge) -> None:
    assert (await refusal(edge.api(), path="?a=" + "x" * 4096))[0] == 414


async def test_a_route_selection_expression_that_is_not_understood_is_a_500(edge: Edge) -> None:
    assert (await refusal(edge.api(expression="$request.header.x")))[0] == 500


async def test_nothing_is_compressed_under_execute_api(edge: Edge) -> None:
    async with edge.api(connect=accepts).connect(compression="deflate") as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
    assert await closed(client) == (1000, "")
