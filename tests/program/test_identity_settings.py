"""Settings of whose users a stack serves, and of its table: what contradicts itself is said in words, all at once."""

import json

import pytest

from stacks.settings.identity import ForeignIssuer, IdentitySettings
from stacks.settings.table import ExistingTable
from tests.program.test_settings import problems, read, values

STACK = "organization/streamways/dev"
POOL = "us-east-1_AbCdEfGhI"
ISSUER = "https://login.example.com/"
JWKS = "https://login.example.com/keys.json"
FOREIGN = {"tokenIssuer": ISSUER, "tokenJwksUrl": JWKS, "tokenClientIds": ["https://chat.example.com"]}
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/chats"


def identity(**changes: object) -> IdentitySettings:
    return read(values(**changes)).identity


def test_a_stack_has_a_pool_a_client_and_a_table_of_its_own_unless_told_otherwise() -> None:
    assert identity() == IdentitySettings(None, None, None, False, None, (), None)
    assert read(values()).table is None


def test_each_source_of_users_is_read() -> None:
    assert identity(identityStack=STACK).stack == STACK
    existing = identity(userPoolId=POOL, userPoolClientId="4u3client")
    assert (existing.user_pool_id, existing.user_pool_client_id) == (POOL, "4u3client")
    assert identity(**FOREIGN).issuer == ForeignIssuer(ISSUER, JWKS, "aud", ("https://chat.example.com",), None, None)
    more = {
        "tokenUse": "token_use=access",
        "tokenTierClaim": "https://chat.example.com/tier",
        "tokenClientClaim": "azp",
    }
    issuer = identity(**FOREIGN, **more).issuer
    assert issuer is not None
    assert (issuer.token_use, issuer.tier_claim) == ("token_use=access", "https://chat.example.com/tier")


@pytest.mark.parametrize("url", ["https://chat.example.com/back?to=1", "http://localhost:5173/", "chat.app://back"])
def test_a_callback_url_is_one_of_the_web_of_this_machine_or_of_an_app(url: str) -> None:
    assert identity(identityStack=STACK, callbackUrls=[url]).callback_urls == (url,)


@pytest.mark.parametrize(
    ("given", "table"),
    [("chats", ExistingTable("chats", None)), (TABLE, ExistingTable("chats", "123456789012"))],
)
def test_a_table_is_given_by_name_or_by_arn(given: str, table: ExistingTable) -> None:
    assert read(values(streamsTable=given)).table == table


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"identityStack": "dev"}, ['identityStack is "dev"', "like organization/streamways/dev"]),
        ({"identityStack": "a/b/c/d"}, ["identityStack", "an organization, a project and a stack"]),
        ({"identityStack": STACK, "userPoolId": POOL}, ["userPoolId", "identityStack names users already"]),
        ({"identityStack": STACK, "selfSignUp": True}, ['selfSignUp is "true"', "identityStack names another"]),
        ({"userPoolId": POOL, "selfSignUp": True}, ["selfSignUp", "userPoolId names another", "set it to false"]),
        ({**FOREIGN, "selfSignUp": True}, ["selfSignUp", "tokenIssuer names another"]),
        ({"identityStack": STACK, "cognitoEndpoint": "https://c.example"}, ["cognitoEndpoint", "leave it empty"]),
        ({**FOREIGN, "cognitoEndpoint": "https://c.example"}, ["cognitoEndpoint", "has no user pool"]),
        ({"identityStack": STACK, "userPoolClientId": "c"}, ["userPoolClientId", "makes a client of its own"]),
        ({**FOREIGN, "userPoolClientId": "c"}, ["userPoolClientId", "go into tokenClientIds"]),
        ({"userPoolClientId": "c"}, ["userPoolClientId", "set userPoolId too"]),
        ({"userPoolId": POOL, "userPoolClientId": "a client"}, ["userPoolClientId", "the id of an app client"]),
        ({"userPoolId": "users"}, ["userPoolId", "like us-east-1_AbCdEfGhI"]),
        ({"userPoolId": f"arn:aws:cognito-idp:us-east-1:1:userpool/{POOL}"}, ["userPoolId", "the id of a user pool"]),
        ({"userPoolId": "eu-west-1_AbCdEfGhI"}, ["userPoolId", "another region", "which is in us-east-1"]),
        ({"callbackUrls": ["http://chat.example.com/"]}, ["callbackUrls", "http only on this machine"]),
        ({"callbackUrls": ["https://chat.example.com/#x"]}, ["callbackUrls", "without a fragment"]),
        ({"callbackUrls": ["https://*.example.com/"]}, ["callbackUrls", "is no callback URL"]),
        ({"callbackUrls": ["/back"]}, ["callbackUrls", "'/back' is no callback URL"]),
        ({"callbackUrls": ["javascript:alert(1)"]}, ["callbackUrls", "is no callback URL"]),
        ({"callbackUrls": [f"https://{n}.example.com/" for n in range(101)]}, ["callbackUrls", "at most 100"]),
        (
            {"userPoolId": POOL, "userPoolClientId": "c", "callbackUrls": ["https://a.example/"]},
            ["callbackUrls", "with userPoolClientId it makes none"],
        ),
        ({**FOREIGN, "callbackUrls": ["https://a.example/"]}, ["callbackUrls", "with tokenIssuer it makes none"]),
        ({"tokenJwksUrl": JWKS}, ["tokenJwksUrl", "set tokenIssuer too"]),
        ({"tokenClientIds": ["c"]}, ["tokenClientIds", "set tokenIssuer too"]),
        ({"tokenUse": "token_use=access"}, ["tokenUse", "set tokenIssuer too"]),
        ({"tokenTierClaim": "tier"}, ["tokenTierClaim", "set tokenIssuer too"]),
        ({**FOREIGN, "tokenJwksUrl": ""}, ["tokenJwksUrl", "jwks_uri", ".well-known/openid-configuration"]),
        ({**FOREIGN, "tokenClientIds": []}, ["tokenClientIds", "every application of the issuer"]),
        ({**FOREIGN, "tokenClientIds": ["a,b"]}, ["tokenClientIds", "'a,b' is no client id"]),
        ({**FOREIGN, "tokenClientIds": [""]}, ["tokenClientIds", "'' is no client id"]),
        ({**FOREIGN, "tokenClientIds": ["c" * 1_001]}, ["tokenClientIds", "1,001 characters", "1,000 fit"]),
        ({**FOREIGN, "tokenClientClaim": ""}, ["tokenClientClaim", "name the claim"]),
        ({**FOREIGN, "tokenClientClaim": "cid"}, ["tokenClientClaim", "AppSync", "aud and azp", "without appsync"]),
        ({**FOREIGN, "tokenUse": "access"}, ["tokenUse", "like token_use=access"]),
        ({**FOREIGN, "tokenTierClaim": "a claim"}, ["tokenTierClaim", "the name of a claim"]),
        ({**FOREIGN, "tokenIssuer": "http://login.example.com"}, ["tokenIssuer", "https URL"]),
        ({**FOREIGN, "tokenIssuer": "https://me@login.example.com"}, ["tokenIssuer", "https URL"]),
        ({**FOREIGN, "tokenJwksUrl": "https://[keys"}, ["tokenJwksUrl", "https URL"]),
        ({"streamsTable": "a table"}, ["streamsTable", "the name or the ARN"]),
        ({"streamsTable": f"{TABLE}/index/open"}, ["streamsTable", "the name or the ARN"]),
        ({"streamsTable": TABLE.replace("us-east-1", "eu-west-1")}, ["streamsTable", "another region"]),
        ({"streamsTable": "chats", "identityStack": STACK}, ["streamsTable", "a table of its own"]),
    ],
    ids=lambda value: json.dumps(value)[:70] if isinstance(value, dict) else "",
)
def test_a_contradiction_is_one_line_with_what_was_given_and_what_to_do(
    changes: dict[str, object], said: list[str]
) -> None:
    (problem,) = problems(**changes)
    assert problem.startswith("streamways:")
    for words in said:
        assert words in problem


def test_a_claim_that_appsync_does_not_look_at_is_good_without_appsync() -> None:
    others = ["function-url", "websocket"]
    issuer = identity(**FOREIGN, tokenClientClaim="cid", architectures=others).issuer
    assert issuer is not None
    assert issuer.client_claim == "cid"


@pytest.mark.parametrize("other", [{"userPoolId": POOL}, {"identityStack": STACK}], ids=str)
def test_a_pool_and_an_issuer_at_once_are_refused(other: dict[str, object]) -> None:
    (key,) = other
    found = [problem for problem in problems(**other, **FOREIGN) if problem.startswith("streamways:tokenIssuer is ")]
    assert len(found) == 1
    assert f"{key} names users already; keep one of the two" in found[0]


def test_all_contradictions_are_said_in_one_run() -> None:
    wrong = {"identityStack": STACK, "userPoolId": POOL, **FOREIGN, "selfSignUp": True, "streamsTable": "chats"}
    keys = [problem.partition(" is ")[0].removeprefix("streamways:") for problem in problems(**wrong)]
    assert sorted(keys) == ["selfSignUp", "streamsTable", "tokenIssuer", "userPoolId"]
