"""Whose pages may call: in the sandbox, unless told otherwise, those of a development server on this machine."""

import httpx
import pytest

from tests.support.sandbox import RunningSandbox

DEVELOPMENT_SERVER = "http://localhost:5173"


@pytest.mark.parametrize("output", ["functionUrl", "webSocketTicketUrl"])
@pytest.mark.parametrize(
    ("origin", "allowed"), [(DEVELOPMENT_SERVER, DEVELOPMENT_SERVER), ("https://elsewhere.example", None)]
)
def test_a_page_of_the_development_server_may_call_and_no_other(
    sandbox: RunningSandbox, output: str, origin: str, allowed: str | None
) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    answer = httpx.options(str(sandbox.state.outputs[output]), headers=asked)
    assert answer.headers.get("access-control-allow-origin") == allowed
