"""Behind CloudFront: who comes another way is refused on every route, before anything of the request is read."""

from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from starlette.types import ASGIApp

from handlers.http.app import READINESS_PATH, ROUTES, app
from handlers.http.origin import behind_its_origin
from shared.contract.transports import ORIGIN_SECRET_HEADER
from tests.support.aws import Table
from tests.support.function_url import Exchange, World, ask, parts, refusal, send, text, untouched
from tests.support.logs import Logs

REQUESTS = [
    (method, route.path.format(chat_id="chat-1", stream_id="s-1", message_id="msg-s-1", sub="mallory"))
    for route in ROUTES
    for method in sorted(route.methods or ())
    if route.path != READINESS_PATH
]


class Origin:
    """The app behind a distribution, and the secret that both know."""

    def __init__(self) -> None:
        self._secrets: Any = boto3.client("secretsmanager")
        self.arn: str = self._secrets.create_secret(Name=f"origin-{uuid4()}")["ARN"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ORIGIN_SECRET_ARN", self.arn)
            self.app: ASGIApp = behind_its_origin(app)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="https://url-id.lambda-url.example"
        )

    def write(self) -> dict[str, str]:
        """A new value; returns it as the header of a request."""
        value = uuid4().hex
        self._secrets.put_secret_value(SecretId=self.arn, SecretString=value)
        return {ORIGIN_SECRET_HEADER: value}


@pytest.fixture
def origin(world: World) -> Origin:  # noqa: ARG001
    return Origin()


@pytest.mark.parametrize(("method", "path"), [*REQUESTS, ("GET", "/nothing/here")])
async def test_a_request_without_the_secret_is_refused_before_its_token(
    origin: Origin, world: World, table: Table, method: str, path: str
) -> None:
    origin.write()
    for forged in ({}, {ORIGIN_SECRET_HEADER: ""}, {ORIGIN_SECRET_HEADER: "guessed"}):
        response = await send(origin.client, method, path, authorization="Bearer nonsense", **forged)
        if method == "HEAD":
            assert response.status_code == 403
        else:
            refusal(response, 403, "forbidden")
    assert untouched(world, table)


async def test_nothing_of_a_refused_request_is_read(origin: Origin) -> None:
    origin.write()
    exchange = Exchange()
    await origin.app(exchange.scope, exchange.receive, exchange.send)
    assert exchange.sent[0]["status"] == 403
    assert exchange.reads == 0


async def test_the_secret_lets_a_request_in_and_its_token_is_checked_then(origin: Origin) -> None:
    header = origin.write()
    assert text(parts(await ask(origin.client, **header))) == "Hello wörld 🎈"
    refusal(await ask(origin.client, authorization="Bearer nonsense", **header), 401, "unauthenticated")


async def test_a_value_that_was_sent_twice_is_refused(origin: Origin) -> None:
    (sent,) = origin.write().items()
    response = await origin.client.get("/api/chat", headers=[sent, sent])
    refusal(response, 403, "forbidden")


async def test_until_somebody_has_written_the_secret_nobody_gets_in(origin: Origin, logs: Logs) -> None:
    refusal(await ask(origin.client), 403, "forbidden")
    error = refusal(await ask(origin.client, **{ORIGIN_SECRET_HEADER: "guessed"}), 503, "internal")
    assert "put-secret-value" in error["message"]
    assert origin.arn not in error["message"]
    (line,) = logs.lines("a secret cannot be read")
    assert line["secret"] == origin.arn


async def test_no_refusal_and_no_log_line_holds_the_secret(origin: Origin, logs: Logs) -> None:
    (written,) = origin.write().values()
    response = await ask(origin.client, **{ORIGIN_SECRET_HEADER: "guessed"})
    assert written not in response.text + str(response.headers) + logs.text


async def test_the_readiness_check_passes_without_the_secret(origin: Origin) -> None:
    origin.write()
    assert (await origin.client.get(READINESS_PATH)).text == "ok"


def test_an_app_without_a_distribution_is_left_as_it_is() -> None:
    assert behind_its_origin(app) is app
