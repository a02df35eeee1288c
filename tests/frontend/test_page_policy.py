"""What the page is served with, in the sandbox and on AWS: its own policy, and the headers around it."""

import re
from html.parser import HTMLParser

import pytest

from shared.contract.page import ENCODING, HEADERS, NoPage, configuration, policy, with_policy
from tests.support.imports import ROOT

OUTPUTS = {
    "region": "us-east-1",
    "issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool1",
    "functionUrl": "https://chat.example.com/",
    "functionUrlDomainTarget": "d111111abcdef8.cloudfront.net",
    "functionUrlOriginSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:origin",
    "webSocketUrl": "wss://ws1.execute-api.us-east-1.amazonaws.com/live",
    "elsewhere": "https://elsewhere.example/",
}
PAGE = (ROOT / "frontend-sample/page/index.html").read_text()


class Metas(HTMLParser):
    """The `meta` elements of a page and, as `None`, its scripts; in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None] | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "script"):
            self.found.append(dict(attrs) if tag == "meta" else None)


def directives(text: str) -> dict[str, str]:
    return dict(rule.split(" ", 1) for rule in text.split("; "))


def test_the_page_connects_to_the_addresses_of_its_stack_and_to_nothing_else() -> None:
    assert directives(policy(OUTPUTS))["connect-src"] == (
        "'self' https://chat.example.com https://cognito-idp.us-east-1.amazonaws.com "
        "wss://ws1.execute-api.us-east-1.amazonaws.com"
    )
    assert directives(policy({}))["connect-src"] == "'self'"


def test_the_policy_allows_nothing_that_it_does_not_name_and_no_code_within_the_page() -> None:
    for text in (policy(OUTPUTS), HEADERS["content-security-policy"]):
        said = directives(text)
        assert said["default-src"] == said["base-uri"] == said["form-action"] == "'none'"
        assert said["script-src"] == said["style-src"] == "'self'"
        assert "unsafe" not in text
    assert directives(HEADERS["content-security-policy"])["frame-ancestors"] == "'none'"


def test_headers_and_page_differ_in_where_the_page_connects_to_and_in_what_a_page_cannot_say_of_itself() -> None:
    header, page = directives(HEADERS["content-security-policy"]), directives(policy(OUTPUTS))
    assert {name for name in header if header[name] != page.get(name)} == {"connect-src", "frame-ancestors"}
    assert page.keys() < header.keys()


def test_the_policy_stands_before_everything_that_it_is_about() -> None:
    encoding, found, *rest = Metas(with_policy(PAGE, OUTPUTS)).found
    assert encoding == {"charset": "utf-8"}
    assert found == {"http-equiv": "Content-Security-Policy", "content": policy(OUTPUTS)}
    assert None in rest, "the page has a script"


def test_an_address_stays_within_the_policy_whatever_is_in_it() -> None:
    hostile = {"functionUrl": 'https://x"><script>'}
    assert len(Metas(with_policy(PAGE, hostile)).found) == len(Metas(PAGE).found) + 1


@pytest.mark.parametrize("page", ["", "<!doctype html>", f"<script src='/x.js'></script>{ENCODING}"])
def test_a_page_that_would_have_no_policy_is_none(page: str) -> None:
    with pytest.raises(NoPage, match="does not begin with"):
        with_policy(page, OUTPUTS)


def test_the_page_is_told_what_its_users_need_and_nothing_about_the_account() -> None:
    told = configuration(OUTPUTS)
    assert told.keys() == {"region", "issuer", "functionUrl", "webSocketUrl"}
    assert not re.search(r"\d{12}", "".join(told.values()))
