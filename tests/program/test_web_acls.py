"""Web ACLs of AWS WAF: what each attaches to, and that each mistake is one line."""

import json

import pytest

from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID
from tests.program.test_domain_settings import DOMAINS
from tests.program.test_settings import problems, read, values

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
API = "aws:appsync/graphQLApi:GraphQLApi"


def web_acl(scope: str, region: str = "us-east-1") -> str:
    return f"arn:aws:wafv2:{region}:{ACCOUNT_ID}:{scope}/webacl/own/12345678-1234-1234-1234-123456789012"


WEB_ACLS = {"functionUrlWebAclArn": web_acl("global"), "appSyncWebAclArn": web_acl("regional")}


def test_each_web_acl_attaches_to_its_own_address(deploy: Deploy) -> None:
    deployment = deploy(**DOMAINS, **WEB_ACLS)
    (distribution,) = deployment.of(DISTRIBUTION)
    assert distribution.inputs["webAclId"] == WEB_ACLS["functionUrlWebAclArn"]
    (association,) = deployment.of(ASSOCIATION)
    (api,) = deployment.of(API)
    assert association.inputs["webAclArn"] == WEB_ACLS["appSyncWebAclArn"]
    assert association.inputs["resourceArn"] == api.outputs["arn"]


def test_without_the_settings_nothing_has_a_web_acl(deploy: Deploy) -> None:
    deployment = deploy(**DOMAINS)
    (distribution,) = deployment.of(DISTRIBUTION)
    assert "webAclId" not in distribution.inputs
    assert not deployment.of(ASSOCIATION)


def test_the_graphql_api_takes_one_without_a_domain_and_of_the_stacks_region() -> None:
    arn = web_acl("regional", "eu-west-1")
    settings = read(values(appSyncWebAclArn=arn, model="eu.amazon.nova-lite-v1:0"), "eu-west-1").web_acls
    assert (settings.function_url, settings.app_sync) == (None, arn)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"functionUrlWebAclArn": web_acl("regional")}, ["functionUrlWebAclArn", "a global web ACL", "us-east-1"]),
        ({"functionUrlWebAclArn": web_acl("global", "eu-west-1")}, ["functionUrlWebAclArn", "in us-east-1 alone"]),
        ({"functionUrlWebAclArn": "own"}, ["arn:aws:wafv2:us-east-1:ACCOUNT:global/webacl/NAME/ID"]),
        ({"appSyncWebAclArn": web_acl("global")}, ["appSyncWebAclArn", "a regional web ACL"]),
        ({"appSyncWebAclArn": web_acl("regional", "eu-west-1")}, ["appSyncWebAclArn", "in us-east-1 alone"]),
        ({"appSyncWebAclArn": f"{web_acl('regional')}/more"}, ["appSyncWebAclArn", "regional/webacl/NAME/ID"]),
        (
            {"functionUrlDomain": "", "functionUrlCertificateArn": ""},
            ["functionUrlWebAclArn", "which comes with functionUrlDomain; set that too, or take the web ACL out"],
        ),
        (
            {"architectures": ["function-url", "websocket"], "appSyncDomain": "", "appSyncCertificateArn": ""},
            ["appSyncWebAclArn", "architectures has no appsync"],
        ),
    ],
    ids=json.dumps,
)
def test_a_mistake_is_one_line(changes: dict[str, object], said: list[str]) -> None:
    given: dict[str, object] = {**DOMAINS, **WEB_ACLS, **changes}
    (problem,) = problems("us-east-1", **given)
    assert problem.startswith("streamways:")
    assert "\n" not in problem
    assert not [words for words in said if words not in problem], problem
