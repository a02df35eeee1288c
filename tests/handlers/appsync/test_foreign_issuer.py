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
from tests.support.issuer import REFUSED, SUB, TIERS, Issuer
from tests.support.services import lambda_context

BY_APPSYNC = {"of another issuer", "of the issuer without its slash"}
"""What AppSync itself refuses, and the function is not asked about."""


@pytest.fixture(scope="module")
def issuer(kept_world: World) -> Iterator[Issuer]:  # noqa: ARG001
    with Issuer() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield running


def viewer(claims: dict[str, Any]) -> Any:
    event = {"field": "viewer", "claims": claims, "arguments": {}, "requestId": "gql-1"}
    return api.handler(event, lambda_context())  # pyright: ignore


@pytest.mark.parametrize("what", sorted(set(REFUSED) - BY_APPSYNC))
@pytest.mark.usefixtures("world")
def test_claims_are_refused(what: str, issuer: Issuer, table: Table) -> None:
    assert viewer(issuer.claims(**REFUSED[what]))["error"]["code"] == "unauthenticated"
    assert table.count() == 0


@pytest.mark.parametrize("what", TIERS)
@pytest.mark.usefixtures("world")
def test_the_viewer_has_tiers_and_no_other_groups(what: str, issuer: Issuer) -> None:
    changes, groups = TIERS[what]
    assert viewer(issuer.claims(**changes)) == {"result": {"sub": SUB, "username": SUB, "groups": [*groups]}}
