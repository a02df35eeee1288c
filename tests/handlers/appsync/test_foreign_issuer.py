"""The function behind AppSync's fields with the claims of an issuer that is no Cognito user pool.

AppSync has verified signature, issuer and expiry; that it does is tried with real tokens in
`tests/sandbox/edge/appsync/test_openid_connect.py`.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from handlers.appsync import api
from tests.support.appsync import World
from tests.support.aws import Table
from tests.support.issuer_claims import REFUSED, SUB, TIERS, claims_of, environment_of
from tests.support.services import lambda_context

BY_APPSYNC = {"of another issuer", "of the issuer without its slash"}
"""What AppSync itself refuses, and the function is not asked about."""
ISSUER = "https://example.eu.auth0.com/"


@pytest.fixture(scope="module", autouse=True)
def issuer(kept_world: World) -> Iterator[None]:  # noqa: ARG001
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment_of(ISSUER, f"{ISSUER}keys").items():
            patch.setenv(name, value)
        yield


def viewer(claims: dict[str, Any]) -> Any:
    event = {"field": "viewer", "claims": claims, "arguments": {}, "requestId": "gql-1"}
    return api.handler(event, lambda_context())  # pyright: ignore


@pytest.mark.parametrize("what", sorted(set(REFUSED) - BY_APPSYNC))
@pytest.mark.usefixtures("world")
def test_claims_are_refused(what: str, table: Table) -> None:
    assert viewer(claims_of(ISSUER, **REFUSED[what]))["error"]["code"] == "unauthenticated"
    assert table.count() == 0


@pytest.mark.parametrize("what", TIERS)
@pytest.mark.usefixtures("world")
def test_the_viewer_has_tiers_and_no_other_groups(what: str) -> None:
    changes, groups = TIERS[what]
    assert viewer(claims_of(ISSUER, **changes)) == {"result": {"sub": SUB, "username": SUB, "groups": [*groups]}}
