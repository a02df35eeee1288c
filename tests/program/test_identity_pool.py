"""Who gets AWS credentials for a function URL with `AWS_IAM`, and what these are good for."""

import json
from typing import Any

import pytest

from shared.contract.outputs import SigningOutput
from stacks.policies.catalog import violations
from stacks.policies.graph import IDENTITY_POOL, ROLE, Resource
from tests.program.conftest import Deploy
from tests.program.policies.examples import given
from tests.program.policies.seen import seen
from tests.program.recording import ACCOUNT_ID, Deployment
from tests.program.test_settings import problems
from tests.program.test_users import FOREIGN, POOL, SHARED, SHARED_POOL

ATTACHMENT = "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment"
SIGNED = {"architectures": ["function-url"], "functionUrlAuth": "AWS_IAM"}
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:function-url-handler-0a1b2c3:live"


def document(deployment: Deployment, name: str, type_: str, key: str) -> list[dict[str, Any]]:
    return json.loads(deployment.named(name, type_).inputs[key])["Statement"]


@pytest.mark.parametrize(
    ("source", "pool", "client"),
    [
        ({}, "identity-pool-id", "identity-client-id"),
        (SHARED, SHARED_POOL, "identity-client-id"),
        ({"userPoolId": POOL}, POOL, "identity-client-id"),
        ({"userPoolId": POOL, "userPoolClientId": "4u3client"}, POOL, "4u3client"),
    ],
    ids=["own", "shared", "existing", "existing client"],
)
def test_credentials_are_for_signed_in_users_of_the_stack_s_own_client_whoever_owns_the_pool(
    deploy: Deploy, source: dict[str, str], pool: str, client: str
) -> None:
    deployment = deploy(**SIGNED, **source)
    (made,) = deployment.of(IDENTITY_POOL)
    assert made.inputs["cognitoIdentityProviders"] == [
        {
            "clientId": client,
            "providerName": f"cognito-idp.us-east-1.amazonaws.com/{pool}",
            "serverSideTokenCheck": True,
        }
    ]
    assert made.inputs["allowUnauthenticatedIdentities"] is False
    assert made.inputs["allowClassicFlow"] is False


def test_the_role_of_users_may_call_the_one_url_and_nothing_else(deploy: Deploy) -> None:
    assert document(deploy(**SIGNED), "signers-policy", "aws:iam/rolePolicy:RolePolicy", "policy") == [
        {
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunctionUrl"],
            "Resource": [FUNCTION],
            "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        },
        {
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction"],
            "Resource": [FUNCTION],
            "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
        },
    ]


def test_the_role_is_assumed_for_signed_in_users_of_this_identity_pool_alone(deploy: Deploy) -> None:
    deployment = deploy(**SIGNED)
    (statement,) = document(deployment, "signers-role", ROLE, "assumeRolePolicy")
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {"cognito-identity.amazonaws.com:aud": "signers-pool-id"},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
        },
    }
    (attachment,) = deployment.of(ATTACHMENT)
    role = deployment.named("signers-role", ROLE).outputs["arn"]
    assert attachment.inputs == {"identityPoolId": "signers-pool-id", "roles": {"authenticated": role}}


def test_the_outputs_say_where_users_get_their_credentials(deploy: Deploy) -> None:
    outputs = deploy(**SIGNED).outputs
    assert outputs["identityPoolId"] == "signers-pool-id"
    assert outputs["identityEndpoint"] == "https://cognito-identity.us-east-1.amazonaws.com"
    told = deploy(**SIGNED, identityEndpoint="http://127.0.0.1:9100/cognito-identity").outputs
    assert told["identityEndpoint"] == "http://127.0.0.1:9100/cognito-identity"


@pytest.mark.parametrize(
    "settings",
    [
        {"architectures": ["function-url"]},
        {**SIGNED, "identityPool": False},
        {**SIGNED, "architectures": ["websocket"]},
        {**SIGNED, **FOREIGN, "identityPool": False},
    ],
    ids=["public URL", "other principals sign", "no function URL", "foreign issuer"],
)
def test_nobody_gets_credentials_where_no_user_is_to_sign(deploy: Deploy, settings: dict[str, object]) -> None:
    deployment = deploy(**settings)
    assert not deployment.of(IDENTITY_POOL)
    assert not [one for one in deployment.resources.values() if one.name.startswith("signers")]
    assert not {*SigningOutput} & {*deployment.outputs}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"functionUrlAuth": "AWS_IAM", **FOREIGN}, ["identityPool is true", "set it to false", "tokenIssuer's"]),
        ({"identityPool": "maybe"}, ["identityPool", "true or false"]),
        ({"identityEndpoint": "http://identity.example.com"}, ["identityEndpoint", "https URL"]),
        ({"identityEndpoint": "https://identity.example.com/"}, ["identityEndpoint", "slash at its end"]),
    ],
)
def test_settings_that_contradict_each_other_are_refused_in_one_line(settings: dict[str, Any], said: list[str]) -> None:
    (problem,) = problems(**settings)
    assert all(part in problem for part in said), problem


def spoilt(deploy: Deploy, name: str, **props: object) -> set[str]:
    """The rules that a signed stack breaks when a resource of the identity pool has these inputs."""
    stack = seen(deploy(**SIGNED))

    def change(one: Resource) -> Resource:
        return given(**props)(one) if one.name == name else one

    found = violations([change(one) for one in stack.inputs], [change(one) for one in stack.outputs])
    return {each.rule for each in found}


def test_a_signed_stack_keeps_every_rule(deploy: Deploy) -> None:
    assert spoilt(deploy, "signers-pool") == set()


@pytest.mark.parametrize(
    ("name", "props", "rule"),
    [
        ("signers-pool", {"allowUnauthenticatedIdentities": True}, "credentials-after-sign-in"),
        ("signers-pool", {"allowClassicFlow": True}, "credentials-after-sign-in"),
        (
            "signers-pool",
            {"cognitoIdentityProviders": [{"providerName": "p", "serverSideTokenCheck": False}]},
            "credentials-after-sign-in",
        ),
    ],
)
def test_an_identity_pool_that_gives_credentials_too_freely_breaks_a_rule(
    deploy: Deploy, name: str, props: dict[str, object], rule: str
) -> None:
    assert spoilt(deploy, name, **props) == {rule}


def statement(**elements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **elements}]})


@pytest.mark.parametrize(
    "elements",
    [
        {"Action": ["lambda:InvokeFunction"], "Resource": [FUNCTION]},
        {"Action": ["lambda:InvokeFunctionUrl"], "Resource": [FUNCTION]},
        {"Action": ["dynamodb:GetItem"], "Resource": ["arn:aws:dynamodb:us-east-1:1:table/streams"]},
    ],
    ids=["past the URL", "a public URL too", "another service"],
)
def test_a_role_of_users_that_may_do_more_breaks_a_rule(deploy: Deploy, elements: dict[str, object]) -> None:
    assert spoilt(deploy, "signers-policy", policy=statement(**elements)) == {"users-call-urls-alone"}


@pytest.mark.parametrize(
    "condition",
    [
        None,
        {"StringEquals": {"cognito-identity.amazonaws.com:aud": "signers-pool-id"}},
        {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}},
        {
            "StringEquals": {"cognito-identity.amazonaws.com:aud": "signers-pool-id"},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"},
        },
    ],
    ids=["anybody", "guests too", "any identity pool", "guests"],
)
def test_a_role_of_users_that_others_may_assume_breaks_a_rule(deploy: Deploy, condition: object) -> None:
    trust = statement(
        Principal={"Federated": "cognito-identity.amazonaws.com"},
        Action="sts:AssumeRoleWithWebIdentity",
        **({"Condition": condition} if condition else {}),
    )
    assert spoilt(deploy, "signers-role", assumeRolePolicy=trust) == {"one-trusted-service"}
