"""The settings of domains: a name and a certificate belong together, and each mistake is one line."""

import json

import pytest

from tests.program.recording import ACCOUNT_ID
from tests.program.test_settings import problems, read, values


def certificate(region: str = "us-east-1") -> str:
    return f"arn:aws:acm:{region}:{ACCOUNT_ID}:certificate/12345678-1234-1234-1234-123456789012"


DOMAINS = {
    "functionUrlDomain": "chat.example.com",
    "functionUrlCertificateArn": certificate(),
    "webSocketDomain": "socket.example.com",
    "webSocketCertificateArn": certificate(),
    "appSyncDomain": "graph.example.com",
    "appSyncCertificateArn": certificate(),
}
PAGE_DOMAIN = {"pageDomain": "www.example.com", "pageCertificateArn": certificate()}
ZONE = "Z0123456789ABCDEFGHIJ"


def test_each_domain_has_its_certificate_and_all_have_the_zone() -> None:
    domains = read(values(**DOMAINS, hostedZoneId=ZONE)).domains
    assert domains.function_url == {"name": "chat.example.com", "certificate_arn": certificate(), "zone_id": ZONE}
    assert (domains.web_socket or {}).get("name") == "socket.example.com"
    assert (domains.app_sync or {}).get("name") == "graph.example.com"
    of_page = read(values(**PAGE_DOMAIN, page=True, hostedZoneId=ZONE)).domains.page
    assert of_page == {"name": "www.example.com", "certificate_arn": certificate(), "zone_id": ZONE}
    without_zone = read(values(**DOMAINS)).domains
    assert without_zone.function_url == {"name": "chat.example.com", "certificate_arn": certificate()}


def test_api_gateways_certificate_is_in_the_stacks_region_and_the_others_in_us_east_1() -> None:
    own = {**DOMAINS, "webSocketCertificateArn": certificate("eu-west-1")}
    assert read(values(**own, model="eu.amazon.nova-lite-v1:0"), "eu-west-1").domains.web_socket is not None
    (problem,) = problems("eu-west-1", **DOMAINS, model="eu.amazon.nova-lite-v1:0")
    assert "it is in us-east-1, and has to be in eu-west-1: API Gateway takes those of the API's region" in problem
    for key in ("functionUrlCertificateArn", "appSyncCertificateArn"):
        (problem,) = problems(**{**DOMAINS, key: certificate("eu-west-1")})
        assert problem.startswith(f"streamways:{key} is ")
        assert "it is in eu-west-1, and has to be in us-east-1" in problem
        assert "request one there" in problem


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"functionUrlDomain": "*.example.com"}, ["functionUrlDomain", "a wildcard names no address"]),
        ({"functionUrlDomain": "https://chat.example.com"}, ["that is an address and no name", "chat.example.com"]),
        ({"functionUrlDomain": "chat.example.com/api"}, ["that is an address and no name"]),
        ({"functionUrlDomain": "chat.example.com:443"}, ["that is an address and no name"]),
        ({"functionUrlDomain": "Chat.example.com"}, ["no name of a host", "in lower case"]),
        ({"functionUrlDomain": "chat.example.com."}, ["no name of a host"]),
        ({"functionUrlDomain": "chat"}, ["no name of a host"]),
        ({"functionUrlDomain": "192.0.2.1"}, ["no name of a host"]),
        ({"functionUrlDomain": f"{'a' * 64}.example.com"}, ["no name of a host"]),
        ({"functionUrlDomain": ".".join(["a" * 60] * 5)}, ["no name of a host"]),
        ({"functionUrlDomain": "socket.example.com"}, ["webSocketDomain", "another address has this name"]),
        ({"functionUrlDomain": ""}, ["functionUrlCertificateArn", "functionUrlDomain, which is not set"]),
        ({"functionUrlCertificateArn": ""}, ["functionUrlCertificateArn", "functionUrlDomain needs a certificate"]),
        ({"appSyncCertificateArn": "arn:aws:iam::123456789012:server-certificate/x"}, ["a certificate of ACM"]),
        ({"appSyncCertificateArn": "12345678-1234"}, ["arn:aws:acm:us-east-1:ACCOUNT:certificate/ID"]),
        ({"architectures": ["function-url", "appsync"]}, ["webSocketDomain", "architectures has no websocket"]),
        ({"functionUrlAuth": "AWS_IAM"}, ["functionUrlDomain", "the hash of its body", "set functionUrlAuth to NONE"]),
        ({"hostedZoneId": "/hostedzone/Z012"}, ["hostedZoneId", "the id of a hosted zone alone"]),
        ({"hostedZoneId": "example.com"}, ["hostedZoneId", "like Z0123456789ABCDEFGHIJ"]),
        (PAGE_DOMAIN, ["pageDomain", "page is not on; set it to true, or take the domain out"]),
        (
            {**PAGE_DOMAIN, "page": True, "pageCertificateArn": certificate("eu-west-1")},
            ["pageCertificateArn", "it is in eu-west-1, and has to be in us-east-1: CloudFront takes no other"],
        ),
    ],
    ids=json.dumps,
)
def test_a_mistake_is_one_line(changes: dict[str, object], said: list[str]) -> None:
    (problem,) = problems(**{**DOMAINS, **changes})
    assert problem.startswith("streamways:")
    assert "\n" not in problem
    assert not [words for words in said if words not in problem], problem


def test_a_zone_without_a_domain_is_refused() -> None:
    (problem,) = problems(hostedZoneId=ZONE)
    assert "no domain is set that would get a record in it" in problem
