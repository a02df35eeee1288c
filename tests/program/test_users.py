"""Whose users a stack serves: for each source of users and choice of architectures, what is made and who gets in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from streamways.clients.client import ARCHITECTURES
from tests.program.conftest import LONG_LIVED, STACKS, Deploy
from tests.program.recording import Deployment, run

SUBSETS = [*((name,) for name in ARCHITECTURES), tuple(ARCHITECTURES)]
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
FUNCTION = "aws:lambda/function:Function"
POOL = "us-east-1_AbCdEfGhI"
SHARED = {"identityStack": LONG_LIVED}
SHARED_POOL = "us-east-1_LongLived"
AMAZON = "https://cognito-idp.us-east-1.amazonaws.com"
BACK = ["https://pr-7.example.com/signed-in"]


def identity_resources(deployment: Deployment) -> set[tuple[str, str]]:
    """(type, name) of what the stack has of Cognito."""
    found = [one for one in deployment.resources.values() if one.type.startswith("aws:cognito/")]
    return {(one.type.rpartition(":")[2], one.name) for one in found}


def variables(deployment: Deployment) -> dict[str, dict[str, str]]:
    """The variables of each function that are about tokens."""
    functions = {one.name: one.inputs["environment"]["variables"] for one in deployment.of(FUNCTION)}
    return {
        name: {key: value for key, value in all_of_them.items() if key.startswith("TOKEN_")}
        for name, all_of_them in functions.items()
    }


def who_gets_in(deployment: Deployment) -> set[tuple[str, ...]]:
    """What each function and the GraphQL API demand: issuer, keys and clients, or pool and clients."""
    checks = [found for found in variables(deployment).values() if found]
    demanded = {
        (found["TOKEN_ISSUER"], found["TOKEN_JWKS_URL"], found["TOKEN_CLIENT_IDS"])
        for found in checks
        if "TOKEN_ISSUER" in found
    }
    demanded |= {(found["TOKEN_CLIENT_IDS"],) for found in checks if "TOKEN_ISSUER" not in found}
    for api in deployment.of("aws:appsync/graphQLApi:GraphQLApi"):
        config = api.inputs["userPoolConfig"]
        demanded.add((config["userPoolId"], config["appIdClientRegex"]))
    return demanded


def expected(chosen: tuple[str, ...], pool: str, client: str) -> set[tuple[str, ...]]:
    """The same for a pool and a client, with the architectures that are chosen."""
    issuer = f"{AMAZON}/{pool}"
    demanded: set[tuple[str, ...]] = set()
    if {"function-url", "websocket"} & {*chosen}:
        demanded.add((issuer, f"{issuer}/.well-known/jwks.json", client))
    if "appsync" in chosen:
        demanded |= {(client,), (pool, f"^({client})$")}
    return demanded


def outputs(deployment: Deployment) -> tuple[Any, ...]:
    return tuple(
        deployment.outputs.get(name) for name in ("userPoolId", "userPoolClientId", "issuer", "cognitoEndpoint")
    )


@pytest.mark.parametrize("chosen", SUBSETS, ids="+".join)
def test_a_stack_that_shares_a_pool_makes_a_client_in_it_and_nothing_else(
    deploy: Deploy, chosen: tuple[str, ...]
) -> None:
    deployment = deploy("pr-7", architectures=list(chosen), **SHARED)

    assert identity_resources(deployment) == {("UserPoolClient", "identity-client")}
    (client,) = deployment.of(CLIENT)
    assert client.inputs["userPoolId"] == SHARED_POOL
    assert who_gets_in(deployment) == expected(chosen, SHARED_POOL, "identity-client-id")
    assert outputs(deployment) == (SHARED_POOL, "identity-client-id", f"{AMAZON}/{SHARED_POOL}", AMAZON)


@pytest.mark.parametrize("chosen", SUBSETS, ids="+".join)
def test_a_stack_makes_a_client_in_a_pool_that_is_there_or_takes_the_one_that_is(
    deploy: Deploy, chosen: tuple[str, ...]
) -> None:
    new = deploy(architectures=list(chosen), userPoolId=POOL)
    assert identity_resources(new) == {("UserPoolClient", "identity-client")}
    assert who_gets_in(new) == expected(chosen, POOL, "identity-client-id")

    taken = deploy(architectures=list(chosen), userPoolId=POOL, userPoolClientId="4u3client")
    assert identity_resources(taken) == set()
    assert who_gets_in(taken) == expected(chosen, POOL, "4u3client")
    assert outputs(taken) == (POOL, "4u3client", f"{AMAZON}/{POOL}", AMAZON)


def test_a_token_of_the_long_lived_stack_s_client_is_good_there_alone_and_the_preview_s_with_the_preview(
    deploy: Deploy,
) -> None:
    """Both have the pool, and with it issuer and keys: the client decides."""
    preview = variables(deploy("pr-7", **SHARED))
    long_lived_client = STACKS[LONG_LIVED]["userPoolClientId"]
    clients = {found["TOKEN_CLIENT_IDS"] for found in preview.values() if found}
    assert clients == {"identity-client-id"}
    assert long_lived_client not in clients


def test_a_preview_has_the_table_and_the_functions_of_a_stack_of_its_own(deploy: Deploy) -> None:
    own, preview = deploy("pr-7"), deploy("pr-7", **SHARED)

    def beside_identity(deployment: Deployment) -> set[tuple[str, str]]:
        found = [one for one in deployment.resources.values() if not one.type.startswith("aws:cognito/")]
        return {(one.type, one.name) for one in found}

    assert beside_identity(preview) == beside_identity(own)


ISSUER = "https://login.example.com/"
JWKS = "https://login.example.com/keys.json"
FOREIGN = {"tokenIssuer": ISSUER, "tokenJwksUrl": JWKS, "tokenClientIds": ["https://chat.example.com/api", "page"]}
CLAIMS = {"tokenUse": "typ=Bearer", "tokenTierClaim": "https://chat.example.com/tier"}
OF_AN_ISSUER = {
    "TOKEN_CLIENT_IDS": "https://chat.example.com/api,page",
    "TOKEN_CLIENT_CLAIM": "aud",
    "TOKEN_USE": "typ=Bearer",
    "TOKEN_TIER_CLAIM": "https://chat.example.com/tier",
}


@pytest.mark.parametrize("chosen", SUBSETS, ids="+".join)
def test_a_stack_with_a_foreign_issuer_has_nothing_of_cognito_and_tells_each_function_of_its_claims(
    deploy: Deploy, chosen: tuple[str, ...]
) -> None:
    deployment = deploy(architectures=list(chosen), **FOREIGN, **CLAIMS)

    assert identity_resources(deployment) == set()
    checks = {name: found for name, found in variables(deployment).items() if found}
    verified = {**OF_AN_ISSUER, "TOKEN_ISSUER": ISSUER, "TOKEN_JWKS_URL": JWKS}
    for name, found in checks.items():
        assert found == (OF_AN_ISSUER if name == "appsync-api" else verified), name
    functions = {
        "function-url": {"function-url-handler"},
        "websocket": {"websocket-authorizer", "websocket-tickets", "websocket-routes"},
        "appsync": {"appsync-api"},
    }
    assert set(checks) == set().union(*(functions[name] for name in chosen))
    assert outputs(deployment) == (None, None, ISSUER, None)


def test_appsync_takes_the_tokens_of_an_issuer_by_openid_connect_with_code_made_for_it(deploy: Deploy) -> None:
    deployment = deploy(**FOREIGN, **CLAIMS)
    (api,) = deployment.of("aws:appsync/graphQLApi:GraphQLApi")
    assert api.inputs["authenticationType"] == "OPENID_CONNECT"
    assert "userPoolConfig" not in api.inputs
    assert api.inputs["openidConnectConfig"] == {
        "issuer": ISSUER,
        "clientId": r"^(https://chat\.example\.com/api|page)$",
    }
    assert "@aws_oidc" in api.inputs["schema"]
    assert "@aws_cognito_user_pools" not in api.inputs["schema"]
    for resolver in deployment.of("aws:appsync/resolver:Resolver"):
        publishes = resolver.inputs["field"] == "publishParts"
        assert ("const TOKEN_USE" in resolver.inputs["code"]) is not publishes
        assert ('const TOKEN_USE = {"claim": "typ", "value": "Bearer"};' in resolver.inputs["code"]) is not publishes


def test_an_issuer_without_a_claim_of_use_has_none_demanded_and_without_a_tier_nobody_has_one(deploy: Deploy) -> None:
    deployment = deploy(**FOREIGN)
    found = variables(deployment)["function-url-handler"]
    assert not {"TOKEN_USE", "TOKEN_TIER_CLAIM"} & set(found)
    assert found["TOKEN_CLIENT_CLAIM"] == "aud"
    resolver = deployment.named("appsync-Subscription-onParts", "aws:appsync/resolver:Resolver")
    assert "const TOKEN_USE = null;" in resolver.inputs["code"]


def test_functions_of_a_stack_with_a_pool_are_told_of_no_foreign_claims(deploy: Deploy) -> None:
    told = set().union(*variables(deploy()).values())
    assert told == {"TOKEN_ISSUER", "TOKEN_JWKS_URL", "TOKEN_CLIENT_IDS"}


def test_a_client_that_a_stack_makes_has_no_name_of_its_own(deploy: Deploy) -> None:
    (client,) = deploy("pr-7", **SHARED).of(CLIENT)
    assert "name" not in client.inputs


@pytest.mark.parametrize("source", [{}, SHARED, {"userPoolId": POOL}], ids=["own", "shared", "existing"])
def test_with_callback_urls_the_client_takes_part_in_the_managed_login_by_codes_alone(
    deploy: Deploy, source: dict[str, str]
) -> None:
    (client,) = deploy(callbackUrls=BACK, **source).of(CLIENT)
    assert client.inputs["callbackUrls"] == BACK
    assert client.inputs["allowedOauthFlowsUserPoolClient"] is True
    assert client.inputs["allowedOauthFlows"] == ["code"]
    assert client.inputs["allowedOauthScopes"] == ["openid", "email"]
    assert client.inputs["supportedIdentityProviders"] == ["COGNITO"]


def test_without_callback_urls_the_client_takes_no_part_in_it(deploy: Deploy) -> None:
    (client,) = deploy().of(CLIENT)
    assert not [key for key in client.inputs if "auth" in key.lower() and key != "explicitAuthFlows"]
    assert "callbackUrls" not in client.inputs


SHARING = """
import pulumi
from stacks.shared_pool import pool_of_stack

pool = pool_of_stack(pulumi.Config().require("identityStack"), "us-east-1")
pulumi.export("endpoint", pool.endpoint)
"""
"""A program that does nothing but share the pool of another stack."""


def sharing(folder: Path, stack: str, others: Mapping[str, Mapping[str, object]]) -> Deployment:
    program = folder / "sharing.py"
    program.write_text(SHARING)
    return run({"streamways:identityStack": LONG_LIVED}, stack, stacks=others, program=program)


def test_a_stack_with_a_pool_in_the_same_region_is_shared(tmp_path: Path) -> None:
    assert sharing(tmp_path, "pr-7", STACKS).outputs == {"endpoint": AMAZON}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"userPoolId": None}, "that stack has no output userPoolId; name a stack of this program that is up"),
        ({"userPoolId": ""}, "no output userPoolId"),
        ({"userPoolId": 7}, "no output userPoolId"),
        ({"cognitoEndpoint": None, "region": None}, "no output cognitoEndpoint and no region"),
        ({"region": "eu-west-1"}, "that stack is in eu-west-1, and this one in us-east-1"),
    ],
    ids=str,
)
def test_a_stack_without_a_pool_or_in_another_region_is_named_and_refused(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    found = {key: value for key, value in {**STACKS[LONG_LIVED], **changes}.items() if value is not None}
    with pytest.raises(pulumi.RunError, match=f"^streamways:identityStack is '{LONG_LIVED}': .*{said}"):
        sharing(tmp_path, "pr-7", {LONG_LIVED: found})


def test_a_stack_does_not_share_the_pool_that_it_would_delete_itself(tmp_path: Path) -> None:
    with pytest.raises(pulumi.RunError, match="this is the stack itself; leave identityStack out"):
        sharing(tmp_path, "long-lived", STACKS)
